import type { Message } from '@chiron/protocol'
import { ownerOf } from '@chiron/ledger'
import type { Random } from '@chiron/vault'
import type { Engine } from '../../engine/engine.ts'
import { LedgerRefusal } from '../../ledger/refusal.ts'
import { submitMessages, validUntilFrom, type Signer } from '../../ledger/submitter.ts'
import type { DisplayDetail, DisplayLog } from './displays.ts'
import type { RefusalLog } from './refusals.ts'

export interface ReporterDependencies {
  readonly engine: Engine
  readonly signer: Signer
  readonly refusals: RefusalLog
  readonly displays: DisplayLog
  readonly now: () => number
  readonly random: Random
  /** Keeps what a report's root stands for, durably. */
  readonly keepDetails: (details: readonly DisplayDetail[]) => Promise<void>
  /** Hears of single items that the ledger would not take. */
  readonly onFailure: (error: unknown) => void
}

/**
 * Brings refusals and displays onto the patients' lists (P3). An item that a contract refuses does not keep back the
 * others; what cannot be submitted now waits for the next time.
 */
export class Reporter {
  readonly #dependencies: ReporterDependencies

  constructor(dependencies: ReporterDependencies) {
    this.#dependencies = dependencies
  }

  /** @throws EngineError, StorageError: nothing is lost */
  async report(): Promise<void> {
    const { engine, refusals, displays, keepDetails, random } = this.#dependencies
    const isPatient = (handle: Parameters<typeof ownerOf>[1]): boolean => ownerOf(engine.state, handle)?.kind === 'patient'
    for (let taken = refusals.take(isPatient); taken !== undefined; taken = refusals.take(isPatient)) {
      const { message } = taken
      const single = message.refusals.map((refusal): Message => ({ ...message, salt: random(16), refusals: [refusal] }))
      await this.#restoring(taken, () => this.#submit(message, single))
    }
    for (let taken = displays.take(); taken !== undefined; taken = displays.take()) {
      const { message, details } = taken
      const single = message.reports.map((report): Message => ({ ...message, salt: random(16), reports: [report] }))
      await this.#restoring(taken, async () => {
        await keepDetails(details)
        await this.#submit(message, single)
      })
    }
  }

  async #restoring(taken: { restore(): void }, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      taken.restore()
      throw error
    }
  }

  async #submit(message: Message, single: readonly Message[]): Promise<void> {
    const { engine, signer, now } = this.#dependencies
    const submit = async (one: Message): Promise<unknown> => await submitMessages(engine, signer, [one], validUntilFrom(engine, now()))
    try {
      await submit(message)
    } catch (error) {
      if (!(error instanceof LedgerRefusal)) throw error
      if (single.length === 1) return this.#dependencies.onFailure(error)
      for (const one of single) await submit(one).catch((failure: unknown) => this.#dependencies.onFailure(failure))
    }
  }
}
