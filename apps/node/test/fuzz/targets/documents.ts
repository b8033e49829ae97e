import { ProofError, receiptToJson, toBase64url, txReceipt, encodeReceipt, parseTrust, type Trust } from '@chiron/ledger/proofs'
import { SdkError } from '@chiron/sdk'
import { buildAuditList, verifyAuditList, verifyDocument, type AuditRow } from '@chiron/sdk/audit'
import { AuditNetwork } from '@chiron/testkit/audit'
import type { Target } from '@chiron/testkit/fuzz'
import { attempt, attemptAsync, must } from '../outcome.ts'
import { textBytes, textOf, vectorTexts, vectorValues } from '../vectors.ts'

const AUDIT = 'packages/sdk/src/audit/'
const ROWS = ['verify-list.ts', 'receipt.ts', 'rows.ts', 'names.ts'].map((file) => `${AUDIT}${file}`)

/** Two patients: one whose rows are of every kind, and one with a short list and a chart of two resources. */
const network = new AuditNetwork()
network.live()
network.refuse(false)
const resources = [{ resourceType: 'Observation', id: 'o1', valueInteger: 5 }, { resourceType: 'Observation', id: 'o2', note: [{ text: 'ä' }] }]
const proofs = [await network.write({ ...resources[0] }), await network.write({ ...resources[1] })]
const listOf = (handle = network.handle, tagKey = network.tagKey): AuditRow[] => buildAuditList(network.reader, network.head, { handle, tagKey })
const rows = listOf()
const short = listOf(network.other, network.otherTagKey)
const receipt = txReceipt(network.reader, network.head, 1)
const exported = { format: 'chiron/export/v1', patient: 'p', bundle: { resourceType: 'Bundle', entry: resources.map((resource) => ({ resource })) }, proofs, audit: short, records: network.recordList(network.other) }
const partial = { ...exported, bundle: { entry: exported.bundle.entry.slice(1) }, proofs: proofs.slice(1) }

const trusts: readonly Trust[] = [network.trust, parseTrust(vectorValues('proofs-receipts', 'trust')[0]), parseTrust(vectorValues('checkpoint-proofs', 'trust')[0])]
/** A row as it reads with some of the names left out, or without the key that names categories: less is said then, nothing else. */
function* poorer({ receipt: whole }: AuditRow): Generator<unknown> {
  for (let left = 0; left < 1 << whole.names.length; left++) {
    const names = whole.names.filter((_, at) => (left & (1 << at)) !== 0)
    for (const tagKey of [whole.tagKey, toBase64url(new Uint8Array(32))]) yield { ...whole, names, tagKey }
  }
}

/** Every receipt within a document stands by itself, too. */
function* receiptsIn(value: unknown): Generator<unknown> {
  if (typeof value !== 'object' || value === null) return
  if ('format' in value && value.format === 'chiron/receipt/v1') yield value
  for (const each of Object.values(value)) yield* receiptsIn(each)
}

const documents: readonly (readonly [Uint8Array, Trust])[] = [
  ...[short, exported, partial, ...rows, ...rows.slice(0, 3).map((row) => row.receipt), receiptToJson(receipt)].map((document) => [textBytes(JSON.stringify(document)), trusts[0] as Trust] as const),
  [textBytes(toBase64url(encodeReceipt(receipt))), trusts[0] as Trust],
  ...vectorTexts('proofs-receipts', 'receipt').map((text) => [text, trusts[1] as Trust] as const),
  ...[...vectorTexts('checkpoint-proofs', 'proof'), ...vectorTexts('checkpoint-notes', 'checkpoint').slice(0, 4)].map((text) => [text, trusts[2] as Trust] as const),
]
/** What other documents prove than the genuine ones: an export with fewer resources, the absence of another fact, another empty list. */
const OTHERS = /^(?:the \d+ resources are|the ledger holds no fact|the (?:records|accesses) list of handle [0-9a-f]{64} has exactly these 0 entries)/
const genuine = new Set<string>()
const further = [...[...rows, ...short].flatMap((row) => [...poorer(row)]), ...receiptsIn([rows, short, exported])].map((document) => [textBytes(JSON.stringify(document)), network.trust] as const)
for (const [document, trust] of [...documents, ...further]) {
  // A seed that is refused, or that shows a bug at once, states nothing: the loop runs it and says so.
  const stated = await verifyDocument(textOf(document), trust).catch(() => ({ proven: [] }))
  for (const sentence of stated.proven) genuine.add(sentence)
}

export const documentTargets: readonly Target[] = [
  {
    name: 'sdk/document', form: 'json', modules: [...ROWS, `${AUDIT}verify-document.ts`, `${AUDIT}verify-export.ts`], maxBytes: 32_768, maxMs: 400,
    seeds: [...documents.map(([document]) => document), ...['[]', '""', '{', 'AAAA', '{"who":"","receipt":{}}', '{"format":"chiron/export/v1","audit":[]}'].map(textBytes)],
    words: ['chiron/audit-receipt/v1', 'chiron/receipt/v1', 'chiron/export/v1', 'entry', 'fact', 'absence', 'list', 'tx', 'accesses', 'records'],
    run: async (input) => {
      const text = textOf(input)
      const outcomes: string[] = []
      for (const trust of trusts) {
        const stated = await attemptAsync(() => verifyDocument(text, trust), SdkError, ProofError)
        if ('refused' in stated) {
          outcomes.push(stated.refused)
          continue
        }
        must(stated.value.proven.every((sentence) => OTHERS.test(sentence) || genuine.has(sentence)), 'a document proves what is not so')
        return `accepted ${stated.value.kind}`
      }
      return outcomes.join(' ')
    },
  },
  {
    name: 'sdk/audit-list', form: 'json', modules: ROWS, maxBytes: 65_536, maxMs: 800,
    seeds: [rows, short, rows.slice(1), rows.slice(0, -1), [rows[0], rows[0]], rows.toReversed(), [...short, ...rows]].map((list) => textBytes(JSON.stringify(list))),
    run: (input) => {
      let list: unknown
      try {
        list = JSON.parse(textOf(input))
      } catch {
        return 'no JSON'
      }
      if (!Array.isArray(list)) return 'no list'
      const verified = attempt(() => verifyAuditList(list, network.trust), SdkError, ProofError)
      if ('refused' in verified) return verified.refused
      const fields = verified.value.rows.map((row) => JSON.stringify(row.fields))
      const whole = [rows, short, [...short, ...rows], [...rows, ...short]].map((each) => each.map(({ receipt: _receipt, ...shown }) => JSON.stringify(shown)))
      must(whole.some((each) => each.length === fields.length && each.toSorted().join() === fields.toSorted().join()), 'a list is proven that is not whole')
      return 'accepted'
    },
  },
]
