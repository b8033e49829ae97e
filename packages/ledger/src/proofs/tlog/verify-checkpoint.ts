import { utf8, verifyEd25519 } from '@chiron/protocol'
import { ProofError } from '../errors.ts'
import type { Trust } from '../trust.ts'
import { logKeyOf, logOrigin, parseCheckpoint, type Checkpoint } from './checkpoint.ts'
import { verifyCosignature } from './cosignature.ts'
import { parseNote, parseVerifierKey, signaturesOf, type NoteKey } from './note.ts'

/** A witness that cosigned. */
export interface Witnessed {
  readonly name: string
  /** When it says that it saw the checkpoint, Unix milliseconds. */
  readonly timeMs: number
}

/** A checkpoint that a trusted signer made and enough trusted witnesses cosigned. */
export interface ProvenCheckpoint extends Checkpoint {
  readonly chainId: string
  /** Empty if the verifier trusts no witnesses. */
  readonly witnesses: readonly Witnessed[]
}

/**
 * Verifies a checkpoint offline: of the trusted chain, signed by a trusted signer, and cosigned by at least as many
 * trusted witnesses as `trust` asks for. Signatures by keys nobody named are ignored; one that claims a trusted key and
 * does not verify breaks the whole. SPEC-CKPT-5.
 * @throws ProofError `ERR_PROOF_FORMAT`, `ERR_PROOF_CHAIN`, `ERR_PROOF_SIGNATURE`, `ERR_PROOF_SIGNER`, `ERR_PROOF_WITNESS`
 */
export function verifyCheckpoint(note: string, trust: Trust): ProvenCheckpoint {
  const { text, signatures } = parseNote(note)
  const checkpoint = parseCheckpoint(text)
  if (checkpoint.origin !== logOrigin(trust.chainId)) throw new ProofError('ERR_PROOF_CHAIN', 'the checkpoint is of another log')
  const message = utf8(text)
  const isSigned = trust.signers.map(({ publicKey }) => {
    const own = signaturesOf(logKeyOf(trust.chainId, publicKey), signatures)
    if (!own.every(({ signature }) => verifyEd25519(publicKey, message, signature))) throw forged('signer')
    return own.length > 0
  })
  if (!isSigned.includes(true)) throw new ProofError('ERR_PROOF_SIGNER', 'the checkpoint is signed by nobody who is trusted')
  const witnesses = witnessKeys(trust).flatMap((key): Witnessed[] => {
    const times = signaturesOf(key, signatures).map(({ signature }) => verifyCosignature(key, text, signature))
    if (times.includes(undefined)) throw forged('witness')
    return times.length === 0 ? [] : [{ name: key.name, timeMs: Math.max(...(times as number[])) * 1000 }]
  })
  const quorum = trust.witnesses?.quorum ?? 0
  if (witnesses.length < quorum) throw new ProofError('ERR_PROOF_WITNESS', `the checkpoint has ${witnesses.length} of the ${quorum} cosignatures that are asked for`)
  return { ...checkpoint, chainId: trust.chainId, witnesses }
}

function witnessKeys(trust: Trust): NoteKey[] {
  return (trust.witnesses?.keys ?? []).map(parseVerifierKey)
}

function forged(whose: string): ProofError {
  return new ProofError('ERR_PROOF_SIGNATURE', `a signature that claims to be a trusted ${whose}'s does not verify`)
}
