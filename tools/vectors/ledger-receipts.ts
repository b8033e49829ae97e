import { encode } from '@ipld/dag-cbor'
import { appHashOf, entryPath, factPath, factRoot, headFact, leavesOf, listHead, listKey, logLeaf, type Fact, type List } from './ledger-reference.ts'
import type { Plain, VectorFile } from './plain.ts'
import { didOf, hex, publicKeyOf, sampleBytes, signWith, treePath, treeRoot } from './protocol-reference.ts'

type Case = { readonly [key: string]: Plain }
type Fields = { readonly [key: string]: unknown }

const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'ascii'))
const chainId = 'vectors-1'
const seed = sampleBytes('block signer', 32)
const publicKey = publicKeyOf(seed)
const signer = didOf('organisation', publicKey, new Uint8Array(16))
const handle = sampleBytes('receipt handle', 32)
const idleHandle = sampleBytes('idle handle', 32)

const records = Array.from({ length: 5 }, (_, n) => sampleBytes(`record ${n}`, 60))
const accesses = Array.from({ length: 2 }, (_, n) => sampleBytes(`access ${n}`, 60))
const plainFacts = Array.from({ length: 6 }, (_, n): Fact => [ascii(`fact/${n}`), ascii(`value ${n}`)])
const leaves = leavesOf([...plainFacts, ...headFact('records', handle, records), ...headFact('accesses', handle, accesses)])
const results = [['', 0], ['consent', 12], ['', 0]] as const
const txIds = results.map((_, n) => sampleBytes(`receipt tx ${n}`, 32))
const log = results.map(([codespace, code], n) => logLeaf(txIds[n] as Uint8Array, codespace, code))

const app = { stateRoot: factRoot(leaves), logRoot: treeRoot(log), logSize: log.length }

function signedHeader(key: Uint8Array = seed, chain = chainId): Fields {
  const header = encode({ chainId: chain, height: 7, timeMs: 1_796_000_000_000, previous: sampleBytes('previous', 32), txRoot: sampleBytes('txs', 32), appHash: appHashOf(app) })
  return { header, signer, signature: signWith(key, Buffer.concat([ascii('chiron/block/v1\0'), header])) }
}

const common: Fields = { format: 'chiron/receipt/v1', app, signed: signedHeader() }

/** Byte strings as base64url, as a receipt's file has them. */
function asJson(value: unknown): Plain {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64url')
  if (Array.isArray(value)) return value.map(asJson)
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asJson(item)]))
  return value as Plain
}

function txReceipt(n: number): Fields {
  const [codespace, code] = results[n] as (typeof results)[number]
  return { kind: 'tx', ...common, txId: txIds[n], codespace, code, logIndex: n, path: treePath(log, n) }
}

function entryReceipt(list: List, entries: readonly Uint8Array[], index: number): Fields {
  const { siblings } = factPath(leaves, listKey(list, handle))
  return { kind: 'entry', ...common, list, handle, index, entry: entries[index], path: entryPath(entries, index), listHead: listHead(entries), siblings }
}

function listReceipt(of: Uint8Array, entries: readonly Uint8Array[]): Fields {
  const { siblings, leaf } = factPath(leaves, listKey('records', of))
  return { kind: 'list', ...common, list: 'records', handle: of, entries, siblings, leaf: entries.length === 0 ? (leaf ?? null) : null }
}

function factReceipt([key, value]: Fact): Fields {
  return { kind: 'fact', ...common, key, value, siblings: factPath(leaves, key).siblings }
}

function absenceReceipt(key: Uint8Array): Fields {
  const { siblings, leaf } = factPath(leaves, key)
  return { kind: 'absence', ...common, key, siblings, leaf: leaf ?? null }
}

const trust = { chainId, signers: [{ did: signer, publicKey }] }
const accepted = (name: string, receipt: Fields): Case => ({ name, trust: asJson(trust), receipt: asJson(receipt), cbor: hex(encode(receipt)) })
const refused = (name: string, code: string, receipt: Fields, trusted: unknown = trust): Case => ({ name, trust: asJson(trusted), receipt: asJson(receipt), code })

export function receiptVectors(): VectorFile {
  const fact = factReceipt(plainFacts[0] as Fact)
  return {
    requirements: ['SPEC-PROOF-1', 'SPEC-PROOF-2', 'SPEC-PROOF-5', 'SPEC-PROOF-7', 'SPEC-PROOF-8', 'SPEC-PROOF-9'],
    about: 'Receipts as in a JSON file (byte strings in base64url), as canonical CBOR (hex), and what a verifier trusts. A case with `code` is refused with it.',
    cases: [
      accepted('a transaction that took effect', txReceipt(0)),
      accepted('a transaction that was refused', txReceipt(1)),
      accepted('a record', entryReceipt('records', records, 2)),
      accepted('the last record', entryReceipt('records', records, 4)),
      accepted('an access', entryReceipt('accesses', accesses, 1)),
      accepted('a fact', fact),
      ...[10, 11, 12, 13].map((n) => accepted(`absence of fact/${n}`, absenceReceipt(ascii(`fact/${n}`)))),
      accepted('a whole list', listReceipt(handle, records)),
      accepted('an empty list', listReceipt(idleHandle, [])),
      refused('a failed transaction passed off as done', 'ERR_PROOF_LOG', { ...txReceipt(1), codespace: '', code: 0 }),
      refused('another value', 'ERR_PROOF_FACT', { ...fact, value: ascii('value 1') }),
      refused('a fact that is there, said to be absent', 'ERR_PROOF_ABSENCE', { ...absenceReceipt(ascii('fact/10')), key: ascii('fact/0') }),
      refused('an entry of another patient', 'ERR_PROOF_LIST', { ...entryReceipt('records', records, 2), handle: idleHandle }),
      refused('an entry at another place', 'ERR_PROOF_ENTRY', { ...entryReceipt('records', records, 2), index: 3 }),
      refused('a list with its newest entry held back', 'ERR_PROOF_LIST', { ...listReceipt(handle, records), entries: records.slice(0, 4) }),
      refused('a list said to be empty', 'ERR_PROOF_LIST', { ...listReceipt(handle, records), entries: [] }),
      refused('roots that are not under the header', 'ERR_PROOF_APP_HASH', { ...fact, app: { ...app, logSize: 2 } }),
      refused('a header signed with another key', 'ERR_PROOF_SIGNATURE', { ...fact, signed: signedHeader(sampleBytes('impostor', 32)) }),
      refused('a signer whom nobody trusts', 'ERR_PROOF_SIGNER', fact, { chainId, signers: [{ did: didOf('device', publicKey, new Uint8Array(16)), publicKey }] }),
      refused('a header of another chain', 'ERR_PROOF_CHAIN', { ...fact, signed: signedHeader(seed, 'vectors-2') }),
      refused('an unknown field', 'ERR_PROOF_FORMAT', { ...fact, trust: 'me' }),
    ],
  }
}
