import { randomBytes } from 'node:crypto'
import type { Did, Message } from '@chiron/protocol'
import { identity } from '@chiron/ledger'
import type { Engine } from '../engine/engine.ts'
import { submitMessages, validUntilFrom, type Signer } from './submitter.ts'

/** A delegation with less left than this is made anew: a token that rests on it lives as long. */
const LEAST_LEFT_MS = 3_600_000
const DELEGATED_FOR_MS = 12 * 3_600_000

/**
 * Sees to it that the gateways of the organisations may act for a user, for all purposes and at least an hour: what is
 * missing is delegated until block time and 12 hours, in one transaction that the user signs.
 * @throws LedgerRefusal, EngineError
 */
export async function ensureDelegations(engine: Engine, user: Signer, organisations: readonly Did[], nowMs: number): Promise<void> {
  const timeMs = Math.max(engine.status().timeMs, nowMs)
  const missing = organisations.filter((to) => {
    const found = identity.delegation(engine.state, user.did, to)
    return found === undefined || found.purposes.length > 0 || found.untilMs < timeMs + LEAST_LEFT_MS
  })
  if (missing.length === 0) return
  const messages = missing.map((to): Message => ({ type: 'identity.delegate', salt: randomBytes(16), to, purposes: [], until: timeMs + DELEGATED_FOR_MS }))
  await submitMessages(engine, user, messages, validUntilFrom(engine, nowMs))
}
