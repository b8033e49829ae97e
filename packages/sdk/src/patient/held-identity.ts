import { concatBytes, decodeCanonical, didBytes, equalBytes, schema, utf8, type Did } from '@chiron/protocol'
import { parseReceipt, ProofError, verifyReceipt, type Trust } from '@chiron/ledger/proofs'
import * as v from 'valibot'

const identityFact = v.strictObject({ kind: v.literal('patient'), controller: v.null(), key: schema.uint, suspended: v.boolean(), sinceMs: schema.timeMs })
const keyFact = v.strictObject({ signing: schema.key32, agreement: schema.key32, fromMs: schema.timeMs, untilMs: v.null() })

/** Receipts of two facts: the identity, and its newest key. */
export const heldIdentity = v.object({ identity: v.unknown(), key: v.unknown() })
export type HeldIdentity = v.InferOutput<typeof heldIdentity>

/**
 * Proves that the patient `did` is in nobody's custody and that these are the current keys, 32 bytes each.
 * @throws ProofError for a proof that does not hold, or of something else
 */
export function verifyHeldIdentity(proof: HeldIdentity, trust: Trust, expected: { readonly did: Did; readonly keyId: string; readonly signingKey: Uint8Array; readonly agreementKey: Uint8Array }): void {
  const did = didBytes(expected.did)
  const number = Number(expected.keyId.slice(1))
  const numberBytes = new Uint8Array(4)
  new DataView(numberBytes.buffer).setUint32(0, number)
  const identity = proveFact(proof.identity, trust, concatBytes(utf8('id/d/'), did), identityFact)
  const key = proveFact(proof.key, trust, concatBytes(utf8('id/k/'), did, numberBytes), keyFact)
  const isHeld = identity.key === number && equalBytes(key.signing, expected.signingKey) && equalBytes(key.agreement, expected.agreementKey)
  if (!isHeld) throw new ProofError('ERR_PROOF_FACT', 'the identity has other keys')
}

function proveFact<T>(json: unknown, trust: Trust, key: Uint8Array, shape: v.GenericSchema<unknown, T>): T {
  const proven = verifyReceipt(parseReceipt(json), trust)
  if (proven.kind !== 'fact' || !equalBytes(proven.key, key)) throw new ProofError('ERR_PROOF_FACT', 'the receipt is for something else')
  try {
    return decodeCanonical(shape, proven.value)
  } catch (cause) {
    throw new ProofError('ERR_PROOF_FACT', 'the identity is not held by the patient', { cause })
  }
}
