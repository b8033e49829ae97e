/**
 * The order of decision from its description, tier by tier, over plain lists and with nothing prepared: what `decide()`
 * is compared with. Shares types with it and no code.
 */
import type { RuleTerms } from '@chiron/protocol'
import type { AccessRequest, PatientFacts, ReaderFacts, RuleFacts, Target } from '@chiron/ledger/decide'

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

const FLAG = { identity: 2, directory: 4, uncategorised: 16 }
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const has = (list: readonly Uint8Array[], item: Uint8Array): boolean => list.some((x) => hex(x) === hex(item))

export function referenceDecision(c: ReferenceCase): ReferenceDecision {
  const { request, reader, patient, target, timeMs } = c
  const record = target.kind === 'record' ? target.record : undefined
  const flag = (bit: number): boolean => record !== undefined && Math.floor(record.flags / bit) % 2 === 1
  const answer = (effect: 'permit' | 'deny', tier: string, code: string, rules: readonly RuleFacts[] = [], obligations: string[] = []): ReferenceDecision => ({
    effect, tier, code, rules: rules.map((r) => hex(r.id)).sort(), obligations,
  })

  // Who is asking?
  const liveRoles = reader.attestations.filter((a) => a.untilMs > timeMs).map((a) => a.role as string)
  const isStaff = (reader.kind === 'practitioner' || reader.kind === 'device') && liveRoles.length > 0
  const isHouse = reader.kind === 'organisation' && reader.did === request.organisation
  const forOrganisation = isStaff || isHouse
  const roles = isHouse ? ['organisation'] : liveRoles
  const treats = patient.treatments.some((t) => t.organisation === request.organisation && !t.contested && t.fromMs <= timeMs && t.untilMs > timeMs)
  const usual = ['TREAT', 'HPAYMT', 'HOPERAT', 'HLEGAL'].includes(request.purpose)

  // Tier 0
  const delegated = reader.delegation !== null && reader.delegation.untilMs > timeMs &&
    (reader.delegation.purposes.length === 0 || reader.delegation.purposes.includes(request.purpose))
  const speaks = reader.did === request.organisation || ((isStaff || reader.kind === 'patient') && delegated)
  const mayAsk = reader.kind !== null && !reader.suspended && reader.organisationLive && patient.owner !== null && speaks &&
    reader.did === request.reader && reader.organisation === request.organisation
  const exists = record === undefined || record.state === 'present' || (record.state === 'new' && request.action === 'write')
  if (!mayAsk || !exists) return answer('deny', '0', 'DENY_INVALID')

  // Tier 2
  const owner = patient.owner
  if (owner !== null && owner.kind === 'patient' && owner.did === request.reader && !owner.custodial && request.action === 'read') return answer('permit', '2', 'PERMIT_OWN')
  if (owner !== null && owner.kind === 'organisation' && owner.did === request.organisation && forOrganisation && ['read', 'write'].includes(request.action)) {
    return answer('permit', '2', 'PERMIT_OWN')
  }

  // Which rules speak about this?
  const meets = ({ terms }: RuleFacts): boolean => {
    const g = terms.grantee
    const named =
      (g.kind === 'person' && g.did === request.reader) ||
      (g.kind === 'organisation' && forOrganisation && g.did === request.organisation) ||
      (g.kind === 'role' && forOrganisation && roles.includes(g.role)) ||
      (g.kind === 'anyone-treating' && forOrganisation && treats)
    const inForce = terms.from <= timeMs && (terms.until === null || timeMs < terms.until)
    return named && inForce && terms.actions.includes(request.action) && (terms.purposes.length === 0 || terms.purposes.includes(request.purpose))
  }
  const rules = patient.rules.filter(meets)
  const about = ({ terms }: RuleFacts): boolean => {
    if (record === undefined) return true
    if (terms.categories.length > 0 && !has(terms.categories, record.category)) return false
    return terms.records.length === 0 || has(terms.records, record.id)
  }
  const covers = (rule: RuleFacts): boolean => about(rule) && !(rule.terms.categories.length > 0 && flag(FLAG.uncategorised))
  const names = ({ terms }: RuleFacts): boolean => record === undefined || request.action === 'write' || record.labels.every((l) => has(terms.labels, l))
  const permits = rules.filter((r) => r.terms.effect === 'permit')
  const direct = permits.filter((r) => covers(r) && names(r))
  const implied = flag(FLAG.identity) && request.action === 'read' ? permits.filter((r) => !covers(r) && names(r)) : []
  const hits = (rule: RuleFacts): boolean => {
    const { categories, records, labels } = rule.terms
    if (record === undefined) return categories.length + records.length + labels.length === 0
    return about(rule) && (labels.length === 0 || record.labels.some((l) => has(labels, l)))
  }
  const overridden = (denial: RuleFacts): boolean =>
    [...direct, ...implied].some((p) => p.terms.overrides !== null && hex(p.terms.overrides) === hex(denial.id) && narrower(p.terms, denial.terms))
  const standing = rules.filter((r) => r.terms.effect === 'deny' && hits(r) && !overridden(r))

  // Tier 3b
  const authored = record === undefined ? patient.authors.includes(request.organisation) : record.author === request.organisation
  const narrowed = standing.some((r) => ['person', 'role'].includes(r.terms.grantee.kind))
  if (authored && forOrganisation && usual && ['read', 'write'].includes(request.action) && !narrowed) return answer('permit', '3b', 'PERMIT_AUTHOR')

  // Tier 5
  if (standing.length > 0) return answer('deny', '5', 'DENY_RULE', standing)

  // Tier 6
  if (record !== undefined && request.action !== 'write' && record.labels.length > 0 && direct.length + implied.length === 0) return answer('deny', '6', 'DENY_SENSITIVE')

  // Tier 7
  if (direct.length > 0) return answer('permit', '7', 'PERMIT_RULE', direct)
  if (implied.length > 0) return answer('permit', '7', 'PERMIT_RULE', implied, ['identity-only'])
  if (owner?.kind === 'organisation' && request.action === 'read' && (record === undefined || flag(FLAG.directory))) return answer('permit', '7', 'PERMIT_DIRECTORY')
  const writable = record === undefined || record.author === null || record.author === request.organisation
  if (request.action === 'write' && treats && forOrganisation && usual && writable) return answer('permit', '7', 'PERMIT_TREATING')

  return answer('deny', '9', 'DENY_DEFAULT')
}

