/** The matching of rules from its description, over plain lists and with nothing prepared. */
import type { Grantee, RuleCondition, RuleTerms } from '@chiron/protocol'
import type { RecordFacts, RuleFacts } from '@chiron/ledger/decide'
import { isBelow } from './decide-reference-purposes.ts'
import type { ReferenceCase } from './decide-reference.ts'

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const has = (list: readonly Uint8Array[], item: Uint8Array): boolean => list.some((x) => hex(x) === hex(item))
export const hasFlag = (record: RecordFacts | undefined, bit: number): boolean => record !== undefined && Math.floor(record.flags / bit) % 2 === 1
/** [from, until) */
export const isNow = (from: number, until: number | null, now: number): boolean => from <= now && (until === null || now < until)

export const IDENTITY = 2
export const UNCATEGORISED = 16

export interface Who {
  readonly forOrganisation: boolean
  readonly roles: readonly string[]
  readonly treats: boolean
  /** Persons as whom the reader is meant. */
  readonly persons: readonly string[]
}

export interface MatchedRules {
  /** Permits of the target. */
  readonly direct: readonly RuleFacts[]
  /** Permits of other things, which bring a Patient along. */
  readonly implied: readonly RuleFacts[]
  /** Denials of the target that nothing overrides. */
  readonly standing: readonly RuleFacts[]
}

export function matchRules(rules: readonly RuleFacts[], who: Who, c: ReferenceCase): MatchedRules {
  const { request, target } = c
  const record = target.kind === 'record' ? target.record : undefined
  const speaking = rules.filter(({ terms }) => speaks(terms, who, c))
  const names = ({ terms }: RuleFacts): boolean => record === undefined || request.action === 'write' || record.labels.every((l) => has(terms.labels, l))
  const permits = speaking.filter((r) => r.terms.effect === 'permit' && names(r))
  const direct = permits.filter((r) => covers(r.terms, record))
  const implied = hasFlag(record, IDENTITY) && request.action === 'read' ? permits.filter((r) => !covers(r.terms, record)) : []
  const standing = speaking.filter(
    (d) =>
      d.terms.effect === 'deny' && hits(d.terms, record) &&
      ![...direct, ...implied].some((p) => p.terms.overrides !== null && hex(p.terms.overrides) === hex(d.id) && narrower(p.terms, d.terms)),
  )
  return { direct, implied, standing }
}

/** For this reader, now, for this purpose and action, under these conditions. */
function speaks(terms: RuleTerms, who: Who, { request, reader, patient, timeMs }: ReferenceCase): boolean {
  const g = terms.grantee
  const named =
    (g.kind === 'person' && who.persons.includes(g.did)) ||
    (who.forOrganisation && g.kind === 'anyone') ||
    (who.forOrganisation && g.kind === 'organisation' && g.did === request.organisation) ||
    (who.forOrganisation && g.kind === 'role' && who.roles.includes(g.role) && (g.organisation === undefined || g.organisation === request.organisation)) ||
    (who.forOrganisation && g.kind === 'anyone-treating' && who.treats)
  if (!named || !isNow(terms.from, terms.until, timeMs) || !terms.actions.includes(request.action)) return false

  const purposeMeant = terms.purposes.length === 0 || terms.purposes.some((p) => isBelow(request.purpose, p))
  if (!purposeMeant) return false
  if (terms.effect === 'permit' && request.purpose === 'BTG') return false

  for (const condition of terms.conditions ?? []) {
    if (condition.kind === 'jurisdiction') {
      if (reader.jurisdiction === null) {
        if (terms.effect === 'permit') return false
        continue
      }
      const listed = condition.of.includes(reader.jurisdiction)
      if (condition.within ? !listed : listed) return false
    }
    if (terms.effect === 'deny') continue
    if (condition.kind === 'terms' && !has(reader.acceptedTerms, condition.hash)) return false
    const stands = patient.endorsements.filter((e) => e.reader === request.reader && e.organisation === request.organisation && e.endorser !== e.reader)
    if (condition.kind === 'second-person' && !stands.some((e) => e.purpose === request.purpose && isNow(e.fromMs, e.untilMs, timeMs))) return false
  }
  return true
}

function about(terms: RuleTerms, record: RecordFacts): boolean {
  if (terms.categories.length > 0 && !has(terms.categories, record.category)) return false
  return terms.records.length === 0 || has(terms.records, record.id)
}

