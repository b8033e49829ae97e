import { toHex, type Did, type ObjectId, type Opening, type Tag } from '@chiron/protocol'
import { decide } from '../../decide/decide.ts'
import type { Decision, PatientFacts } from '../../decide/types.ts'
import type { StateReader } from '../../state/reader.ts'
import { MAX_SCOPE, type Basis } from '../access/index.ts'
import { patientSnapshot, readerFacts } from './snapshot.ts'

type Request = Opening & { readonly organisation: Did }

/** Decides at the level of the patient: whether an access may be opened at all. */
export function decideOpening(state: StateReader, opening: Request, timeMs: number): Decision {
  return decideOn(state, opening, timeMs).decision
}

/**
 * Decides an opening and works out how far the permit reaches: to the latest end among what permits it (rules, orders,
 * emergency, delegation, treating relationship; none for the patient, the author and the directory), and not beyond the
 * next start of a denial, or end of a permit that overrides one. A rule that asks for a second person ends with the
 * endorsement.
 */
export function basisOf(state: StateReader, opening: Request, timeMs: number): Basis {
  const { decision, facts } = decideOn(state, opening, timeMs)
  if (decision.effect === 'deny') return { decision, untilMs: undefined, categories: [] }
  const index = permitIndexOf(facts)
  const permits = permitsOf(facts, index, opening, decision)
  const ends = [latestEnd(permits), index.turns.find((turn) => turn > timeMs), index.endorsedOverride ? turnOfEndorsements(facts, opening, timeMs) : undefined].filter((end) => end !== undefined)
  return { decision, untilMs: ends.length === 0 ? undefined : Math.min(...ends), categories: scopeOf(permits) }
}

function decideOn(state: StateReader, opening: Request, timeMs: number): { readonly decision: Decision; readonly facts: PatientFacts } {
  const { reader, organisation, purpose, action, patient: handle } = opening
  const patient = patientSnapshot(state, handle)
  const request = { reader, organisation, purpose, action, target: { kind: 'patient' } } as const
  return { decision: decide(request, { reader: readerFacts(state, reader, organisation), patient }, timeMs), facts: patient.facts }
}

/** Something that permits. `untilMs` null: it has no end. Categories by their hexadecimal form; none: all. */
interface Permit {
  readonly untilMs: number | null
  readonly categories: ReadonlyMap<string, Tag>
}

const ALL: ReadonlyMap<string, Tag> = new Map()

interface IndexedPermit extends Permit {
  readonly needsSecond: boolean
}

/** What may permit by its id. Decisions name rules by the very ids of their facts. */
interface PermitIndex {
  readonly byId: ReadonlyMap<ObjectId, IndexedPermit>
  /** When denials begin, and when permits that override some end, so that these stand again; ascending. */
  readonly turns: readonly number[]
  /** Whether a permit that overrides asks for a second person. */
  readonly endorsedOverride: boolean
}

const indexes = new WeakMap<PatientFacts, PermitIndex>()

/** Made once for facts, which never change. */
function permitIndexOf(facts: PatientFacts): PermitIndex {
  const known = indexes.get(facts)
  if (known !== undefined) return known
  const byId = new Map<ObjectId, IndexedPermit>()
  const turns: number[] = []
  let endorsedOverride = false
  for (const { id, terms } of [...facts.rules, ...facts.orders]) {
    const needsSecond = (terms.conditions ?? []).some(({ kind }) => kind === 'second-person')
    if (terms.effect === 'deny') {
      turns.push(terms.from)
      continue
    }
    byId.set(id, { untilMs: terms.until, categories: byHex(terms.categories), needsSecond })
    if (terms.overrides === null) continue
    if (terms.until !== null) turns.push(terms.until)
    endorsedOverride ||= needsSecond
  }
  for (const { id, untilMs, categories } of facts.delegates) byId.set(id, { untilMs, categories: byHex(categories), needsSecond: false })
  for (const { id, untilMs } of facts.emergencies) byId.set(id, { untilMs, categories: ALL, needsSecond: false })
  const made = { byId, turns: turns.sort((a, b) => a - b), endorsedOverride }
  indexes.set(facts, made)
  return made
}

const byHex = (tags: readonly Tag[]): ReadonlyMap<string, Tag> => (tags.length === 0 ? ALL : new Map(tags.map((tag) => [toHex(tag), tag])))

function permitsOf(facts: PatientFacts, { byId }: PermitIndex, opening: Request, decision: Decision): Permit[] {
  if (decision.code === 'PERMIT_TREATING') {
    return facts.treatments.filter((t) => t.organisation === opening.organisation).map(({ untilMs }) => ({ untilMs, categories: ALL }))
  }
  if (decision.rules.length === 0) return []
  const endorsedUntil = endOfEndorsements(facts, opening)
  const found: Permit[] = []
  for (const id of decision.rules) {
    const permit = byId.get(id)
    if (permit === undefined) continue
    found.push(permit.needsSecond ? { ...permit, untilMs: Math.min(permit.untilMs ?? Number.MAX_SAFE_INTEGER, endorsedUntil) } : permit)
  }
  // What permits and is not found has no end that could be known: then the access ends at once.
  return found.length > 0 ? found : [{ untilMs: 0, categories: ALL }]
}

function endOfEndorsements({ endorsements }: PatientFacts, { reader, organisation, purpose }: Request): number {
  const endorsed = endorsements.filter((e) => e.reader === reader && e.organisation === organisation && e.purpose === purpose)
  return Math.max(0, ...endorsed.map((e) => e.untilMs))
}

function turnOfEndorsements(facts: PatientFacts, opening: Request, timeMs: number): number | undefined {
  const end = endOfEndorsements(facts, opening)
  return end > timeMs ? end : undefined
}

function latestEnd(permits: readonly Permit[]): number | undefined {
  let latest: number | undefined
  for (const { untilMs } of permits) {
    if (untilMs === null) return undefined
    latest = Math.max(latest ?? 0, untilMs)
  }
  return latest
}

function scopeOf(permits: readonly Permit[]): Tag[] {
  const tags = new Map<string, Tag>()
  for (const { categories } of permits) {
    if (categories.size === 0) return []
    for (const [key, category] of categories) tags.set(key, category)
  }
  return tags.size > MAX_SCOPE ? [] : [...tags.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, tag]) => tag)
}
