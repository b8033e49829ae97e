import { fromHex, grantee, parseTxCid, schema, type Handle, type TxId } from '@chiron/protocol'
import { fromBase64url } from '@chiron/ledger/proofs'
import * as v from 'valibot'
import { SdkError } from '../errors.ts'

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const bytes32: v.GenericSchema<unknown, Uint8Array> = v.pipe(v.string(), v.transform(read32), v.check((bytes) => bytes.length === 32))

/** 32 bytes in hexadecimal, base64url, or as a transaction's CID; no bytes for anything else. */
function read32(text: string): Uint8Array {
  if (/^[0-9a-f]{64}$/.test(text)) return fromHex(text)
  if (!text.startsWith('bafy')) return fromBase64url(text) ?? new Uint8Array()
  try {
    return parseTxCid(text)
  } catch {
    return new Uint8Array()
  }
}

/** Answer of `POST /{org}/chiron/tx`. */
export const submitted = v.object({
  txId: bytes32 as v.GenericSchema<unknown, TxId>,
  height: count,
  timeMs: count,
  codespace: v.string(),
  code: count,
  receipt: v.string(),
})

/** Answer of `GET /{org}/chiron/network`. */
export const network = v.object({
  chainId: schema.chainId,
  members: v.array(v.object({ name: schema.memberName, did: schema.did })),
  sample: v.boolean(),
  blockTimeMs: count,
  height: count,
})
/** The network that a node belongs to. `sample`: not for real records. */
export type Network = v.InferOutput<typeof network>

const handleKeys = { handle: bytes32 as v.GenericSchema<unknown, Handle>, tagKey: bytes32 }

/** Answer of `GET /{org}/chiron/patient`. */
export const patientKeys = v.object({ ...handleKeys, did: schema.did, handles: v.optional(v.array(v.object(handleKeys))) })
/** What a patient needs to write rules: the handle under which the ledger knows them, and the key of its tags (32 bytes each); then all handles. */
export type PatientKeys = v.InferOutput<typeof patientKeys>

const id = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/))
const words = { purposes: v.array(schema.purpose), categories: v.array(v.string()), labels: v.array(v.string()), actions: v.array(schema.action) }

/** Answer of `GET /{org}/chiron/rules`. */
export const rules = v.array(
  v.object({
    rule: id,
    effect: v.picklist(['permit', 'deny']),
    to: v.string(),
    ...words,
    records: v.array(v.string()),
    /** What limits it further, each in a few words. */
    limits: v.array(v.string()),
    fromMs: count,
    untilMs: v.nullable(count),
    status: v.picklist(['in-force', 'not-yet', 'ended', 'revoked']),
    /** Made or last changed while a custodian had the patient's key. */
    inCustody: v.boolean(),
  }),
)
/** A rule in words; its id in hexadecimal, times in Unix milliseconds. */
export type RuleView = v.InferOutput<typeof rules>[number]

/** Answer of `GET /{org}/chiron/labels`. */
export const labels = v.array(v.object({ record: id, given: v.array(v.string()), own: v.array(v.string()) }))
/** Labels of a record (its id in hexadecimal): those that its authors gave it, and those that the patient put on. */
export type LabelView = v.InferOutput<typeof labels>[number]

/** Answer of `GET /{org}/chiron/requests`. */
export const requests = v.array(
  v.object({
    request: id,
    who: v.string(),
    organisation: v.string(),
    /** As an approval must name it. */
    grantee,
    ...words,
    forMs: count,
    askedMs: count,
    status: v.picklist(['open', 'approved', 'denied', 'expired']),
    rule: v.nullable(id),
  }),
)
/** A request in words. `forMs` is how long the access would last, `rule` what its approval made. */
export type RequestView = v.InferOutput<typeof requests>[number]

/** @throws SdkError `ERR_SDK_RESPONSE` */
export function readResponse<T>(shape: v.GenericSchema<unknown, T>, body: unknown): T {
  const parsed = v.safeParse(shape, body)
  if (!parsed.success) throw new SdkError('ERR_SDK_RESPONSE', 'the answer is not what this address should give')
  return parsed.output
}
