/** Orders, emergencies and delegates: tiers 1, 3a, 4 and 8, by name. */
import type { DelegateFacts, EmergencyFacts, PatientFacts } from '@chiron/ledger/decide'
import type { RuleTerms } from '@chiron/protocol'
import { ada, asAuthor, asHouse, asPatient, clinic, deny, doctor, genetics, hiv, home, imaging, lab, permit, toDoctor, toPhysicians, whole, write, type Change } from './decide-case.ts'
import { delegationNumbered, didNamed, emergencyNumbered, NOW, orderNumbered, recordNumbered, ruleNumbered, tagNumbered } from './decide-names.ts'

const mother = didNamed('m')
const toAnyone = { kind: 'anyone' } as const
const ordered = (...terms: readonly RuleTerms[]): Partial<PatientFacts> => ({ orders: terms.map((t, n) => ({ id: orderNumbered(n), terms: t })) })

const emergency = (fields: Partial<EmergencyFacts> = {}): EmergencyFacts => ({ id: emergencyNumbered(0), reader: doctor, organisation: clinic, fromMs: 0, untilMs: 5_000, ...fields })
/** The doctor breaks the glass. */
const broken = (fields: Partial<EmergencyFacts> = {}): Change => ({ request: { purpose: 'BTG' }, patient: { emergencies: [emergency(fields)] } })

const delegation = (fields: Partial<DelegateFacts> = {}): DelegateFacts => ({
  id: delegationNumbered(0), delegate: mother, custodial: false, actions: ['read'], categories: [], labels: [], fromMs: 0, untilMs: 5_000, ...fields,
})
/** The patient's mother, through the hospital's gateway. */
const asMother = (...delegations: readonly DelegateFacts[]): Change => ({
  request: { reader: mother, organisation: home, purpose: 'FAMRQT' },
  reader: { kind: 'patient', attestations: [] },
  patient: { delegates: delegations },
})

