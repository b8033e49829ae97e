import {
  decodeAccessEntry, decodeLogConsistency, decodeReceipt, decodeRecordEntry, encodeLogConsistency, encodeReceipt, formatNote, formatTilePath, formatTlogProof, formatVerifierKey,
  parseCheckpoint, parseEntryBundle, parseNote, parseReceipt, parseTilePath, parseTlogProof, parseTrust, parseVerifierKey, ProofError, receiptToJson, trustToJson, verifyCheckpoint, verifyReceipt, verifyTlogProof,
} from '@chiron/ledger/proofs'
import { encodeCanonical, ProtocolError } from '@chiron/protocol'
import type { Target } from '@chiron/testkit/fuzz'
import { attempt, must, mustEqual } from '../outcome.ts'
import { textOf, vectorBytes, vectorTexts, vectorValues } from '../vectors.ts'

const PROOFS = 'packages/ledger/src/proofs/'
const CBOR = 'packages/protocol/src/cbor/'
const RECEIPT = ['base64url', 'byte-schemas', 'document', 'receipt'].map((file) => `${PROOFS}${file}.ts`)
const receipts = vectorBytes('proofs-receipts', 'cbor')
const trust = parseTrust(vectorValues('proofs-receipts', 'trust')[0])
const witnessed = parseTrust(vectorValues('checkpoint-proofs', 'trust')[0])
const genuine = new Set(receipts.map((receipt) => Buffer.from(receipt).toString('base64')))
const proofs = vectorTexts('checkpoint-proofs', 'proof')
const checkpoints = vectorTexts('checkpoint-notes', 'checkpoint')
const notes = new Set([...checkpoints, ...proofs].map(textOf))
const LINES = { separators: /([\n +])/ }

function parsed(input: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(input)) as unknown
  } catch {
    return undefined
  }
}

/** Head of an unsigned entry: kinds of access entries with small fields. */
const entries = [
  encodeCanonical([1, 5, new Uint8Array(16), new Uint8Array(20), new Uint8Array(20), 'TREAT', 'read', 9, '7', [new Uint8Array(16)]]),
  encodeCanonical([2, 5, new Uint8Array(16), 1, 9]), encodeCanonical([3, 5, new Uint8Array(20), new Uint8Array(20), 'TREAT', 'read', 2]),
  encodeCanonical([4, 5, new Uint8Array(16), [[new Uint8Array(8), 3]], new Uint8Array(32)]), encodeCanonical([5, 5, new Uint8Array(16), 'permit', new Uint8Array(32)]),
  encodeCanonical([7, 5, new Uint8Array(16)]), encodeCanonical([9, 5, new Uint8Array(16), null]), encodeCanonical([10, 5, new Uint8Array(20), 9]), encodeCanonical([21, 5, new Uint8Array(20), new Uint8Array(20)]),
  encodeCanonical([new Uint8Array(16), 1, 0, new Uint8Array(20), null, new Uint8Array(8), new Uint8Array(32), 300, new Uint8Array(32), new Uint8Array(32), [new Uint8Array(32)], 1, 5]),
]