/** Every part of the permit within the denial's, and at least one smaller. */
function narrower(permit: RuleTerms, denial: RuleTerms): boolean {
  const rank = { person: 0, organisation: 1, role: 1, 'anyone-treating': 2 } as const
  const [p, d] = [permit.grantee, denial.grantee]
  const same = JSON.stringify(Object.entries(p).sort()) === JSON.stringify(Object.entries(d).sort())
  const reaches = rank[p.kind] < rank[d.kind] && !(p.kind === 'role' && d.kind === 'anyone-treating')
  if (!same && !reaches) return false
  let smaller = !same
  const lists: [string[], string[]][] = [
    [permit.purposes, denial.purposes],
    [permit.categories.map(hex), denial.categories.map(hex)],
    [permit.records.map(hex), denial.records.map(hex)],
  ]
  for (const [inner, outer] of lists) {
    if (outer.length > 0 && (inner.length === 0 || inner.some((x) => !outer.includes(x)))) return false
    if (inner.length > 0 && (outer.length === 0 || outer.some((x) => !inner.includes(x)))) smaller = true
  }
  if (permit.actions.some((a) => !denial.actions.includes(a))) return false
  if (denial.actions.some((a) => !permit.actions.includes(a))) smaller = true
  if (denial.labels.length > 0) {
    const [inner, outer] = [permit.labels.map(hex), denial.labels.map(hex)]
    if (inner.length === 0 || inner.some((x) => !outer.includes(x))) return false
    if (outer.some((x) => !inner.includes(x))) smaller = true
  }
  return smaller
}