/** What a permit reaches: all of the record's dates lie in its interval. */
function covers(terms: RuleTerms, record: RecordFacts | undefined): boolean {
  if (record === undefined) return true
  if (!about(terms, record) || (terms.categories.length > 0 && hasFlag(record, UNCATEGORISED))) return false
  if (terms.data === undefined) return true
  if (record.dates === null) return false
  const { from, until } = terms.data
  return (from === null || from <= record.dates.from) && (until === null || record.dates.until < until)
}

/** What a denial reaches: any day of the record may lie in its interval, but a Patient without days is about none. Of a patient: only a denial of everything. */
function hits(terms: RuleTerms, record: RecordFacts | undefined): boolean {
  if (record === undefined) return terms.categories.length + terms.records.length + terms.labels.length === 0 && terms.data === undefined
  if (!about(terms, record)) return false
  if (terms.labels.length > 0 && !record.labels.some((l) => has(terms.labels, l))) return false
  if (terms.data === undefined) return true
  if (record.dates === null) return !hasFlag(record, IDENTITY)
  const { from, until } = terms.data
  return !(from !== null && record.dates.until < from) && !(until !== null && record.dates.from >= until)
}

/** Every part of the permit within the denial's, and at least one smaller. */
export function narrower(permit: RuleTerms, denial: RuleTerms): boolean {
  const [p, d] = [permit.grantee, denial.grantee]
  const same = JSON.stringify(Object.entries(p).sort()) === JSON.stringify(Object.entries(d).sort())
  if (!same && !reaches(p, d)) return false
  let smaller = !same
  const equal = (x: string, y: string): boolean => x === y
  const lists: [string[], string[], (x: string, y: string) => boolean][] = [
    [permit.purposes, denial.purposes, isBelow],
    [permit.categories.map(hex), denial.categories.map(hex), equal],
    [permit.records.map(hex), denial.records.map(hex), equal],
    [permit.actions, denial.actions, equal],
  ]
  if (denial.labels.length > 0) lists.push([permit.labels.map(hex), denial.labels.map(hex), equal])
  for (const [inner, outer, lies] of lists) {
    if (outer.length > 0 && (inner.length === 0 || inner.some((x) => !outer.some((y) => lies(x, y))))) return false
    if (inner.length > 0 && (outer.length === 0 || outer.some((y) => !inner.some((x) => lies(y, x))))) smaller = true
  }

  const [pd, dd] = [permit.data ?? { from: null, until: null }, denial.data ?? { from: null, until: null }]
  const starts = [pd.from ?? -1, dd.from ?? -1] as const
  const ends = [pd.until ?? 2 ** 33, dd.until ?? 2 ** 33] as const
  if (starts[0] < starts[1] || ends[0] > ends[1]) return false
  if (starts[0] > starts[1] || ends[0] < ends[1]) smaller = true

  const [pc, dc] = [permit.conditions ?? [], denial.conditions ?? []]
  if (dc.some((wanted) => !pc.some((given) => ensures(given, wanted)))) return false
  if (pc.some((wanted) => !dc.some((given) => ensures(given, wanted)))) smaller = true
  return smaller
}

function reaches(p: Grantee, d: Grantee): boolean {
  const atHouse = p.kind === 'role' && p.organisation !== undefined
  switch (d.kind) {
    case 'person':
      return false
    case 'organisation':
      return p.kind === 'person' || (atHouse && p.organisation === d.did)
    case 'role':
      return p.kind === 'person' || (atHouse && d.organisation === undefined && p.role === d.role)
    case 'anyone-treating':
      return p.kind === 'person' || p.kind === 'organisation' || atHouse
    case 'anyone':
      return p.kind !== 'anyone'
  }
}

/** Whether who meets one condition meets the other: over every country there could be. */
function ensures(given: RuleCondition, wanted: RuleCondition): boolean {
  if (given.kind === 'jurisdiction' && wanted.kind === 'jurisdiction') {
    const countries = [...given.of, ...wanted.of, 'elsewhere']
    return countries.every((country) => given.of.includes(country) !== given.within || wanted.of.includes(country) === wanted.within)
  }
  if (given.kind === 'terms' && wanted.kind === 'terms') return hex(given.hash) === hex(wanted.hash)
  return given.kind === wanted.kind
}
