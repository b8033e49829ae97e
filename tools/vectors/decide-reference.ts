/**
 * The order of decision from its description, tier by tier, over plain lists and with nothing prepared: what `decide()`
 * is compared with. Shares types with it and no code.
 */
import type { AccessRequest, PatientFacts, ReaderFacts, Target } from '@chiron/ledger/decide'
import { isBelow } from './decide-reference-purposes.ts'
import { has, hasFlag, hex, isNow, matchRules, UNCATEGORISED, type MatchedRules, type Who } from './decide-reference-rules.ts'

export interface ReferenceCase {
  readonly request: AccessRequest
  readonly reader: ReaderFacts
  readonly patient: PatientFacts
  readonly target: Target
  readonly timeMs: number
}

export interface ReferenceDecision {
  readonly effect: 'permit' | 'deny'
  readonly tier: string
  readonly code: string
  /** Hexadecimal, ascending. */
  readonly rules: readonly string[]
  readonly obligations: readonly string[]
}

const DIRECTORY = 4
const USUAL = ['TREAT', 'HPAYMT', 'HOPERAT', 'HLEGAL']
const CLINICIANS = ['physician', 'nurse', 'pharmacist']

export function referenceDecision(c: ReferenceCase): ReferenceDecision {
  const { request, reader, patient, target, timeMs } = c
  const record = target.kind === 'record' ? target.record : undefined
  const answer = (effect: 'permit' | 'deny', tier: string, code: string, rules: readonly { readonly id: Uint8Array }[] = [], obligations: readonly string[] = []): ReferenceDecision => ({
    effect, tier, code, rules: rules.map((r) => hex(r.id)).sort(), obligations,
  })

  // Who is asking?
  const liveRoles = reader.attestations.filter((a) => a.untilMs > timeMs).map((a) => a.role as string)
  const isStaff = (reader.kind === 'practitioner' || reader.kind === 'device') && liveRoles.length > 0
  const isHouse = reader.kind === 'organisation' && reader.did === request.organisation
  const forOrganisation = isStaff || isHouse
  const treats = patient.treatments.some((t) => t.organisation === request.organisation && !t.contested && isNow(t.fromMs, t.untilMs, timeMs))
  const who: Who = { forOrganisation, roles: isHouse ? ['organisation'] : liveRoles, treats, persons: [request.reader] }
  const owner = patient.owner

  // Tier 0: who cannot ask, and what cannot be asked about
  const named = reader.delegation?.purposes ?? []
  const delegated = reader.delegation !== null && reader.delegation.untilMs > timeMs &&
    (named.length === 0 || (request.purpose === 'BTG' ? named.includes('BTG') : named.some((p) => isBelow(request.purpose, p))))
  const speaks = reader.did === request.organisation || ((isStaff || reader.kind === 'patient') && delegated)
  const mayAsk = reader.kind !== null && !reader.suspended && reader.organisationLive && owner !== null && speaks &&
    reader.did === request.reader && reader.organisation === request.organisation
  const exists = record === undefined || record.state === 'present' || (record.state === 'new' && request.action === 'write')
  if (!mayAsk || !exists || owner === null) return answer('deny', '0', 'DENY_INVALID')

  // Does the reader act for the patient?
  const isPatientsOwn = owner.kind === 'patient' && !owner.custodial && request.action === 'read'
  const delegations = patient.delegates.filter(
    (d) => isPatientsOwn && reader.kind === 'patient' && d.delegate === request.reader && !d.custodial && isNow(d.fromMs, d.untilMs, timeMs),
  )
  const within = delegations.filter((d) => {
    if (!d.actions.includes(request.action)) return false
    if (record === undefined) return true
    if (d.categories.length > 0 && (hasFlag(record, UNCATEGORISED) || !has(d.categories, record.category))) return false
    return record.labels.every((l) => has(d.labels, l))
  })

  // Tier 1: orders that deny
  const bound = delegations.length > 0 ? { ...who, persons: [request.reader, owner.did] } : who
  const orders = matchRules(patient.orders, bound, c)
  if (orders.standing.length > 0) return answer('deny', '1', 'DENY_ORDER', orders.standing)

  // Tier 2: the patient's own, an organisation's own
  if (isPatientsOwn && owner.did === request.reader) return answer('permit', '2', 'PERMIT_OWN')
  if (owner.kind === 'organisation' && owner.did === request.organisation && forOrganisation && ['read', 'write'].includes(request.action)) {
    return answer('permit', '2', 'PERMIT_OWN')
  }

  const permitted = (tier: string, code: string, { direct, implied }: MatchedRules): ReferenceDecision | undefined => {
    const rules = direct.length > 0 ? direct : implied
    if (rules.length === 0) return undefined
    const codes = new Set(rules.flatMap((r) => r.terms.obligations ?? []))
    return answer('permit', tier, code, rules, [...(direct.length > 0 ? [] : ['identity-only']), ...[...codes].sort()])
  }

  // Tier 3a: orders that permit
  const byOrder = permitted('3a', 'PERMIT_ORDER', orders)
  if (byOrder !== undefined) return byOrder

  // Tier 3b: authors, of the newest version and of the first
  const rules = matchRules(patient.rules, who, c)
  const authored = record === undefined ? patient.authors.includes(request.organisation) : [record.author, record.firstAuthor].includes(request.organisation)
  const narrowed = rules.standing.some((r) => ['person', 'role'].includes(r.terms.grantee.kind))
  const usual = USUAL.includes(request.purpose)
  if (authored && forOrganisation && usual && ['read', 'write'].includes(request.action) && !narrowed) return answer('permit', '3b', 'PERMIT_AUTHOR')

  // Tier 4: declared emergencies
  const declared = patient.emergencies.filter((e) => e.reader === request.reader && e.organisation === request.organisation && isNow(e.fromMs, e.untilMs, timeMs))
  const inEmergency = declared.length > 0 && reader.kind === 'practitioner' && owner.kind === 'patient' && request.action === 'read' &&
    ['BTG', 'ETREAT'].includes(request.purpose) && liveRoles.some((role) => CLINICIANS.includes(role))
  const hiddenAbsolutely = rules.standing.some((r) => r.terms.absolute === true)
  if (inEmergency && !hiddenAbsolutely) return answer('permit', '4', 'PERMIT_EMERGENCY', declared, ['review-emergency'])

  // Tier 5: denials
  if (rules.standing.length > 0) return answer('deny', '5', 'DENY_RULE', rules.standing)

  // Tiers 7 and 8 for who acts for the patient: labels are asked there
  if (delegations.length > 0) {
    if (within.length > 0) return answer('permit', '8', 'PERMIT_DELEGATE', within, ['list-as-delegate'])
    return permitted('7', 'PERMIT_RULE', rules) ?? answer('deny', '8', 'DENY_DELEGATE', delegations)
  }

  // Tier 6: labels
  const byRule = permitted('7', 'PERMIT_RULE', rules)
  if (record !== undefined && request.action !== 'write' && record.labels.length > 0 && byRule === undefined) return answer('deny', '6', 'DENY_SENSITIVE')

  // Tier 7: permits
  if (byRule !== undefined) return byRule
  if (owner.kind === 'organisation' && request.action === 'read' && (record === undefined || hasFlag(record, DIRECTORY))) return answer('permit', '7', 'PERMIT_DIRECTORY')
  const writable = record === undefined || record.author === null || authored
  if (request.action === 'write' && treats && forOrganisation && usual && writable) return answer('permit', '7', 'PERMIT_TREATING')

  return answer('deny', '9', 'DENY_DEFAULT')
}
