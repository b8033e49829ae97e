import type { Handle, Message } from '@chiron/protocol'
import { mayNameRefused, ownerOf } from '@chiron/ledger'
import type { Random } from '@chiron/vault'
import type { Engine } from '../../engine/engine.ts'
import { LedgerRefusal } from '../../ledger/refusal.ts'
import { submitMessages, validUntilFrom, type Signer } from '../../ledger/submitter.ts'
import { GatewayError } from '../errors.ts'
import type { DisplayDetail, DisplayLog } from './displays.ts'
import type { RefusalFacts, RefusalLog } from './refusals.ts'
import type { Waiting } from './waiting.ts'

export interface ReporterDependencies {
  readonly engine: Engine
  readonly signer: Signer
  readonly refusals: RefusalLog
  readonly displays: DisplayLog
  readonly now: () => number
  readonly random: Random
  /** Keeps what a report's root stands for, durably. */
  readonly keepDetails: (details: readonly DisplayDetail[]) => Promise<void>
  /** Hears, once for each {@link Reporter.report}, that the ledger would not take something. */
  readonly onFailure: (error: GatewayError) => void
}

/** How many entries contracts refused for good since the node started: patients' lists are without them. */
export interface Unlisted {
  readonly refusals: number
  readonly displays: number
}

/**
 * Brings refusals and displays onto the patients' lists (P3). An item that a contract refuses does not keep back the
 * others; what cannot be submitted now waits for the next time; what is refused for good is counted and not tried again.
 */
export class Reporter {
  readonly #dependencies: ReporterDependencies
  #unlisted: Unlisted = { refusals: 0, displays: 0 }

  constructor(dependencies: ReporterDependencies) {
    this.#dependencies = dependencies
  }

  get unlisted(): Unlisted {
    return this.#unlisted
  }

  /** @throws EngineError, StorageError: nothing is lost */
  async report(): Promise<void> {
    const { refusals, displays, keepDetails, random } = this.#dependencies
    const facts = this.#facts()
    for (let taken = refusals.take(facts); taken.length > 0; taken = refusals.take(facts)) {
      await this.#list('refusals', taken, (entries) => ({ type: 'access.refuse', salt: random(16), refusals: entries }))
    }
    for (let taken = displays.take(); taken.length > 0; taken = displays.take()) {
      const details = taken.map(({ entry }) => entry.detail)
      const keep = async (): Promise<void> => await keepDetails(details)
      await this.#list('displays', taken, (entries) => ({ type: 'access.report', salt: random(16), reports: entries.map(({ report }) => report) }), keep)
    }
  }

  #facts(): RefusalFacts {
    const { engine, signer, now } = this.#dependencies
    const timeMs = Math.max(engine.status().timeMs, now())
    return {
      isPatient: (handle: Handle) => ownerOf(engine.state, handle)?.kind === 'patient',
      mayName: (patient, reader) => mayNameRefused(engine.state, { patient, reader, organisation: signer.did }, timeMs),
    }
  }

  /** What a contract refuses is halved until what it refuses stands alone. Without `first` the whole is handed in before this returns. */
  async #list<Entry>(kind: keyof Unlisted, taken: readonly Waiting<Entry>[], messageOf: (entries: Entry[]) => Message, first?: () => Promise<void>): Promise<void> {
    const left = new Set(taken)
    const refusals: LedgerRefusal[] = []
    const batches = [taken]
    try {
      if (first !== undefined) await first()
      for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
        const refusal = await this.#submit(messageOf(batch.map(({ entry }) => entry)))
        if (refusal !== undefined && batch.length > 1) {
          batches.push(batch.slice(batch.length >> 1), batch.slice(0, batch.length >> 1))
          continue
        }
        for (const item of batch) left.delete(item)
        if (refusal === undefined) continue
        const otherwise = batch[0]?.otherwise
        if (otherwise === undefined) refusals.push(refusal)
        else {
          left.add(otherwise)
          batches.push([otherwise])
        }
      }
    } catch (error) {
      for (const item of left) item.restore()
      throw error
    } finally {
      this.#count(kind, refusals)
    }
  }

  /** Undefined when it took effect. */
  async #submit(message: Message): Promise<LedgerRefusal | undefined> {
    const { engine, signer, now } = this.#dependencies
    try {
      await submitMessages(engine, signer, [message], validUntilFrom(engine, now()))
      return undefined
    } catch (error) {
      if (error instanceof LedgerRefusal) return error
      throw error
    }
  }

  #count(kind: keyof Unlisted, refusals: readonly LedgerRefusal[]): void {
    const [cause] = refusals
    if (cause === undefined) return
    this.#unlisted = { ...this.#unlisted, [kind]: this.#unlisted[kind] + refusals.length }
    this.#dependencies.onFailure(new GatewayError('ERR_GATEWAY_UNLISTED', `the ledger refused ${refusals.length} ${kind} that patients' lists should have`, { cause }))
  }
}
