import { AUTHOR_PURPOSES } from '@chiron/ledger'
import { toHex } from '@chiron/protocol'
import type { LedgerFacts } from '../../ledger/ledger-facts.ts'
import type { Visibility } from '../index/visibility.ts'
import type { Reader } from '../reader.ts'
import type { AccessService, OpenAccess } from './access-service.ts'
import type { Charts } from './charts.ts'
import type { Narrowing } from './narrowing.ts'

/** What one reader may see right now: the predicate of every query, and the accesses behind it. */
export interface Sight {
  readonly visibility: Visibility
  /** Open accesses by handle in hexadecimal. */
  readonly accesses: ReadonlyMap<string, OpenAccess>
}

interface Known {
  readonly sight: Sight
  readonly at: readonly number[]
  /** When the passing of time alone may change it. */
  readonly untilMs: number
}

const REMEMBERED = 1000

/** Everything that a reader has open. The same answer again for as long as no block, chart or rule's end changed it. */
export class Sights {
  readonly #facts: LedgerFacts
  readonly #access: AccessService
  readonly #charts: Charts
  readonly #narrowing: Narrowing
  readonly #known = new Map<string, Known>()
  readonly #about = new WeakMap<Sight, Map<string, Sight>>()

  constructor(dependencies: { facts: LedgerFacts; access: AccessService; charts: Charts; narrowing: Narrowing }) {
    this.#facts = dependencies.facts
    this.#access = dependencies.access
    this.#charts = dependencies.charts
    this.#narrowing = dependencies.narrowing
  }

  /** Rows authored here or open now; opens nothing. A record about several patients needs the access to each. */
  async open(reader: Reader): Promise<Sight> {
    const seeker = { did: reader.did, purpose: reader.purpose }
    const key = `${seeker.did}/${seeker.purpose}/${reader.patientId ?? ''}`
    const at = this.#at(reader)
    const known = this.#known.get(key)
    if (known !== undefined && at.every((version, index) => version === known.at[index]) && this.#access.timeMs() < known.untilMs) return known.sight
    const accesses = new Map<string, OpenAccess>()
    let untilMs = Number.MAX_SAFE_INTEGER
    for (const { patient, patientId } of this.#access.remembered(seeker)) {
      const access = this.#access.current(seeker, patient)
      if (access === undefined) continue
      await this.#charts.load(seeker, access, patientId)
      untilMs = Math.min(untilMs, this.#charts.settledUntil(access))
      accesses.set(toHex(patient), access)
    }
    const isAuthor = reader.patientId === undefined && AUTHOR_PURPOSES.has(reader.purpose)
    const hidden = isAuthor ? this.#narrowing.hiddenFrom(seeker) : undefined
    const visibility: Visibility = {
      accesses: [...accesses.values()].map((access) => toHex(access.id)),
      authored: isAuthor ? 'all' : 'none',
      directory: true,
      ...(hidden === undefined || hidden.records.length === 0 ? {} : { narrowed: { records: hidden.records } }),
    }
    const sight = { visibility, accesses }
    if (this.#known.size >= REMEMBERED) this.#known.delete(this.#known.keys().next().value as string)
    this.#known.set(key, { sight, at, untilMs: Math.min(untilMs, hidden?.untilMs ?? untilMs) })
    return sight
  }

  /** A sight that is restricted to patients (canonical ids): the same object for the same ones, as the index remembers what objects mean. */
  about(sight: Sight, patients: readonly string[]): Sight {
    const known = this.#about.get(sight) ?? new Map<string, Sight>()
    this.#about.set(sight, known)
    const key = patients.join()
    const found = known.get(key)
    if (found !== undefined) return found
    const about = { ...sight, visibility: { ...sight.visibility, patients } }
    if (known.size >= REMEMBERED) known.clear()
    known.set(key, about)
    return about
  }

  /** What a sight depends on besides time. Taken before it is worked out, so that what changes meanwhile is seen the next time. */
  #at(reader: Reader): readonly number[] {
    return [this.#facts.stateVersion, this.#charts.version, this.#narrowing.version, this.#access.remembered({ did: reader.did, purpose: reader.purpose }).length]
  }
}
