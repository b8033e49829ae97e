import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8 } from './bytes.ts'
import { encodeCanonical } from './encoding.ts'
import { ProtocolError } from './errors.ts'
import { didBytes, formatDid, type Did } from './ids.ts'

/** Bytes of the secret in a claim code: 128 bits that the custodian draws at random. */
export const CLAIM_SECRET_BYTES = 16

/** What a claim code holds: whose identity it is for, and the secret (16 bytes) that the claim key is derived from. */
export interface ClaimCode {
  readonly did: Did
  readonly secret: Uint8Array
}

/** What a claim signs: for which identity of which network, under which offer, which keys take over. */
export interface ClaimStatement {
  readonly chainId: string
  readonly did: Did
  /** Ed25519 public key (32 bytes) of the offer. */
  readonly claimKey: Uint8Array
  /** Ed25519 public key (32 bytes) of the wallet. */
  readonly signingKey: Uint8Array
  /** X25519 public key (32 bytes) of the wallet. */
  readonly agreementKey: Uint8Array
}

/**
 * Ed25519 seed (32 bytes) of the claim key: HKDF-SHA-256 (RFC 5869) of the code's secret, salt `chiron/claim-key/v1`,
 * info the canonical encoding of chainId and did. SPEC-CLAIM-2.
 */
export function claimKeySeed({ did, secret }: ClaimCode, chainId: string): Uint8Array {
  return hkdf(nobleSha256, secret, utf8('chiron/claim-key/v1'), encodeCanonical({ chainId, did }), 32)
}

/** What the claim key signs: `chiron/claim/v1`, zero, and the statement's canonical encoding. SPEC-CLAIM-3. */
export function claimBytes(statement: ClaimStatement): Uint8Array {
  return concatBytes(utf8('chiron/claim/v1\0'), encodeStatement(statement))
}

/** What the wallet's new signing key signs: `chiron/claim-possession/v1`, zero, and the same. SPEC-CLAIM-3. */
export function claimPossessionBytes(statement: ClaimStatement): Uint8Array {
  return concatBytes(utf8('chiron/claim-possession/v1\0'), encodeStatement(statement))
}

function encodeStatement({ chainId, did, claimKey, signingKey, agreementKey }: ClaimStatement): Uint8Array {
  return encodeCanonical({ chainId, did, claimKey, signingKey, agreementKey })
}

/** Crockford's symbols; the last five only serve as check symbols. */
const SYMBOLS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U'
const DATA_SYMBOLS = 58
const GROUP = 5
const DID_BYTES = 20

/**
 * A code for paper: DID (20 bytes) ‖ secret (16 bytes) as a number in Crockford's base32, 58 symbols, and its remainder
 * modulo 37 as check symbol; in groups of five. SPEC-CLAIM-1.
 * @throws ProtocolError `ERR_PROTOCOL_CLAIM_CODE` for a secret of another length
 */
export function formatClaimCode({ did, secret }: ClaimCode): string {
  if (secret.length !== CLAIM_SECRET_BYTES) throw wrong('the secret of a claim code has 16 bytes')
  let rest = 0n
  for (const byte of concatBytes(didBytes(did), secret)) rest = rest * 256n + BigInt(byte)
  let text = SYMBOLS[Number(rest % 37n)] as string
  for (let i = 0; i < DATA_SYMBOLS; i++) {
    text = `${SYMBOLS[Number(rest % 32n)]}${text}`
    rest /= 32n
  }
  return (text.match(new RegExp(`.{1,${GROUP}}`, 'g')) as string[]).join('-')
}

/**
 * Reads a code as people type it: any case, O for 0, I and L for 1, hyphens and blanks anywhere. Any one wrong symbol and
 * any two neighbours in the wrong order are found.
 * @throws ProtocolError `ERR_PROTOCOL_CLAIM_CODE`, whose message says whether it is too short, has a sign that codes do
 * not have, or is mistyped
 */
export function parseClaimCode(typed: string): ClaimCode {
  const text = typed.replace(/[\s-]/g, '').toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1')
  if (text.length !== DATA_SYMBOLS + 1) throw wrong(`the code has ${DATA_SYMBOLS + 1} letters and digits, in groups of ${GROUP}: some are missing or too many`)
  let number = 0n
  for (const symbol of text.slice(0, DATA_SYMBOLS)) {
    const value = SYMBOLS.indexOf(symbol)
    if (value < 0 || value > 31) throw wrong('the code has a sign that codes do not have')
    number = number * 32n + BigInt(value)
  }
  if (SYMBOLS.indexOf(text.slice(DATA_SYMBOLS)) !== Number(number % 37n)) throw wrong('the code is mistyped: compare it with the paper, letter by letter')
  const bytes = new Uint8Array(DID_BYTES + CLAIM_SECRET_BYTES)
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i] = Number(number % 256n)
    number /= 256n
  }
  if (number !== 0n) throw wrong('the code is of a newer kind: update the wallet')
  return { did: formatDid(bytes.subarray(0, DID_BYTES)), secret: bytes.slice(DID_BYTES) }
}

function wrong(message: string): ProtocolError {
  return new ProtocolError('ERR_PROTOCOL_CLAIM_CODE', message)
}
