/** What the named cases are made of: a clinic's doctor, a hospital's laboratory record, and what is changed about them. */
import type { Grantee, RuleTerms } from '@chiron/protocol'
import type { AccessRequest, PatientFacts, ReaderFacts, RecordFacts, Target } from '@chiron/ledger/decide'
import { didNamed, HANDLE, labelNumbered, NOW, recordNumbered, ruleNumbered, tagNumbered } from './decide-names.ts'
import type { ReferenceCase } from './decide-reference.ts'

export const [ada, doctor] = [didNamed('a'), didNamed('d')]
export const [home, clinic] = [didNamed('h'), didNamed('c')]
export const [lab, imaging] = [tagNumbered(1), tagNumbered(2)]
export const [hiv, genetics] = [labelNumbered(1), labelNumbered(2)]

export const toClinic: Grantee = { kind: 'organisation', did: clinic }
export const toDoctor: Grantee = { kind: 'person', did: doctor }
export const toPhysicians: Grantee = { kind: 'role', role: 'physician' }
export const toTreating: Grantee = { kind: 'anyone-treating' }

const rule = (fields: Partial<RuleTerms>): RuleTerms => ({
  effect: 'permit', grantee: toClinic, purposes: [], categories: [], labels: [], records: [], actions: ['read'], from: 0, until: null, overrides: null, ...fields,
})
export const permit = (fields: Partial<RuleTerms> = {}): RuleTerms => rule(fields)
export const deny = (fields: Partial<RuleTerms> = {}): RuleTerms => rule({ ...fields, effect: 'deny' })
export const treating = { organisation: clinic, fromMs: 0, untilMs: 5_000, contested: false }

export interface Change {
  readonly request?: Partial<AccessRequest>
  readonly reader?: Partial<ReaderFacts>
  readonly patient?: Partial<PatientFacts>
  readonly record?: Partial<RecordFacts>
  readonly target?: Target
  readonly rules?: readonly RuleTerms[]
  readonly timeMs?: number
}

/** The clinic's doctor reads, for treatment, a laboratory record that the hospital wrote. */
export function change({ request, reader, patient, record, target, rules = [], timeMs = NOW }: Change): ReferenceCase {
  const asked: AccessRequest = { reader: doctor, organisation: clinic, purpose: 'TREAT', action: 'read', ...request }
  return {
    request: asked,
    reader: {
      did: asked.reader, kind: 'practitioner', suspended: false, organisation: asked.organisation, organisationLive: true, jurisdiction: 'DE', acceptedTerms: [],
      attestations: [{ role: 'physician', untilMs: 5_000 }], delegation: { purposes: [], untilMs: 5_000 }, ...reader,
    },
    patient: {
      handle: HANDLE, owner: { did: ada, kind: 'patient', custodial: false }, rules: rules.map((terms, n) => ({ id: ruleNumbered(n), terms })), treatments: [],
      orders: [], delegates: [], emergencies: [], endorsements: [], authors: [home], ...patient,
    },
    target: target ?? { kind: 'record', record: { id: recordNumbered(1), state: 'present', author: home, firstAuthor: home, dates: null, category: lab, labels: [], flags: 0, ...record } },
    timeMs,
  }
}

export const asPatient: Change = { request: { reader: ada, organisation: home, purpose: 'PATRQT' }, reader: { kind: 'patient', attestations: [] } }
export const asAuthor: Change = { record: { author: clinic, firstAuthor: clinic } }
export const asHouse: Change = { request: { reader: clinic }, reader: { kind: 'organisation', attestations: [], delegation: null } }
export const write: Change = { request: { action: 'write' }, record: { state: 'new', author: null, firstAuthor: null } }
export const directory: Change = { patient: { owner: { did: home, kind: 'organisation', custodial: false } }, record: { flags: 4 } }
export const whole: Target = { kind: 'patient' }
