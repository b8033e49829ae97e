import { identity } from '@chiron/ledger'
import type { Engine } from '../engine/engine.ts'
import type { Vocabulary } from '../gateway/vocabulary.ts'
import type { CustodialWallets } from './wallets.ts'

/**
 * Destroys custodial keys of patients who have claimed theirs: at start what a crash or a restore left, then after each
 * block with a claim. What fails is tried again with the next block. SPEC-CLAIM-8.
 */
export class CustodyEnd {
  readonly #engine: Engine
  readonly #vocabulary: Vocabulary
  readonly #wallets: CustodialWallets
  readonly #onFailure: (error: unknown) => void
  readonly #stopListening: () => void
  #isDue = false
  #last: Promise<void> = Promise.resolve()

  constructor(dependencies: { engine: Engine; vocabulary: Vocabulary; wallets: CustodialWallets; onFailure: (error: unknown) => void }) {
    this.#engine = dependencies.engine
    this.#vocabulary = dependencies.vocabulary
    this.#wallets = dependencies.wallets
    this.#onFailure = dependencies.onFailure
    this.#stopListening = this.#engine.onBlock(({ results }) => {
      if (this.#isDue || results.some(({ events }) => events.some(({ type }) => type === 'identity.claimed'))) void this.sweep()
    })
  }

  /** Destroys every key that is no longer the custodian's to have; resolves when that is done, or has failed and was reported. */
  async sweep(): Promise<void> {
    this.#isDue = true
    this.#last = this.#afterwards(this.#last)
    await this.#last
  }

  async close(): Promise<void> {
    this.#stopListening()
    await this.#last
  }

  async #afterwards(before: Promise<void>): Promise<void> {
    await before
    if (!this.#isDue) return
    this.#isDue = false
    try {
      await this.#destroyClaimed()
    } catch (error) {
      this.#isDue = true
      this.#onFailure(error)
    }
  }

  async #destroyClaimed(): Promise<void> {
    const { state } = this.#engine
    for (const patientId of await this.#wallets.patientIds()) {
      const did = identity.handleOwner(state, this.#vocabulary.patientHandle(patientId))
      if (did !== undefined && identity.pastCustody(state, did) !== undefined) await this.#wallets.destroy(patientId)
    }
  }
}
