import { toHex, type Did, type Handle, type ObjectId, type RuleTerms } from '@chiron/protocol'
import { referenceDecision, type ReferenceDecision } from '../../../tools/vectors/decide-reference.ts'
import type { DelegateFacts, EndorsementFacts, PatientFacts, ReaderFacts, Target, TreatmentFacts } from '../src/index.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export interface ModelEmergency {
  readonly id: ObjectId
  readonly reader: Did
  readonly organisation: Did
  readonly declaredMs: number
  confirmed: boolean
  endedMs: number | null
  reviewedBy: Did | null
  disputes: number
  /** Who had reviewed when it was contested last. */
  lastReviewer: Did | null
}

export interface ModelAccess {
  readonly id: ObjectId
  readonly reader: Did
  readonly organisation: Did
  readonly purpose: string
  readonly openedMs: number
  readonly tier: string
  readonly rules: readonly string[]
  until: number
  open: boolean
}

interface Listed {
  readonly id: ObjectId
  readonly terms: RuleTerms
}

export type Asks = Pick<ModelAccess, 'reader' | 'organisation' | 'purpose'>

/** One patient's consent as lists of what was said, and accesses as what follows from it by the plain reference. Knows no keys. */
export class WholeConsentModel {
  timeMs: number
  readonly handle: Handle
  readonly owner: Did
  rules: Listed[] = []
  orders: (Listed & { readonly forAll: boolean; readonly lifted: boolean })[] = []
  readonly delegates = new Map<Did, Omit<DelegateFacts, 'custodial'>>()
  readonly endorsements = new Map<string, EndorsementFacts>()
  readonly emergencies: ModelEmergency[] = []
  readonly accesses: ModelAccess[] = []
  readonly treatments: TreatmentFacts[] = []
  readonly authors: Did[] = []
  readonly #readerOf: (reader: Did, organisation: Did) => ReaderFacts

  constructor(owner: Did, handle: Handle, timeMs: number, readerOf: (reader: Did, organisation: Did) => ReaderFacts) {
    this.owner = owner
    this.handle = handle
    this.timeMs = timeMs
    this.#readerOf = readerOf
  }

  untilOf(e: ModelEmergency): number {
    return e.declaredMs + (e.confirmed ? DAY_MS : HOUR_MS / 4)
  }

  isLive(e: ModelEmergency): boolean {
    return e.endedMs === null && this.timeMs < this.untilOf(e)
  }

  facts(): PatientFacts {
    const orders = this.orders.filter((o) => !o.lifted)
    return {
      handle: this.handle,
      owner: { did: this.owner, kind: 'patient', custodial: false },
      rules: this.rules,
      orders: [...orders.filter((o) => !o.forAll), ...orders.filter((o) => o.forAll)].map(({ id, terms }) => ({ id, terms })),
      delegates: [...this.delegates.values()].map((d) => ({ ...d, custodial: false })),
      emergencies: this.emergencies.filter((e) => e.endedMs === null).map((e) => ({ id: e.id, reader: e.reader, organisation: e.organisation, fromMs: e.declaredMs, untilMs: this.untilOf(e) })),
      endorsements: [...this.endorsements.values()],
      treatments: this.treatments,
      authors: this.authors,
    }
  }

  decide(asks: Asks, target: Target = { kind: 'patient' }): ReferenceDecision {
    const request = { ...asks, action: 'read' as const }
    return referenceDecision({ request, reader: this.#readerOf(asks.reader, asks.organisation), patient: this.facts(), target, timeMs: this.timeMs })
  }

  /** Until when a permit's basis is sure: the last end of what permits, the first denial that comes or stands again. */
  #sureUntil(asks: Asks, decision: ReferenceDecision): number {
    const facts = this.facts()
    const endorsed = facts.endorsements.filter((e) => e.reader === asks.reader && e.organisation === asks.organisation && e.purpose === asks.purpose).map((e) => e.untilMs)
    const ends = [
      ...[...facts.rules, ...facts.orders].map(({ id, terms }) => {
        const second = (terms.conditions ?? []).some((c) => c.kind === 'second-person')
        return { id, end: second ? Math.min(terms.until ?? Infinity, ...endorsed) : (terms.until ?? Infinity) }
      }),
      ...facts.delegates.map(({ id, untilMs }) => ({ id, end: untilMs })),
      ...facts.emergencies.map(({ id, untilMs }) => ({ id, end: untilMs })),
    ].filter(({ id }) => decision.rules.includes(toHex(id))).map(({ end }) => end)
    const denials = [...facts.rules, ...facts.orders].filter(({ terms }) => terms.effect === 'deny' && terms.from > this.timeMs).map(({ terms }) => terms.from)
    const overriders = facts.rules.filter(({ terms }) => terms.effect === 'permit' && terms.overrides !== null)
    const asksForSecond = overriders.some(({ terms }) => (terms.conditions ?? []).some((c) => c.kind === 'second-person'))
    const standsAgain = [...overriders.map(({ terms }) => terms.until ?? Infinity), ...(asksForSecond ? endorsed : [])].filter((end) => end > this.timeMs)
    return Math.min(ends.length === 0 ? Infinity : Math.max(...ends), ...denials, ...standsAgain)
  }

  #endOf(asks: Asks, decision: ReferenceDecision, openedMs: number): number {
    return Math.min(decision.tier === '4' ? Infinity : openedMs + 12 * HOUR_MS, this.#sureUntil(asks, decision))
  }

  findActive({ reader, organisation, purpose }: Asks): ModelAccess | undefined {
    return this.accesses.find((a) => a.open && a.reader === reader && a.organisation === organisation && a.purpose === purpose && this.timeMs < a.until)
  }

  open(id: ObjectId, asks: Asks): void {
    if (this.findActive(asks) !== undefined) return
    const decision = this.decide(asks)
    for (const a of this.accesses) if (a.reader === asks.reader && a.organisation === asks.organisation && a.purpose === asks.purpose) a.open = false
    const { tier, rules } = decision
    this.accesses.push({ id, ...asks, openedMs: this.timeMs, tier, rules, until: this.#endOf(asks, decision, this.timeMs), open: true })
  }

  /** After consent changed: what lost its basis ends, what has less of it ends earlier. */
  review(): void {
    for (const a of this.accesses.filter((x) => x.open)) {
      const decision = this.decide(a)
      if (this.timeMs >= a.until || decision.effect === 'deny') a.open = false
      else a.until = Math.min(a.until, this.#sureUntil(a, decision))
    }
  }

  /** After a confirmation: what rests on the emergency goes on with it. */
  extend(emergency: ModelEmergency): void {
    for (const a of this.accesses) {
      if (!a.open || this.timeMs >= a.until || a.tier !== '4' || !a.rules.includes(toHex(emergency.id))) continue
      const decision = this.decide(a)
      if (decision.effect === 'permit') a.until = Math.max(a.until, this.#endOf(a, decision, a.openedMs))
    }
  }
}
