import type { Did, Handle, Message, ObjectId } from '@chiron/protocol'
import { toHex } from '@chiron/protocol'
import { decideOpening } from '@chiron/ledger'
import type { Random } from '@chiron/vault'
import type { Engine } from '../../engine/engine.ts'
import type { LedgerFacts } from '../../ledger/ledger-facts.ts'
import { LedgerRefusal } from '../../ledger/refusal.ts'
import { submitMessages, validUntilFrom, type Signer } from '../../ledger/submitter.ts'
import type { RefusalLog } from './refusals.ts'

/** Who opens, for which purpose. */
export interface Seeker {
  readonly did: Did
  readonly purpose: string
}

/** An access that is open now. */
export interface OpenAccess {
  readonly id: ObjectId
  readonly patient: Handle
  /** Unix milliseconds of block time at which it ends by itself. */
  readonly until: number
}

interface Remembered {
  readonly patient: Handle
  /** Canonical id of the Patient. */
  readonly patientId: string
}

interface Waiting {
  readonly seeker: Seeker
  readonly patient: Handle
  readonly resolve: (done: undefined) => void
  readonly reject: (error: unknown) => void
}

const BATCH = 200

/**
 * Opens accesses on the ledger before anything is read. What is open is always read from committed state; openings that
 * are wanted at the same time share a transaction.
 */
export class AccessService {
  readonly #engine: Engine
  readonly #facts: LedgerFacts
  readonly #signer: Signer
  readonly #refusals: RefusalLog
  readonly #now: () => number
  readonly #random: Random
  readonly #listRefusals: () => void
  readonly #remembered = new Map<string, Map<string, Remembered>>()
  #waiting: Waiting[] = []
  #flushing = false

  constructor(dependencies: { engine: Engine; facts: LedgerFacts; signer: Signer; refusals: RefusalLog; now: () => number; random: Random; listRefusals: () => void }) {
    this.#engine = dependencies.engine
    this.#facts = dependencies.facts
    this.#signer = dependencies.signer
    this.#refusals = dependencies.refusals
    this.#now = dependencies.now
    this.#random = dependencies.random
    this.#listRefusals = dependencies.listRefusals
  }

  /** The access that is open now for a reader, purpose and patient, by newest block time and the clock, whichever is later. */
  current(seeker: Seeker, patient: Handle): OpenAccess | undefined {
    const found = this.#facts.open({ handle: patient, reader: seeker.did, organisation: this.#signer.did, purpose: seeker.purpose, action: 'read' })
    return found === undefined || this.timeMs() >= found.untilMs ? undefined : { id: found.id, patient, until: found.untilMs }
  }

  /** Notes that a reader had a patient's chart open here, so that a search that names nobody can include it. */
  remember(seeker: Seeker, patient: Handle, patientId: string): void {
    const key = `${seeker.did}/${seeker.purpose}`
    const charts = this.#remembered.get(key) ?? new Map<string, Remembered>()
    charts.set(toHex(patient), { patient, patientId })
    this.#remembered.set(key, charts)
  }

  /** Charts that a reader had open since the node started; whether they still are is `current`'s to say. */
  remembered(seeker: Seeker): readonly Remembered[] {
    return [...(this.#remembered.get(`${seeker.did}/${seeker.purpose}`)?.values() ?? [])]
  }

  /** Whether all of the charts are open to a reader and known to searches already. */
  hasAll(seeker: Seeker, patients: readonly Handle[]): boolean {
    const remembered = this.#remembered.get(`${seeker.did}/${seeker.purpose}`)
    return patients.every((patient) => remembered?.has(toHex(patient)) === true && this.current(seeker, patient) !== undefined)
  }

  /** Lists an attempt on what a reader may not read for those of the patients whose charts are not open to them. */
  refuse(seeker: Seeker, patients: readonly Handle[]): void {
    for (const patient of patients) if (this.current(seeker, patient) === undefined) this.#refusals.add(patient, seeker.did, seeker.purpose, 'read')
  }

  /** Block time, or the clock where it is ahead: the clock can only refuse. */
  timeMs(): number {
    return Math.max(this.#engine.status().timeMs, this.#now())
  }

  /**
   * Accesses for as many of the patients as decide() permits; opens what is not open yet in as few transactions as
   * possible. Refusals are remembered for the patients' lists when `listRefusals`.
   */
  async ensure(seeker: Seeker, patients: readonly Handle[], listRefusals = true): Promise<Map<string, OpenAccess>> {
    const open = new Map<string, OpenAccess>()
    const wanted: Handle[] = []
    const refuse = (patient: Handle): void => {
      if (listRefusals) this.#refusals.add(patient, seeker.did, seeker.purpose, 'read')
    }
    for (const patient of patients) {
      const current = this.current(seeker, patient)
      if (current !== undefined) open.set(toHex(patient), current)
      else if (this.#permits(seeker, patient)) wanted.push(patient)
      else refuse(patient)
    }
    await Promise.all(wanted.map((patient) => this.#enqueue(seeker, patient)))
    for (const patient of wanted) {
      const current = this.current(seeker, patient)
      if (current !== undefined) open.set(toHex(patient), current)
      else refuse(patient)
    }
    return open
  }

  #permits(seeker: Seeker, patient: Handle): boolean {
    const opening = { patient, reader: seeker.did, organisation: this.#signer.did, purpose: seeker.purpose, action: 'read' as const }
    return decideOpening(this.#engine.state, opening, this.timeMs()).effect === 'permit'
  }

  #enqueue(seeker: Seeker, patient: Handle): Promise<undefined> {
    const opened = new Promise<undefined>((resolve, reject) => this.#waiting.push({ seeker, patient, resolve, reject }))
    if (!this.#flushing) {
      this.#flushing = true
      queueMicrotask(() => void this.#flush())
    }
    return opened
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH)
      try {
        await this.#submit(batch)
        for (const item of batch) item.resolve(undefined)
      } catch (error) {
        if (error instanceof LedgerRefusal && batch.length > 1) await this.#oneByOne(batch)
        else for (const item of batch) settle(item, error)
      }
    }
    this.#flushing = false
  }

  async #oneByOne(batch: readonly Waiting[]): Promise<void> {
    for (const item of batch) {
      try {
        await this.#submit([item])
        item.resolve(undefined)
      } catch (error) {
        settle(item, error)
      }
    }
  }

  async #submit(batch: readonly Waiting[]): Promise<void> {
    const unique = new Map(batch.map((item) => [`${item.seeker.did}/${item.seeker.purpose}/${toHex(item.patient)}`, item]))
    const message: Message = {
      type: 'access.open',
      salt: this.#random(16),
      openings: [...unique.values()].map((item) => ({ patient: item.patient, reader: item.seeker.did, purpose: item.seeker.purpose, action: 'read' })),
    }
    // Handed in first, so that what was refused before is listed before.
    this.#listRefusals()
    await submitMessages(this.#engine, this.#signer, [message], validUntilFrom(this.#engine, this.#now()))
  }
}

/** A refusal in the block only means that no access came to be; what else failed is the reader's to know. */
function settle(item: Waiting, error: unknown): void {
  if (error instanceof LedgerRefusal) item.resolve(undefined)
  else item.reject(error)
}
