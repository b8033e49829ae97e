/** One case for each thing that a tier says, by name. */
import type { Grantee, RuleTerms } from '@chiron/protocol'
import type { AccessRequest, PatientFacts, ReaderFacts, RecordFacts, Target } from '@chiron/ledger/decide'
import { didNamed, HANDLE, labelNumbered, NOW, recordNumbered, ruleNumbered, tagNumbered } from './decide-draw.ts'
import type { ReferenceCase } from './decide-reference.ts'

const [ada, doctor] = [didNamed('a'), didNamed('d')]
const [home, clinic] = [didNamed('h'), didNamed('c')]
const [lab, imaging] = [tagNumbered(1), tagNumbered(2)]
const [hiv, genetics] = [labelNumbered(1), labelNumbered(2)]

const toClinic: Grantee = { kind: 'organisation', did: clinic }
const toDoctor: Grantee = { kind: 'person', did: doctor }
const toPhysicians: Grantee = { kind: 'role', role: 'physician' }
const toTreating: Grantee = { kind: 'anyone-treating' }

const rule = (fields: Partial<RuleTerms>): RuleTerms => ({
  effect: 'permit', grantee: toClinic, purposes: [], categories: [], labels: [], records: [], actions: ['read'], from: 0, until: null, overrides: null, ...fields,
})
const permit = (fields: Partial<RuleTerms> = {}): RuleTerms => rule(fields)
const deny = (fields: Partial<RuleTerms> = {}): RuleTerms => rule({ ...fields, effect: 'deny' })
const treating = { organisation: clinic, fromMs: 0, untilMs: 5_000, contested: false }

interface Change {
  readonly request?: Partial<AccessRequest>
  readonly reader?: Partial<ReaderFacts>
  readonly patient?: Partial<PatientFacts>
  readonly record?: Partial<RecordFacts>
  readonly target?: Target
  readonly rules?: readonly RuleTerms[]
  readonly timeMs?: number
}

/** The clinic's doctor reads, for treatment, a laboratory record that the hospital wrote. */
function change({ request, reader, patient, record, target, rules = [], timeMs = NOW }: Change): ReferenceCase {
  const asked: AccessRequest = { reader: doctor, organisation: clinic, purpose: 'TREAT', action: 'read', ...request }
  return {
    request: asked,
    reader: {
      did: asked.reader, kind: 'practitioner', suspended: false, organisation: asked.organisation, organisationLive: true,
      attestations: [{ role: 'physician', untilMs: 5_000 }], delegation: { purposes: [], untilMs: 5_000 }, ...reader,
    },
    patient: {
      handle: HANDLE, owner: { did: ada, kind: 'patient', custodial: false }, rules: rules.map((terms, n) => ({ id: ruleNumbered(n), terms })), treatments: [],
      authors: [home], ...patient,
    },
    target: target ?? { kind: 'record', record: { id: recordNumbered(1), state: 'present', author: home, category: lab, labels: [], flags: 0, ...record } },
    timeMs,
  }
}

const asPatient: Change = { request: { reader: ada, organisation: home, purpose: 'PATRQT' }, reader: { kind: 'patient', attestations: [] } }
const asAuthor: Change = { record: { author: clinic } }
const asHouse: Change = { request: { reader: clinic }, reader: { kind: 'organisation', attestations: [], delegation: null } }
const write: Change = { request: { action: 'write' }, record: { state: 'new', author: null } }
const directory: Change = { patient: { owner: { did: home, kind: 'organisation', custodial: false } }, record: { flags: 4 } }
const whole: Target = { kind: 'patient' }