export const AUTHORITY_CASES: Readonly<Record<string, Change>> = {
  '1: an order that denies': { patient: ordered(deny({ grantee: toAnyone })), rules: [permit()] },
  '1: also the author': { ...asAuthor, patient: ordered(deny()) },
  '1: also a permit that names it as overridden': { patient: ordered(deny()), rules: [permit({ grantee: toDoctor, overrides: orderNumbered(0) })] },
  '1: also an order that permits and names it': { patient: ordered(deny(), permit({ grantee: toDoctor, overrides: ruleNumbered(0) })) },
  '1: also in an emergency': { ...broken(), patient: { ...broken().patient, ...ordered(deny({ purposes: ['TREAT'] })) } },
  '1: the patient whom it names': { ...asPatient, patient: ordered(deny({ grantee: { kind: 'person', did: ada } })) },
  '1: who acts for the patient whom it names': { ...asMother(delegation()), patient: { ...asMother(delegation()).patient, ...ordered(deny({ grantee: { kind: 'person', did: ada } })) } },
  '1: the patient whom it names, once, also as a delegate of their own': { ...asPatient, patient: { delegates: [delegation({ delegate: ada })], ...ordered(deny({ grantee: { kind: 'person', did: ada } })) } },
  '1: not who does not act for the patient whom it names': { ...asMother(), patient: ordered(deny({ grantee: { kind: 'person', did: ada } })) },
  '1: a forbidden purpose': { request: { purpose: 'HMARKT' }, patient: ordered(deny({ grantee: toAnyone, purposes: ['HMARKT'] })), rules: [permit()] },
  '1: a forbidden purpose, asked under one below it': { request: { purpose: 'CLINTRCHPC' }, patient: ordered(deny({ grantee: toAnyone, purposes: ['HRESCH'] })), rules: [permit()] },
  '1: a blocked transfer': { reader: { jurisdiction: 'US' }, patient: ordered(deny({ grantee: toAnyone, conditions: [{ kind: 'jurisdiction', within: false, of: ['DE', 'FR'] }] })), rules: [permit()] },
  '1: a blocked transfer, to where nobody knows': { reader: { jurisdiction: null }, patient: ordered(deny({ grantee: toAnyone, conditions: [{ kind: 'jurisdiction', within: true, of: ['US'] }] })), rules: [permit()] },
  '1: a transfer that is not blocked': { patient: ordered(deny({ grantee: toAnyone, conditions: [{ kind: 'jurisdiction', within: true, of: ['US'] }] })), rules: [permit()] },
  '1: an order about something else': { patient: ordered(deny({ categories: [imaging] })), rules: [permit()] },
  '1: an order that has run out': { patient: ordered(deny({ until: NOW })), rules: [permit()] },
  '1: the patient, when everything is denied': { target: whole, patient: ordered(deny({ grantee: toAnyone })), rules: [permit()] },
  '1: the patient, when only a category is denied': { target: whole, patient: ordered(deny({ categories: [lab] })), rules: [permit()] },
  '3a: an order that permits, whatever the patient denies': { patient: ordered(permit()), rules: [deny(), deny({ absolute: true })] },
  '3a: not labelled records that it does not name': { record: { labels: [hiv] }, patient: ordered(permit()), rules: [permit({ labels: [hiv] })] },
  '3a: labelled records whose labels it names': { record: { labels: [hiv] }, patient: ordered(permit({ labels: [hiv] })) },
  '3a: the Patient along with it, to identify': { record: { flags: 2, category: tagNumbered(3) }, patient: ordered(permit({ categories: [lab], obligations: ['MINEC'] })) },
  '3a: not for another purpose': { patient: ordered(permit({ purposes: ['PUBHLTH'] })) },
  '3a: writing': { ...write, patient: ordered(permit({ actions: ['write'] })) },
  '3a: the patient, when it may cover something': { target: whole, patient: ordered(permit({ categories: [imaging] })) },
  '3b: the author of the first version': { record: { author: home, firstAuthor: clinic } },
  '3b: nor the author of a version in between': { record: { author: home, firstAuthor: didNamed('z') } },
  '3b: a denial of the role at the organisation narrows it': { ...asAuthor, rules: [deny({ grantee: { kind: 'role', role: 'physician', organisation: clinic } })] },
  '3b: a denial of anyone does not remove it': { ...asAuthor, rules: [deny({ grantee: toAnyone })] },
  '3b: not for a purpose below treatment': { ...asAuthor, request: { purpose: 'ETREAT' } },
  '4: a declared emergency': broken(),
  '4: overrides denials': { ...broken(), rules: [deny(), deny({ grantee: toDoctor })] },
  '4: overrides the sensitivity gate': { ...broken(), record: { labels: [hiv] } },
  '4: not what is hidden absolutely': { ...broken(), rules: [deny({ absolute: true, categories: [lab] })] },
  '4: not what is hidden absolutely for treatment': { ...broken(), rules: [deny({ absolute: true, purposes: ['TREAT'] })] },
  '4: what is hidden absolutely, but not this': { ...broken(), rules: [deny({ absolute: true, categories: [imaging] })] },
  '4: what was hidden absolutely until now': { ...broken(), rules: [deny({ absolute: true, until: NOW })] },
  '4: an absolute denial that a permit overrides': {
    ...broken(), request: { purpose: 'ETREAT' }, rules: [deny({ absolute: true }), permit({ grantee: toDoctor, overrides: ruleNumbered(0) })],
  },
  '4: no permit overrides it when the glass is broken': { ...broken(), rules: [deny({ absolute: true }), permit({ grantee: toDoctor, overrides: ruleNumbered(0) })] },
  '4: for emergency treatment as well': { ...broken(), request: { purpose: 'ETREAT' }, rules: [deny()] },
  '4: not for treatment': { ...broken(), request: { purpose: 'TREAT' } },
  '4: not in an emergency room as such': { ...broken(), request: { purpose: 'ERTREAT' } },
  '4: not to write': { ...broken(), request: { purpose: 'BTG', action: 'write' }, record: { state: 'new', author: null, firstAuthor: null } },
  '4: not to share': { ...broken(), request: { purpose: 'BTG', action: 'share' } },
  "4: not another's": broken({ reader: didNamed('n') }),
  '4: not at another organisation': broken({ organisation: home }),
  '4: not before': broken({ fromMs: NOW + 1 }),
  '4: not when it ended': broken({ untilMs: NOW }),
  '4: up to the last millisecond': broken({ untilMs: NOW + 1 }),
  '4: not without a clinical role': { ...broken(), reader: { attestations: [{ role: 'laboratory', untilMs: 5_000 }] } },
  '4: not when the clinical role has run out': { ...broken(), reader: { attestations: [{ role: 'physician', untilMs: NOW }, { role: 'laboratory', untilMs: 5_000 }] } },
  '4: not a device': { ...broken(), reader: { kind: 'device' } },
  '4: not the organisation itself': { ...asHouse, request: { reader: clinic, purpose: 'BTG' }, patient: { emergencies: [emergency({ reader: clinic })] } },
  "4: not an organisation's own list": { ...broken(), patient: { ...broken().patient, owner: { did: home, kind: 'organisation', custodial: false } } },
  '4: not without a delegation that names it': { ...broken(), reader: { delegation: { purposes: ['TREAT'], untilMs: 5_000 } } },
  '4: with a delegation that names it': { ...broken(), reader: { delegation: { purposes: ['BTG'], untilMs: 5_000 } } },
  '4: the patient': { ...broken(), target: whole, rules: [deny()] },
  '4: the patient, when everything is hidden absolutely': { ...broken(), target: whole, rules: [deny({ absolute: true })] },
  '4: two emergencies': { ...broken(), patient: { emergencies: [emergency(), emergency({ id: emergencyNumbered(1) })] } },
  '8: a delegate': asMother(delegation()),
  '8: a delegate through nobody': { ...asMother(delegation()), request: { reader: mother, organisation: mother, purpose: 'FAMRQT' }, reader: { kind: 'patient', attestations: [], delegation: null, jurisdiction: null } },
  '2: a patient through nobody': { request: { reader: ada, organisation: ada, purpose: 'PATRQT' }, reader: { kind: 'patient', attestations: [], delegation: null, jurisdiction: null }, rules: [deny({ grantee: toAnyone })] },
  '8: whatever the patient denies others': { ...asMother(delegation()), rules: [deny({ grantee: toAnyone }), deny({ grantee: toPhysicians })] },
  '8: not when the patient denies the delegate': { ...asMother(delegation()), rules: [deny({ grantee: { kind: 'person', did: mother } })] },
  '8: not another category': asMother(delegation({ categories: [imaging] })),
  '8: a category that is named': asMother(delegation({ categories: [imaging, lab] })),
  '8: what has no category needs a delegation of all': { ...asMother(delegation({ categories: [lab] })), record: { flags: 16 } },
  '8: not labelled records': { ...asMother(delegation()), record: { labels: [hiv] } },
  '8: each label must be named': { ...asMother(delegation({ labels: [hiv] })), record: { labels: [hiv, genetics] } },
  '8: by one delegation': { ...asMother(delegation({ labels: [hiv] }), delegation({ id: delegationNumbered(1), labels: [genetics] })), record: { labels: [hiv, genetics] } },
  '8: labels that are named': { ...asMother(delegation({ labels: [hiv] })), record: { labels: [hiv] } },
  '8: not without reading': asMother(delegation({ actions: ['share'] })),
  '8: nothing but reading': { ...asMother(delegation({ actions: ['read', 'share'] })), request: { reader: mother, organisation: home, purpose: 'FAMRQT', action: 'share' } },
  '8: not when it ended': asMother(delegation({ untilMs: NOW })),
  '8: not before': asMother(delegation({ fromMs: NOW + 1 })),
  "8: not another's": asMother(delegation({ delegate: didNamed('n') })),
  '8: not with a key that another holds': asMother(delegation({ custodial: true })),
  "8: not when another holds the patient's key": { ...asMother(delegation()), patient: { delegates: [delegation()], owner: { did: ada, kind: 'patient', custodial: true } } },
  '8: not staff of an organisation': { patient: { delegates: [delegation({ delegate: doctor })] } },
  "8: not an organisation's own list": { ...asMother(delegation()), patient: { delegates: [delegation()], owner: { did: clinic, kind: 'organisation', custodial: false } } },
  '8: not erased records': { ...asMother(delegation()), record: { state: 'erased' } },
  '8: a permit for the delegate reaches what the delegation does not': { ...asMother(delegation({ categories: [imaging] })), rules: [permit({ grantee: { kind: 'person', did: mother } })] },
  '8: before a permit for the delegate': { ...asMother(delegation()), record: { flags: 2, category: tagNumbered(3) }, rules: [permit({ grantee: { kind: 'person', did: mother }, records: [recordNumbered(2)] })] },
  '8: the patient': { ...asMother(delegation({ categories: [imaging] })), target: whole },
}
