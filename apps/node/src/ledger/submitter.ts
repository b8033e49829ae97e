import { encodeCanonical, encodeTx, signingBytes, type Did, type Message } from '@chiron/protocol'
import type { Committed, Engine } from '../engine/engine.ts'
import { LedgerRefusal } from './refusal.ts'

/** Signs with an identity's current key. The private key never leaves the implementation. */
export interface Signer {
  readonly did: Did
  readonly keyId: string
  /** Ed25519 signature, 64 bytes. */
  sign(message: Uint8Array): Uint8Array
}

const LIFETIME_MS = 300_000

/** `validUntil` of a transaction made now, by block time or the clock, whichever is later. */
export function validUntilFrom(engine: Engine, nowMs: number): number {
  return Math.max(engine.status().timeMs, nowMs) + LIFETIME_MS
}

/**
 * Signs messages as one transaction, submits it, and waits until it is durable.
 * @throws LedgerRefusal when a contract refuses; EngineError when it could not be ordered.
 */
export async function submitMessages(engine: Engine, signer: Signer, messages: readonly Message[], validUntil: number): Promise<Committed> {
  const { chainId } = engine.status()
  const body = encodeCanonical({ chainId, signer: signer.did, keyId: signer.keyId, messages, validUntil })
  return await submitEncoded(engine, encodeTx(body, signer.sign(signingBytes(body))))
}

/** Submits an encoded transaction. @throws as {@link submitMessages}. */
export async function submitEncoded(engine: Engine, tx: Uint8Array): Promise<Committed> {
  const committed = await engine.submit(tx)
  if (committed.result.code !== 0) throw new LedgerRefusal(committed)
  return committed
}