const CASES: Readonly<Record<string, Change>> = {
  '0: reader unknown': { reader: { kind: null }, rules: [permit()] },
  '0: reader suspended': { reader: { suspended: true }, rules: [permit()] },
  '0: organisation no live member': { reader: { organisationLive: false }, rules: [permit()] },
  '0: no role at the organisation': { reader: { attestations: [] }, rules: [permit()] },
  '0: role has run out': { reader: { attestations: [{ role: 'physician', untilMs: NOW }] }, rules: [permit()] },
  '0: no delegation': { reader: { delegation: null }, rules: [permit()] },
  '0: delegation has run out': { reader: { delegation: { purposes: [], untilMs: NOW } }, rules: [permit()] },
  '0: delegation for another purpose': { reader: { delegation: { purposes: ['HPAYMT'], untilMs: 5_000 } }, rules: [permit()] },
  '0: another organisation as reader': { request: { reader: home }, reader: { kind: 'organisation' }, rules: [permit()] },
  '0: nobody owns the handle': { patient: { owner: null }, rules: [permit()] },
  '0: unknown record': { record: { state: 'unknown' }, rules: [permit()] },
  '0: erased record, also for its author': { ...asAuthor, record: { state: 'erased', author: clinic } },
  '0: reading what is not written yet': { record: { state: 'new', author: null }, rules: [permit()] },
  '0: facts of another reader': { reader: { did: ada }, rules: [permit()] },
  '2: patients read their own': asPatient,
  '2: patients read their own labelled ones, whatever they deny': { ...asPatient, record: { labels: [hiv] }, rules: [deny({ grantee: toPhysicians })] },
  '2: not with a key that another holds': { ...asPatient, patient: { owner: { did: ada, kind: 'patient', custodial: true } } },
  '2: not for sharing': { ...asPatient, request: { ...asPatient.request, action: 'share' } },
  '2: an organisation writes its own list': { ...asHouse, request: { reader: clinic, action: 'write' }, patient: { owner: { did: clinic, kind: 'organisation', custodial: false } }, record: { state: 'new', author: null, flags: 8 } },
  '3b: the author reads': asAuthor,
  '3b: the author reads labelled ones': { record: { author: clinic, labels: [hiv] } },
  '3b: the author continues after treatment ended': { request: { action: 'write' }, record: { author: clinic } },
  '3b: the author itself, for operations': { ...asHouse, request: { reader: clinic, purpose: 'HOPERAT' }, record: { author: clinic } },
  '3b: not for research': { request: { purpose: 'HRESCH' }, record: { author: clinic } },
  '3b: not for sharing': { request: { action: 'share' }, record: { author: clinic } },
  '3b: a denial of the organisation does not remove it': { ...asAuthor, rules: [deny()] },
  '3b: nor one of anyone treating': { ...asAuthor, patient: { treatments: [treating] }, rules: [deny({ grantee: toTreating })] },
  '3b: a denial of the person narrows it': { ...asAuthor, rules: [deny({ grantee: toDoctor })] },
  '3b: a denial of the role narrows it': { ...asAuthor, rules: [deny({ grantee: toPhysicians, categories: [lab] })] },
  '3b: a denial of the role about something else does not': { ...asAuthor, rules: [deny({ grantee: toPhysicians, categories: [imaging] })] },
  '3b: an overridden denial of the role does not': { ...asAuthor, rules: [deny({ grantee: toPhysicians }), permit({ grantee: toDoctor, overrides: ruleNumbered(0) })] },
  '3b: the patient, once anything is authored': { patient: { authors: [clinic] }, target: whole },
  '5: a denial beats a newer permit': { rules: [deny(), permit({ from: 500 })] },
  '5: a denial of a category': { rules: [permit(), deny({ categories: [lab] })] },
  '5: a denial of another category': { rules: [permit(), deny({ categories: [imaging] })] },
  '5: a denial of a record': { rules: [permit(), deny({ records: [recordNumbered(1)] })] },
  '5: a denial of a label': { record: { labels: [hiv] }, rules: [permit({ labels: [hiv] }), deny({ labels: [hiv, genetics] })] },
  '5: a denial of a label that the record has not': { rules: [permit(), deny({ labels: [hiv] })] },
  '5: a denial for another purpose': { rules: [permit(), deny({ purposes: ['HPAYMT'] })] },
  '5: a denial of another action': { rules: [permit(), deny({ actions: ['share'] })] },
  '5: a denial that has run out': { rules: [permit(), deny({ until: NOW })] },
  '5: a denial that is yet to come': { rules: [permit(), deny({ from: NOW + 1 })] },
  '5: a narrower permit that names the denial wins': { rules: [deny(), permit({ grantee: toDoctor, overrides: ruleNumbered(0) })] },
  '5: a narrower permit that names none does not': { rules: [deny(), permit({ grantee: toDoctor })] },
  '5: an equal permit does not win by naming it': { rules: [deny(), permit({ overrides: ruleNumbered(0) })] },
  '5: a wider permit does not win by naming it': { rules: [deny({ categories: [lab] }), permit({ grantee: toDoctor, overrides: ruleNumbered(0) })] },
  '5: one denial overridden, another stands': { rules: [deny(), permit({ grantee: toDoctor, overrides: ruleNumbered(0) }), deny({ grantee: toPhysicians })] },
  '5: an overriding permit that lacks the label does not help another permit': {
    record: { labels: [hiv] }, rules: [deny(), permit({ grantee: toDoctor, overrides: ruleNumbered(0) }), permit({ labels: [hiv] })],
  },
  '5: the patient, when everything is denied': { target: whole, rules: [permit(), deny()] },
  '5: the patient, when only a category is denied': { target: whole, rules: [permit(), deny({ categories: [lab] })] },
  '6: a labelled record needs the label named': { record: { labels: [hiv] }, rules: [permit()] },
  '6: all labels by one permit': { record: { labels: [hiv, genetics] }, rules: [permit({ labels: [hiv] }), permit({ labels: [genetics] })] },
  '6: named by one permit': { record: { labels: [hiv, genetics] }, rules: [permit({ labels: [genetics, hiv] })] },
  '6: writing is not asked': { ...write, record: { state: 'new', author: null, labels: [hiv] }, patient: { treatments: [treating] } },
  '7: a permit for the organisation': { rules: [permit()] },
  '7: for the person': { rules: [permit({ grantee: toDoctor })] },
  '7: for the role': { rules: [permit({ grantee: toPhysicians })] },
  '7: for anyone treating': { patient: { treatments: [treating] }, rules: [permit({ grantee: toTreating })] },
  '7: for anyone treating, who is not': { rules: [permit({ grantee: toTreating })] },
  '7: a permit for the organisation is not one for a patient at its gateway': { reader: { kind: 'patient', attestations: [] }, rules: [permit()] },
  '7: a permit for a patient by name is': { reader: { kind: 'patient', attestations: [] }, rules: [permit({ grantee: toDoctor })] },
  '7: two permits': { rules: [permit(), permit({ grantee: toDoctor })] },
  '7: up to the last millisecond': { rules: [permit({ until: NOW + 1 })] },
  '7: the Patient along with a category, to identify': { record: { category: tagNumbered(3), flags: 2 }, rules: [permit({ categories: [lab] })] },
  '7: the Patient in full with its own category': { record: { flags: 2 }, rules: [permit({ categories: [lab] })] },
  '7: the Patient not along with a permit to write': { record: { flags: 2, category: imaging }, rules: [permit({ categories: [lab], actions: ['write'] })] },
  '7: what has no category needs a permit of all': { record: { flags: 16 }, rules: [permit({ categories: [lab] })] },
  '7: what has no category, with a permit of all': { record: { flags: 16 }, rules: [permit()] },
  '7: the directory of another member': directory,
  '7: what is internal to another member': { ...directory, record: { flags: 8 } },
  '7: a treating organisation writes': { ...write, patient: { treatments: [treating] } },
  '7: a treating organisation does not continue what another wrote': { request: { action: 'write' }, patient: { treatments: [treating] } },
  '7: not when contested': { ...write, patient: { treatments: [{ ...treating, contested: true }] } },
  '7: not when it ended': { ...write, patient: { treatments: [{ ...treating, untilMs: NOW }] } },
  '7: treating permits no reading': { patient: { treatments: [treating] } },
  '7: the patient, with any permit': { target: whole, rules: [permit({ categories: [lab] })] },
  '9: nothing permits': {},
  '9: a permit that has run out': { rules: [permit({ until: NOW })] },
  '9: a permit that is yet to come': { rules: [permit({ from: NOW + 1 })] },
  '9: a permit for another purpose': { rules: [permit({ purposes: ['HPAYMT'] })] },
  '9: a permit of another category': { rules: [permit({ categories: [imaging] })] },
  '9: a permit of another record': { rules: [permit({ records: [recordNumbered(2)] })] },
  '9: a permit for another organisation': { rules: [permit({ grantee: { kind: 'organisation', did: home } })] },
  '9: a permit of another action': { rules: [permit({ actions: ['share'] })] },
}

export function decideCases(): (ReferenceCase & { readonly name: string })[] {
  return Object.entries(CASES).map(([name, fields]) => ({ name, ...change(fields) }))
}
