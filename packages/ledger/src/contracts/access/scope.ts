import { toHex, type Did, type Handle, type Opening, type Tag } from '@chiron/protocol'
import type { Decision } from '../../decide/types.ts'
import type { StateReader } from '../../state/reader.ts'
import { MAX_SCOPE } from './limits.ts'
import type { AccessPorts } from './ports.ts'

/** What a permit at the level of the patient allows: until when its basis lasts, and for which categories. */
export interface Basis {
  readonly decision: Decision
  /** Earliest block time at which the basis may be gone; undefined: no end in sight. */
  readonly untilMs: number | undefined
  readonly categories: Tag[]
}

/** Decides an opening and works out how far the permit reaches. A denial has no basis to measure. */
export function basisOf(state: StateReader, ports: AccessPorts, opening: Opening & { readonly organisation: Did }, timeMs: number): Basis {
  const decision = ports.decideOpening(state, opening, timeMs)
  if (decision.effect === 'deny') return { decision, untilMs: undefined, categories: [] }
  const terms = decision.rules.flatMap((rule) => ports.ruleTerms(state, opening.patient, rule) ?? [])
  const ends = [endOfBasis(state, ports, opening, decision, terms), ports.nextDenialStart(state, opening.patient, timeMs)]
  const known = ends.filter((end) => end !== undefined)
  return {
    decision,
    untilMs: known.length === 0 ? undefined : Math.min(...known),
    categories: scopeOf(terms),
  }
}

type Terms = { readonly until: number | null; readonly categories: readonly Tag[] }

function endOfBasis(state: StateReader, ports: AccessPorts, opening: { readonly patient: Handle; readonly organisation: Did }, decision: Decision, terms: readonly Terms[]): number | undefined {
  if (decision.code === 'PERMIT_TREATING') return ports.treatmentEnd(state, opening.patient, opening.organisation)
  let latest: number | undefined
  for (const { until } of terms) {
    if (until === null) return undefined
    latest = Math.max(latest ?? 0, until)
  }
  return latest
}

function scopeOf(terms: readonly Terms[]): Tag[] {
  const tags = new Map<string, Tag>()
  for (const { categories } of terms) {
    if (categories.length === 0) return []
    for (const category of categories) tags.set(toHex(category), category)
  }
  return tags.size > MAX_SCOPE ? [] : [...tags.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, tag]) => tag)
}
