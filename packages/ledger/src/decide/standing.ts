import { action as actionSchema, isDid } from '@chiron/protocol'
import type { IndexedRule, RuleBucket, Snapshot } from './snapshot.ts'
import type { AccessRequest } from './types.ts'

/** What holds for every target of one request at one time. */
export interface Standing {
  /** Whether the request is well-formed and the reader may ask at all (tier 0). */
  readonly valid: boolean
  /** Whether the reader acts for the organisation, and not merely through its gateway as a patient does. */
  readonly belongs: boolean
  /** Whether the organisation has a treating relationship in force and uncontested. */
  readonly treating: boolean
  /** Rules for the reader, by grantee. */
  readonly buckets: readonly RuleBucket[]
  /** Of a list of those rules: the ones in force for the purpose and the action. Worked out once for each list. */
  inForce(rules: readonly IndexedRule[]): RulesInForce
}

export interface RulesInForce {
  readonly denials: readonly IndexedRule[]
  readonly permits: readonly IndexedRule[]
}

const PURPOSE = /^[A-Z][A-Z0-9-]{1,31}$/

export function standingOf(request: AccessRequest, snapshot: Snapshot, timeMs: number): Standing {
  const belongs = isOfOrganisation(request, snapshot, timeMs)
  const treating = isTreating(request, snapshot, timeMs)
  const buckets: RuleBucket[] = []
  for (const grantee of granteesOf(request, snapshot, timeMs, belongs, treating)) {
    const bucket = snapshot.patient.byGrantee.get(grantee)
    if (bucket !== undefined) buckets.push(bucket)
  }
  const known = new Map<readonly IndexedRule[], RulesInForce>()
  return {
    valid: isValid(request, snapshot, timeMs, belongs),
    belongs,
    treating,
    buckets,
    inForce(rules) {
      const found = known.get(rules) ?? selectInForce(rules, request, timeMs)
      known.set(rules, found)
      return found
    },
  }
}

function selectInForce(rules: readonly IndexedRule[], { purpose, action }: AccessRequest, timeMs: number): RulesInForce {
  const denials: IndexedRule[] = []
  const permits: IndexedRule[] = []
  for (const rule of rules) {
    if (timeMs < rule.from || timeMs >= rule.until) continue
    if (rule.purposes !== null && !rule.purposes.has(purpose)) continue
    if (!rule.actions.includes(action)) continue
    if (rule.isDenial) denials.push(rule)
    else permits.push(rule)
  }
  return { denials, permits }
}

function isWellFormed(request: AccessRequest, snapshot: Snapshot, timeMs: number): boolean {
  return (
    Number.isSafeInteger(timeMs) && timeMs >= 0 &&
    isDid(request.reader) && isDid(request.organisation) && PURPOSE.test(request.purpose) &&
    actionSchema.options.includes(request.action) &&
    snapshot.reader.did === request.reader && snapshot.reader.organisation === request.organisation
  )
}

function isValid(request: AccessRequest, snapshot: Snapshot, timeMs: number, belongs: boolean): boolean {
  if (!isWellFormed(request, snapshot, timeMs)) return false
  const { reader, patient } = snapshot
  if (patient.facts.owner === null || !reader.organisationLive) return false
  if (reader.kind === null || reader.suspended) return false
  if (reader.did === reader.organisation) return true
  if (!belongs && reader.kind !== 'patient') return false
  const { delegation } = reader
  if (delegation === null || timeMs >= delegation.untilMs) return false
  return delegation.purposes.length === 0 || delegation.purposes.includes(request.purpose)
}

function isOfOrganisation(request: AccessRequest, { reader }: Snapshot, timeMs: number): boolean {
  if (reader.kind === 'organisation') return request.reader === request.organisation
  if (reader.kind !== 'practitioner' && reader.kind !== 'device') return false
  return reader.attestations.some((a) => timeMs < a.untilMs)
}

function isTreating(request: AccessRequest, { patient }: Snapshot, timeMs: number): boolean {
  const treatment = patient.treatments.get(request.organisation)
  return treatment !== undefined && !treatment.contested && treatment.fromMs <= timeMs && timeMs < treatment.untilMs
}

function granteesOf(request: AccessRequest, { reader }: Snapshot, timeMs: number, belongs: boolean, treating: boolean): Iterable<string> {
  const grantees = new Set([`person:${request.reader}`])
  if (!belongs) return grantees
  grantees.add(`organisation:${request.organisation}`)
  if (treating) grantees.add('anyone-treating')
  if (reader.kind === 'organisation') grantees.add('role:organisation')
  else for (const a of reader.attestations) if (timeMs < a.untilMs) grantees.add(`role:${a.role}`)
  return grantees
}
