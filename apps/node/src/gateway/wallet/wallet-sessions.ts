import { decodeCanonical, sha256, signedWalletSession, toHex, verifyEd25519, walletSession, walletSessionBytes, type Did } from '@chiron/protocol'
import { identity } from '@chiron/ledger'
import type { Engine } from '../../engine/engine.ts'
import { GatewayError } from '../errors.ts'
import { Attempts } from './attempts.ts'

const LIFETIME_MS = 5 * 60_000
const LIMITS = { total: 3000, failures: 50, windowMs: 10 * 60_000 }

/** Accepts what wallets sign to open a session at one organisation. */
export class WalletSessions {
  readonly #organisation: Did
  readonly #engine: Engine
  readonly #now: () => number
  readonly #attempts: Attempts
  readonly #seen = new Map<string, number>()

  constructor(options: { organisation: Did }, dependencies: { engine: Engine; now: () => number }) {
    this.#organisation = options.organisation
    this.#engine = dependencies.engine
    this.#now = dependencies.now
    this.#attempts = new Attempts(LIMITS, dependencies.now)
  }

  /**
   * The patient who signed: one who holds the keys, with the current one, for this network and organisation, now, and once.
   * What is wrong is not told. SPEC-WAL-2.
   * @throws GatewayError `ERR_GATEWAY_TOKEN`, `ERR_GATEWAY_TOO_MANY`; ProtocolError
   */
  accept(bytes: Uint8Array): Did {
    const { body, signature } = decodeCanonical(signedWalletSession, bytes)
    const asked = decodeCanonical(walletSession, body)
    this.#attempts.begin(asked.did)
    const { chainId, timeMs } = this.#engine.status()
    const now = Math.max(timeMs, this.#now())
    const key = identity.isSelfHeld(this.#engine.state, asked.did) ? identity.signingKey(this.#engine.state, asked.did, asked.keyId) : undefined
    const isMeant = asked.chainId === chainId && asked.gateway === this.#organisation && asked.validUntil > now && asked.validUntil <= now + LIFETIME_MS
    const isSigned = verifyEd25519(key ?? new Uint8Array(32).fill(0x66).fill(0x58, 0, 1), walletSessionBytes(body), signature)
    if (!isMeant || !isSigned || key === undefined || !this.#isFirst(toHex(sha256(body)), asked.validUntil, now)) {
      this.#attempts.failed(asked.did)
      throw new GatewayError('ERR_GATEWAY_TOKEN', 'no wallet that is known here signed this for here and now; make a new request with the newest key')
    }
    return asked.did
  }

  #isFirst(hash: string, untilMs: number, now: number): boolean {
    for (const [seen, until] of this.#seen) if (until <= now) this.#seen.delete(seen)
    if (this.#seen.has(hash)) return false
    this.#seen.set(hash, untilMs)
    return true
  }
}
