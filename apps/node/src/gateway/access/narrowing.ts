import { toHex, type Did, type Handle } from '@chiron/protocol'
import { consent, recordDecider, records } from '@chiron/ledger'
import type { Engine } from '../../engine/engine.ts'
import type { Seeker } from './access-service.ts'
import { nextBoundary } from './boundaries.ts'
import { mayShow } from './obligations.ts'

interface Known {
  readonly revision: number
  readonly size: number
  readonly untilMs: number
  readonly hidden: readonly Uint8Array[]
}

/**
 * Patients who narrowed what an organisation reads of its own records (tier 3b), or about whom an order denies it
 * (tier 1), and which records that hides from a reader. Kept in memory, from the state at start and from each block.
 */
export class Narrowing {
  readonly #organisation: Did
  readonly #engine: Engine
  readonly #timeMs: () => number
  readonly #patients = new Map<string, { readonly handle: Handle; revision: number }>()
  readonly #known = new Map<string, Known>()
  #version = 0
  /** Of what holds for every patient. */
  #common = 0

  constructor(options: { organisation: Did }, dependencies: { engine: Engine; timeMs: () => number }) {
    this.#organisation = options.organisation
    this.#engine = dependencies.engine
    this.#timeMs = dependencies.timeMs
    for (const handle of consent.patientsWithDenials(this.#engine.state)) this.#patients.set(toHex(handle), { handle, revision: 0 })
  }

  /** Grows whenever what is hidden may have changed for another reason than time or new records. */
  get version(): number {
    return this.#version
  }

  /** A patient's rules or labels changed. */
  touch(handle: Handle): void {
    this.#version += 1
    const key = toHex(handle)
    const { state } = this.#engine
    const said = [...consent.rulesOf(state, handle, this.#timeMs(), { all: true }), ...[...consent.ordersOf(state, handle)].map(([, order]) => order)]
    const denies = said.some(({ terms }) => terms.effect === 'deny')
    const known = this.#patients.get(key)
    if (known !== undefined) known.revision += 1
    else if (denies) this.#patients.set(key, { handle, revision: 1 })
  }

  /** What holds for every patient changed: an order about all, or where the organisation stands. */
  touchAll(): void {
    this.#version += 1
    this.#common += 1
  }

  /** Records authored here that the reader may not see, whatever else is open, and until when time alone leaves it so. */
  hiddenFrom(seeker: Seeker): { readonly records: readonly Uint8Array[]; readonly untilMs: number } {
    const hidden = this.#concerned().map(({ handle, revision }) => this.#hiddenOf(seeker, handle, revision + this.#common))
    return { records: hidden.flatMap((known) => known.hidden), untilMs: Math.min(...hidden.map((known) => known.untilMs)) }
  }

  /** While an order denies something about everybody, all whose records the organisation wrote. */
  #concerned(): readonly { readonly handle: Handle; readonly revision: number }[] {
    if (!consent.isEverybodyDenied(this.#engine.state)) return [...this.#patients.values()]
    const written = records.handlesAuthoredBy(this.#engine.state, this.#organisation)
    const others = written.filter((handle) => !this.#patients.has(toHex(handle))).map((handle) => ({ handle, revision: 0 }))
    return [...this.#patients.values(), ...others]
  }

  #hiddenOf(seeker: Seeker, handle: Handle, revision: number): Known {
    const now = this.#timeMs()
    const size = this.#engine.state.listSize('records', handle)
    const key = `${seeker.did}/${seeker.purpose}/${toHex(handle)}`
    const known = this.#known.get(key)
    if (known !== undefined && known.revision === revision && known.size === size && now < known.untilMs) return known
    const decide = recordDecider(this.#engine.state, { reader: seeker.did, organisation: this.#organisation, purpose: seeker.purpose, action: 'read' }, now)
    const hidden = new Map<string, Uint8Array>()
    for (const [, { record, author }] of records.recordsOf(this.#engine.state, handle)) {
      const name = toHex(record)
      if (author === this.#organisation && !hidden.has(name) && !mayShow(decide(record))) hidden.set(name, record)
    }
    const found = { revision, size, untilMs: nextBoundary(this.#engine.state, handle, now), hidden: [...hidden.values()] }
    this.#known.set(key, found)
    return found
  }
}
