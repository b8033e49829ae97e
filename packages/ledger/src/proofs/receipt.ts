import * as v from 'valibot'
import { schema } from '@chiron/protocol'
import type { ByteSchemas } from './byte-schemas.ts'
import { defineDocument } from './document.ts'

const MAX_TREE_DEPTH = 256
const MAX_LOG_DEPTH = 64

/** The lists of a handle by name. */
const listKind = v.picklist(['records', 'accesses'])

/** Fields of a head: the roots, and the signed header over them. */
export function headFields(b: ByteSchemas) {
  return {
    app: v.strictObject({ stateRoot: b.hash32, logRoot: b.hash32, logSize: schema.uint }),
    signed: v.strictObject({ header: b.bytes, signer: schema.did, signature: b.signature }),
  }
}

/** Hashes beside a path. */
export function pathOf(b: ByteSchemas) {
  return v.pipe(v.array(b.hash32), v.maxLength(MAX_LOG_DEPTH))
}

function receiptShape(b: ByteSchemas) {
  const common = { format: v.literal('chiron/receipt/v1'), ...headFields(b) }
  const siblings = v.pipe(v.array(b.hash32), v.maxLength(MAX_TREE_DEPTH))
  const leaf = v.nullable(v.strictObject({ keyHash: b.hash32, valueHash: b.hash32 }))
  return v.variant('kind', [
    v.strictObject({
      kind: v.literal('tx'),
      ...common,
      txId: b.txId,
      codespace: v.pipe(v.string(), v.regex(/^[\x20-\x7e]{0,64}$/)),
      code: schema.uint,
      logIndex: schema.uint,
      path: pathOf(b),
    }),
    v.strictObject({
      kind: v.literal('entry'),
      ...common,
      list: listKind,
      handle: b.handle,
      index: schema.uint,
      entry: b.bytes,
      path: pathOf(b),
      listHead: v.strictObject({ size: schema.uint, peaks: pathOf(b) }),
      siblings,
    }),
    v.strictObject({ kind: v.literal('fact'), ...common, key: b.bytes, value: b.bytes, siblings }),
    v.strictObject({ kind: v.literal('absence'), ...common, key: b.bytes, siblings, leaf }),
    v.strictObject({ kind: v.literal('list'), ...common, list: listKind, handle: b.handle, entries: v.array(b.bytes), siblings, leaf }),
  ])
}

/**
 * A proof that stands by itself: what is claimed, the hashes that lead to the app hash, and the signed header. SPEC-PROOF-8.
 * - `tx`: the transaction is in the log at `logIndex` with this result (codespace '' and code 0: it took effect)
 * - `entry`: the entry is at `index` of a handle's list
 * - `fact`, `absence`: the state holds this fact, or none with this key
 * - `list`: these are all entries of a handle's list; `leaf` is null unless the list is empty
 */
export type Receipt = v.InferOutput<ReturnType<typeof receiptShape>>
export type ReceiptKind = Receipt['kind']
export type ReceiptOf<K extends ReceiptKind> = Extract<Receipt, { kind: K }>

const format = defineDocument<Receipt>(receiptShape, 'ERR_PROOF_FORMAT')

/** Canonical CBOR. */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  return format.encode(receipt)
}

/** @throws ProofError `ERR_PROOF_FORMAT` */
export function decodeReceipt(bytes: Uint8Array): Receipt {
  return format.decode(bytes)
}

/** The receipt for a JSON file: byte strings as base64url. */
export function receiptToJson(receipt: Receipt): unknown {
  return format.toJson(receipt)
}

/** Reads what {@link receiptToJson} wrote, after `JSON.parse`. @throws ProofError `ERR_PROOF_FORMAT` */
export function parseReceipt(json: unknown): Receipt {
  return format.fromJson(json)
}
