import { concatBytes, encodeCanonical, schema, utf8, type Did } from '@chiron/protocol'
import * as v from 'valibot'
import type { KemSuite } from '../hpke/suites.ts'
import { anyBytes, decodeStrict, ordinal } from '../strict.ts'
import { SHARE_BYTES } from './shares.ts'

/** Record versions in one package, as in one `records.put`. */
export const MAX_BATCH_RECORDS = 5000

/**
 * What one keyholder gets of one record version: record, version, hash of the ciphertext, salt, key commitment, all share
 * commitments one after another (32 bytes each), its share.
 */
const dealtShare = v.strictTuple([
  schema.recordId, ordinal, schema.hash32, schema.salt, schema.hash32, anyBytes, schema.bytesOf(SHARE_BYTES),
])

/**
 * The sealed inside of a package. `index` is the keyholder's position in custody set `set`; `root` the batch root that it
 * signs (SPEC-CUS-4); `validUntil` the transaction's, in Unix milliseconds of block time. SPEC-CUS-8.
 */
export const packageBody = v.strictObject({
  set: ordinal,
  threshold: schema.uint,
  index: schema.uint,
  root: schema.hash32,
  validUntil: schema.timeMs,
  records: schema.listOf(dealtShare, MAX_BATCH_RECORDS, 1),
})
export type PackageBody = v.InferOutput<typeof packageBody>

const packageHeader = v.strictObject({
  v: v.literal(1),
  chainId: v.string(),
  dealer: schema.did,
  keyholder: schema.did,
  suite: v.picklist(['x-wing', 'x25519']),
  /** The session's encapsulated key, and the dealer's signature over {@link sessionBytes}. */
  enc: anyBytes,
  opening: schema.signature,
  /** Counts the packages of a session from 0; it is the nonce. */
  seq: schema.uint,
})
export type PackageHeader = v.InferOutput<typeof packageHeader>

/**
 * Shares on their way from a dealer to one keyholder: AES-256-GCM under the session's secret, nonce = `seq` as 12 bytes
 * big-endian, associated data = the canonical header. It carries all that is needed to open it, so that packages may
 * come in any order, or twice, and either side may have restarted. SPEC-CUS-8.
 */
export const custodyPackage = v.strictObject({ header: anyBytes, sealed: anyBytes })

export interface DecodedPackage {
  readonly header: PackageHeader
  readonly headerBytes: Uint8Array
  readonly sealed: Uint8Array
}

export function encodePackage(headerBytes: Uint8Array, sealed: Uint8Array): Uint8Array {
  return encodeCanonical({ header: headerBytes, sealed })
}

/** @throws VaultError `ERR_VAULT_MESSAGE_INVALID` */
export function decodePackage(bytes: Uint8Array): DecodedPackage {
  const { header, sealed } = decodeStrict(custodyPackage, bytes, 'ERR_VAULT_MESSAGE_INVALID', 'a custody package')
  return { header: decodeStrict(packageHeader, header, 'ERR_VAULT_MESSAGE_INVALID', 'the header of a custody package'), headerBytes: header, sealed }
}

/** @throws VaultError `ERR_VAULT_MESSAGE_INVALID` */
export function decodePackageBody(bytes: Uint8Array): PackageBody {
  return decodeStrict(packageBody, bytes, 'ERR_VAULT_MESSAGE_INVALID', 'the inside of a custody package')
}

export interface SessionParties {
  readonly chainId: string
  readonly dealer: Did
  readonly keyholder: Did
  readonly suite: KemSuite
}

/** The HPKE `info` of a session: `chiron/custody-session/v1`, zero, canonical bytes of who talks to whom. SPEC-CUS-9. */
export function sessionInfo({ chainId, dealer, keyholder, suite }: SessionParties): Uint8Array {
  return concatBytes(utf8('chiron/custody-session/v1\0'), encodeCanonical({ chainId, dealer, keyholder, suite }))
}

/** What a dealer signs to open a session: its info, and the encapsulated key. SPEC-CUS-9. */
export function sessionBytes(parties: SessionParties, enc: Uint8Array): Uint8Array {
  return concatBytes(sessionInfo(parties), enc)
}

/** HPKE exporter context under which the session's key is exported. */
export const SESSION_LABEL = utf8('chiron/custody-session-key/v1')

export function packageNonce(seq: number): Uint8Array {
  const nonce = new Uint8Array(12)
  new DataView(nonce.buffer).setBigUint64(4, BigInt(seq))
  return nonce
}