export const proofTargets: readonly Target[] = [
  {
    name: 'proofs/receipt', form: 'cbor', modules: [...RECEIPT, CBOR], seeds: receipts,
    run: (input) => {
      const decoded = attempt(() => decodeReceipt(input), ProofError)
      if ('refused' in decoded) return decoded.refused
      mustEqual(encodeReceipt(decoded.value), input, 'a receipt is encoded otherwise')
      const json = receiptToJson(decoded.value)
      mustEqual(encodeReceipt(parseReceipt(JSON.parse(JSON.stringify(json)))), input, 'a receipt is another in JSON')
      return 'accepted'
    },
  },
  {
    name: 'proofs/receipt-json', form: 'json', modules: [...RECEIPT, ...['facts', 'header', 'lists', 'verify-receipt'].map((file) => `${PROOFS}${file}.ts`)], seeds: vectorTexts('proofs-receipts', 'receipt'), maxBytes: 16_384,
    run: (input) => {
      const read = attempt(() => parseReceipt(parsed(input)), ProofError)
      if ('refused' in read) return read.refused
      mustEqual(encodeReceipt(decodeReceipt(encodeReceipt(read.value))), encodeReceipt(read.value), 'a receipt is another in CBOR')
      const proven = attempt(() => verifyReceipt(read.value, trust), ProofError)
      if ('refused' in proven) return `verify ${proven.refused}`
      // One proof of what is absent, or of a list that is empty, shows it of every key that would stand in the same place.
      const isAbsent = read.value.kind === 'absence' || (read.value.kind === 'list' && read.value.entries.length === 0)
      must(isAbsent || genuine.has(Buffer.from(encodeReceipt(read.value)).toString('base64')), 'a receipt is proven that nobody made')
      return 'accepted'
    },
  },
  {
    name: 'proofs/log-consistency', form: 'cbor', modules: [`${PROOFS}log-consistency.ts`, `${PROOFS}document.ts`, CBOR],
    seeds: [encodeCanonical((({ app, signed }) => ({ format: 'chiron/log-consistency/v1', older: { app, signed }, newer: { app, signed }, path: [new Uint8Array(32)] }))(decodeReceipt(receipts[0] as Uint8Array)))],
    run: (input) => {
      const decoded = attempt(() => decodeLogConsistency(input), ProofError)
      if ('refused' in decoded) return decoded.refused
      mustEqual(encodeLogConsistency(decoded.value), input, 'a proof is encoded otherwise')
      return 'accepted'
    },
  },
  {
    name: 'proofs/entries', form: 'cbor', modules: ['packages/ledger/src/contracts/access/entry-codec.ts', 'packages/ledger/src/contracts/records/entry.ts', CBOR], seeds: entries,
    run: (input) => {
      const access = attempt(() => decodeAccessEntry(input), ProtocolError)
      const record = attempt(() => decodeRecordEntry(input), ProtocolError)
      must('refused' in access || 'refused' in record, 'an entry is of both lists')
      return 'value' in access ? `accepted ${access.value.kind}` : 'value' in record ? 'accepted' : access.refused
    },
  },
  {
    name: 'proofs/checkpoint', form: LINES, modules: [`${PROOFS}tlog/`], seeds: [...checkpoints, ...vectorTexts('checkpoint-notes', 'note')], maxMs: 400,
    run: (input) => {
      const text = textOf(input)
      const note = attempt(() => parseNote(text), ProofError)
      if ('refused' in note) return note.refused
      mustEqual(formatNote(note.value), text, 'a note is written otherwise')
      const checkpoint = attempt(() => parseCheckpoint(note.value.text), ProofError)
      if ('refused' in checkpoint) return `checkpoint ${checkpoint.refused}`
      const proven = attempt(() => verifyCheckpoint(text, witnessed), ProofError)
      if ('refused' in proven) return `verify ${proven.refused}`
      must([...notes].some((known) => known.includes(note.value.text)), 'a checkpoint is proven that nobody signed')
      return 'accepted'
    },
  },
  {
    name: 'proofs/tlog-proof', form: LINES, modules: [`${PROOFS}tlog/`, 'packages/ledger/src/state/log.ts'], seeds: proofs, maxMs: 400,
    run: (input) => {
      const text = textOf(input)
      const proof = attempt(() => parseTlogProof(text), ProofError)
      if ('refused' in proof) return proof.refused
      mustEqual(formatTlogProof(proof.value), text, 'a proof is written otherwise')
      const proven = attempt(() => verifyTlogProof(text, witnessed), ProofError)
      if ('refused' in proven) return `verify ${proven.refused}`
      const { leaf, index } = proof.value
      must([...notes].some((known) => known.includes(`\nextra ${Buffer.from(leaf).toString('base64')}\nindex ${index}\n`)), 'a leaf is proven that is not in the log')
      return 'accepted'
    },
  },
  {
    name: 'proofs/small-forms', form: { separators: /([/.+x])/ }, modules: [`${PROOFS}tlog/tiles.ts`, `${PROOFS}tlog/note.ts`, `${PROOFS}tlog/base64.ts`],
    seeds: [...vectorTexts('checkpoint-tiles', 'path'), ...vectorTexts('checkpoint-notes', 'vkey'), Uint8Array.of(0, 2, 1, 2, 0, 0)], words: ['entries', 'x001', '.p/'],
    run: (input) => {
      const text = textOf(input)
      const place = parseTilePath(text)
      if (place !== undefined) mustEqual(formatTilePath(place), text, 'a tile has two addresses')
      const key = attempt(() => parseVerifierKey(text), ProofError)
      if ('value' in key) mustEqual(formatVerifierKey(key.value), text, 'a key is written otherwise')
      const bundle = attempt(() => parseEntryBundle(input, 2), ProofError)
      if ('value' in bundle) mustEqual(Buffer.concat(bundle.value.flatMap((entry) => [Uint8Array.of(entry.length >> 8, entry.length & 255), entry])), input, 'a bundle is another')
      return place !== undefined ? 'accepted' : 'value' in key ? 'accepted key' : 'value' in bundle ? 'accepted bundle' : 'refused'
    },
  },
  {
    name: 'proofs/trust', form: 'json', modules: [`${PROOFS}trust.ts`, `${PROOFS}base64url.ts`, `${PROOFS}document.ts`], seeds: [...vectorTexts('proofs-receipts', 'trust'), ...vectorTexts('checkpoint-proofs', 'trust')],
    run: (input) => {
      const json = parsed(input)
      const read = attempt(() => parseTrust(json), ProofError)
      if ('refused' in read) return read.refused
      mustEqual(encodeCanonical(parseTrust(trustToJson(read.value))), encodeCanonical(read.value), 'another trust')
      return 'accepted'
    },
  },
]
