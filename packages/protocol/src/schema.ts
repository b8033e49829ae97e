import * as v from 'valibot'
import { isDid, type Did, type Handle, type ObjectId, type RecordId, type Tag } from './ids.ts'

/** A byte string of exactly `length` bytes. */
export function bytesOf(length: number): v.GenericSchema<unknown, Uint8Array> {
  return v.pipe(v.instance(Uint8Array), v.check((b) => b.length === length))
}

export const did = v.custom<Did>(isDid)
export const handle = bytesOf(32) as v.GenericSchema<unknown, Handle>
export const recordId = bytesOf(16) as v.GenericSchema<unknown, RecordId>
export const objectId = bytesOf(16) as v.GenericSchema<unknown, ObjectId>
export const tag = bytesOf(8) as v.GenericSchema<unknown, Tag>
export const hash32 = bytesOf(32)
export const salt = bytesOf(16)
export const signature = bytesOf(64)
/** Ed25519 or X25519 public key. */
export const key32 = bytesOf(32)
/** Name of a key within a DID document: `k` and a number. */
export const keyId = v.pipe(v.string(), v.regex(/^k[1-9][0-9]{0,5}$/))
/** Unsigned integer that fits a double exactly. */
export const uint = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.check((n) => !Object.is(n, -0)))
/** Unsigned integer of 32 bits: versions and set numbers, which are signed as four bytes. */
export const uint32 = v.pipe(uint, v.maxValue(0xffff_ffff))
/** Name of a network: 3 to 48 characters. */
export const chainId = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9.-]{2,47}$/))
/** Unix milliseconds. */
export const timeMs = uint
/** HL7 PurposeOfUse code, such as `TREAT`. */
export const purpose = v.pipe(v.string(), v.regex(/^[A-Z][A-Z0-9-]{1,31}$/))
/** ISO 3166-1 alpha-2 code of a country, such as `DE`. */
export const jurisdiction = v.pipe(v.string(), v.regex(/^[A-Z]{2}$/))
/** Code of HL7's ObligationPolicy or RefrainPolicy (v3-ActCode), such as `NORDSCLW`. */
export const obligation = v.pipe(v.string(), v.regex(/^[A-Z][A-Z0-9-]{1,31}$/))
/** A shifted day: days since 1970-01-01 plus the patient's offset. SPEC-TAG-3. */
export const day = uint32
/** Role that an attestation gives, such as `physician`. */
export const role = v.picklist([
  'patient', 'physician', 'nurse', 'pharmacist', 'laboratory', 'organisation-admin', 'researcher', 'ethics-board',
  'insurer', 'public-health', 'auditor', 'regulator', 'application', 'device', 'organisation',
])
export type Role = v.InferOutput<typeof role>
export const action = v.picklist(['read', 'write', 'share', 'research'])
export type Action = v.InferOutput<typeof action>
/** Name of a member in addresses: lower-case letters, digits and hyphens. */
export const memberName = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,30}[a-z0-9]$/))

/** A byte string of at most `max` bytes. */
export function bytesUpTo(max: number): v.GenericSchema<unknown, Uint8Array> {
  return v.pipe(v.instance(Uint8Array), v.check((b) => b.length <= max))
}

/** A list with an upper bound that keeps a block's work bounded. */
export function listOf<T>(item: v.GenericSchema<unknown, T>, max: number, min = 0): v.GenericSchema<unknown, T[]> {
  return v.pipe(v.array(item), v.minLength(min), v.maxLength(max))
}
