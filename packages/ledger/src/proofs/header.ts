import { appHash, decodeHeader, equalBytes, headerSigningBytes, verifyEd25519, type AppState, type BlockHeader, type Did } from '@chiron/protocol'
import { ProofError } from './errors.ts'
import type { Trust } from './trust.ts'

/** Canonical bytes of a header, who signed them, and the signature (64 bytes): protocol's `SignedHeader`. */
export interface HeaderSignature {
  readonly header: Uint8Array
  readonly signer: Did
  readonly signature: Uint8Array
}

/** A signed header and the roots under its app hash: what every proof ends at. */
export interface ProofHead {
  readonly app: AppState
  readonly signed: HeaderSignature
}

/** A block that a trusted signer vouches for, and the roots after it. */
export interface ProvenHead {
  readonly chainId: string
  readonly height: number
  readonly timeMs: number
  readonly signer: Did
  readonly app: AppState
}

/**
 * Verifies a header against what the verifier trusts. SPEC-PROOF-2.
 * @throws ProofError `ERR_PROOF_SIGNER`, `ERR_PROOF_SIGNATURE`, `ERR_PROOF_FORMAT`, `ERR_PROOF_CHAIN`
 */
export function verifyHeader(signed: HeaderSignature, trust: Trust): BlockHeader {
  const keys = trust.signers.filter((signer) => signer.did === signed.signer)
  if (keys.length === 0) throw new ProofError('ERR_PROOF_SIGNER', 'the header is signed by nobody who is trusted')
  const message = headerSigningBytes(signed.header)
  if (!keys.some(({ publicKey }) => verifyEd25519(publicKey, message, signed.signature))) {
    throw new ProofError('ERR_PROOF_SIGNATURE', "the header's signature does not verify")
  }
  const header = readHeader(signed.header)
  if (header.chainId !== trust.chainId) throw new ProofError('ERR_PROOF_CHAIN', 'the header is of another chain')
  return header
}

/** As {@link verifyHeader}, and the roots are those under the app hash. @throws ProofError also `ERR_PROOF_APP_HASH` */
export function verifyHead(head: ProofHead, trust: Trust): ProvenHead {
  const { chainId, height, timeMs, appHash: committed } = verifyHeader(head.signed, trust)
  if (!equalBytes(appHash(head.app), committed)) throw new ProofError('ERR_PROOF_APP_HASH', "the roots are not the header's")
  return { chainId, height, timeMs, signer: head.signed.signer, app: head.app }
}

function readHeader(bytes: Uint8Array): BlockHeader {
  try {
    return decodeHeader(bytes)
  } catch (cause) {
    throw new ProofError('ERR_PROOF_FORMAT', 'not a header', { cause })
  }
}
