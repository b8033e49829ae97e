import { MAX_TX_LIFETIME_MS } from '@chiron/protocol'
import { SdkError } from '../errors.ts'
import { platformClock, platformRandom, type Clock, type Random } from '../ports.ts'
import type { Wallet } from '../wallet/wallet.ts'
import type { Draft } from './draft.ts'
import { signTx, type SignedTransaction } from './sign-tx.ts'

/** How long a transaction stays valid when nothing else is said: half of what the ledger allows. */
export const DEFAULT_LIFETIME_MS = MAX_TX_LIFETIME_MS / 2

/** Collects messages and signs them together. */
export class TxBuilder {
  readonly #chainId: string
  readonly #wallet: Wallet
  readonly #clock: Clock
  readonly #random: Random
  readonly #messages: Draft[] = []

  constructor(
    options: { readonly chainId: string; readonly wallet: Wallet },
    dependencies: { readonly clock?: Clock; readonly random?: Random } = {},
  ) {
    this.#chainId = options.chainId
    this.#wallet = options.wallet
    this.#clock = dependencies.clock ?? platformClock
    this.#random = dependencies.random ?? platformRandom
  }

  add(...messages: readonly Draft[]): this {
    this.#messages.push(...messages)
    return this
  }

  /** @throws SdkError `ERR_SDK_MESSAGE` also for a lifetime beyond ten minutes */
  async sign(lifetimeMs: number = DEFAULT_LIFETIME_MS): Promise<SignedTransaction> {
    if (lifetimeMs > MAX_TX_LIFETIME_MS) throw new SdkError('ERR_SDK_MESSAGE', 'a transaction is valid for ten minutes at most')
    const validUntil = this.#clock.now() + lifetimeMs
    return await signTx(this.#messages, { chainId: this.#chainId, wallet: this.#wallet, validUntil }, { random: this.#random })
  }
}
