import { action as actionSchema, isDid, schema, type Role } from '@chiron/protocol'
import * as v from 'valibot'
import type { Circumstances } from './conditions.ts'
import { EMERGENCY_PURPOSES, isPurposeDelegated } from './purposes.ts'
import type { Snapshot } from './snapshot.ts'
import { Speaking } from './speaking.ts'
import type { AccessRequest, DelegateFacts, EmergencyFacts } from './types.ts'

/** Roles whose holders may act in an emergency. */
export const CLINICAL_ROLES: ReadonlySet<Role> = new Set(['physician', 'nurse', 'pharmacist'])

/** What holds for every target of one request at one time. */
export interface Standing {
  /** Whether the request is well-formed and the reader may ask at all (tier 0). */
  readonly valid: boolean
  /** Whether the reader acts for the organisation, and not merely through its gateway as a patient does. */
  readonly belongs: boolean
  /** Whether the organisation has a treating relationship in force and uncontested. */
  readonly treating: boolean
  /** The patient's rules for the reader. */
  readonly rules: Speaking
  /** Orders for the reader; for a delegate, those for the patient as well. */
  readonly orders: Speaking
  /** Delegations under which the reader would read as the patient does. */
  readonly delegations: readonly DelegateFacts[]
  /** Emergencies that the reader declared and that this request is for. */
  readonly emergencies: readonly EmergencyFacts[]
}

export function standingOf(request: AccessRequest, snapshot: Snapshot, timeMs: number): Standing {
  const { reader, patient } = snapshot
  const valid = isWellFormed(request, snapshot, timeMs)
  const belongs = isOfOrganisation(request, snapshot, timeMs)
  const treating = isTreating(request, snapshot, timeMs)
  const delegations = delegationsOf(request, snapshot, timeMs)
  const grantees = granteesOf(request, snapshot, timeMs, belongs, treating)
  const owner = patient.facts.owner
  const bound = delegations.length > 0 && owner !== null ? [...grantees, `person:${owner.did}`] : grantees
  const circumstances: Circumstances = {
    jurisdiction: reader.jurisdiction,
    acceptedTerms: reader.acceptedTerms,
    isEndorsed: () => isEndorsed(request, snapshot, timeMs),
  }
  return {
    valid: valid && mayAsk(request, snapshot, timeMs, belongs),
    belongs,
    treating,
    rules: new Speaking(patient.rules, grantees, request, timeMs, circumstances),
    orders: new Speaking(patient.orders, bound, request, timeMs, circumstances),
    delegations,
    emergencies: emergenciesOf(request, snapshot, timeMs),
  }
}

function isWellFormed(request: AccessRequest, snapshot: Snapshot, timeMs: number): boolean {
  return (
    Number.isSafeInteger(timeMs) && timeMs >= 0 &&
    isDid(request.reader) && isDid(request.organisation) && v.is(schema.purpose, request.purpose) &&
    actionSchema.options.includes(request.action) &&
    snapshot.reader.did === request.reader && snapshot.reader.organisation === request.organisation
  )
}

function mayAsk(request: AccessRequest, { reader, patient }: Snapshot, timeMs: number, belongs: boolean): boolean {
  if (patient.facts.owner === null || !reader.organisationLive) return false
  if (reader.kind === null || reader.suspended) return false
  if (reader.did === reader.organisation) return true
  if (!belongs && reader.kind !== 'patient') return false
  const { delegation } = reader
  return delegation !== null && timeMs < delegation.untilMs && isPurposeDelegated(delegation.purposes, request.purpose)
}

function isOfOrganisation(request: AccessRequest, { reader }: Snapshot, timeMs: number): boolean {
  if (reader.kind === 'organisation') return request.reader === request.organisation
  if (reader.kind !== 'practitioner' && reader.kind !== 'device') return false
  return reader.attestations.some((a) => timeMs < a.untilMs)
}

function isTreating(request: AccessRequest, { patient }: Snapshot, timeMs: number): boolean {
  const treatment = patient.treatments.get(request.organisation)
  return treatment !== undefined && !treatment.contested && isWithinTime(treatment, timeMs)
}

function granteesOf(request: AccessRequest, { reader }: Snapshot, timeMs: number, belongs: boolean, treating: boolean): readonly string[] {
  const grantees = [`person:${request.reader}`]
  if (!belongs) return grantees
  grantees.push('anyone', `organisation:${request.organisation}`)
  if (treating) grantees.push('anyone-treating')
  for (const role of rolesOf(reader, timeMs)) grantees.push(`role:${role}`, `role:${role}@${request.organisation}`)
  return grantees
}

function rolesOf({ kind, attestations }: Snapshot['reader'], timeMs: number): Iterable<Role> {
  if (kind === 'organisation') return ['organisation']
  return new Set(attestations.filter((a) => timeMs < a.untilMs).map((a) => a.role))
}

// Acting as the patient is reading as a person, with a key that the person holds; and only what the patient could read.
function delegationsOf(request: AccessRequest, { reader, patient }: Snapshot, timeMs: number): readonly DelegateFacts[] {
  const { owner, delegates } = patient.facts
  if (delegates.length === 0 || reader.kind !== 'patient' || request.action !== 'read') return []
  if (owner === null || owner.kind !== 'patient' || owner.custodial || owner.did === request.reader) return []
  return delegates.filter((d) => d.delegate === request.reader && !d.custodial && isWithinTime(d, timeMs))
}

function emergenciesOf(request: AccessRequest, { reader, patient }: Snapshot, timeMs: number): readonly EmergencyFacts[] {
  const { owner, emergencies } = patient.facts
  if (emergencies.length === 0 || !EMERGENCY_PURPOSES.has(request.purpose) || request.action !== 'read') return []
  if (owner?.kind !== 'patient' || reader.kind !== 'practitioner') return []
  if (!reader.attestations.some((a) => timeMs < a.untilMs && CLINICAL_ROLES.has(a.role))) return []
  return emergencies.filter((e) => e.reader === request.reader && e.organisation === request.organisation && isWithinTime(e, timeMs))
}

function isEndorsed(request: AccessRequest, { patient }: Snapshot, timeMs: number): boolean {
  return patient.facts.endorsements.some(
    (e) =>
      e.reader === request.reader && e.organisation === request.organisation && e.purpose === request.purpose &&
      e.endorser !== request.reader && isWithinTime(e, timeMs),
  )
}

function isWithinTime({ fromMs, untilMs }: { readonly fromMs: number; readonly untilMs: number }, timeMs: number): boolean {
  return fromMs <= timeMs && timeMs < untilMs
}
