/** What limits a rule: days of the data, conditions, purposes, grantees; and what it obliges to. By name. */
import type { RuleCondition, RuleTerms } from '@chiron/protocol'
import type { RecordFacts } from '@chiron/ledger/decide'
import { clinic, deny, doctor, home, lab, permit, toClinic, toDoctor, toPhysicians, toTreating, treating, whole, type Change } from './decide-case.ts'
import { didNamed, NOW, ruleNumbered, tagNumbered, termsNumbered } from './decide-names.ts'

const DAY = 1_000_000
/** Days DAY to DAY + 9. */
const tenDays = { data: { from: DAY, until: DAY + 10 } }
const dated = (from: number, until = from): Partial<RecordFacts> => ({ dates: { from: DAY + from, until: DAY + until } })
const within = (...of: string[]): RuleCondition => ({ kind: 'jurisdiction', within: true, of })
const outside = (...of: string[]): RuleCondition => ({ kind: 'jurisdiction', within: false, of })
const conditions = (...list: RuleCondition[]): Partial<RuleTerms> => ({ conditions: list })
const secondPerson: RuleCondition = { kind: 'second-person' }
const terms: RuleCondition = { kind: 'terms', hash: termsNumbered(1) }
const nurse = didNamed('n')
const endorsement = { reader: doctor, organisation: clinic, purpose: 'TREAT', endorser: nurse, fromMs: 0, untilMs: 5_000 }
const overriding = (fields: Partial<RuleTerms>): RuleTerms => permit({ ...fields, overrides: ruleNumbered(0) })
const toAnyone = { kind: 'anyone' } as const
const physicianThere = { kind: 'role', role: 'physician', organisation: clinic } as const

export const LIMIT_CASES: Readonly<Record<string, Change>> = {
  '7: a permit of those days': { record: dated(0, 9), rules: [permit(tenDays)] },
  '9: a permit of those days, data that ends later': { record: dated(9, 10), rules: [permit(tenDays)] },
  '9: a permit of those days, data that begins earlier': { record: dated(-1, 5), rules: [permit(tenDays)] },
  '9: a permit of those days, data without dates': { rules: [permit(tenDays)] },
  '7: a permit from a day on': { record: dated(400), rules: [permit({ data: { from: DAY, until: null } })] },
  '7: a permit until a day': { record: dated(-400), rules: [permit({ data: { from: null, until: DAY } })] },
  '9: a permit until a day, that day': { record: dated(0), rules: [permit({ data: { from: null, until: DAY } })] },
  '7: the Patient along with a permit of some days': { record: { flags: 2 }, rules: [permit(tenDays)] },
  '5: a denial of those days': { record: dated(9, 20), rules: [permit(), deny(tenDays)] },
  '5: a denial of those days, the last before': { record: dated(-5, -1), rules: [permit(), deny(tenDays)] },
  '5: a denial of those days, the first after': { record: dated(10), rules: [permit(), deny(tenDays)] },
  '5: a denial of those days, data without dates': { rules: [permit(), deny(tenDays)] },
  '7: the Patient, when some days are denied': { record: { flags: 2 }, rules: [permit(), deny(tenDays)] },
  '7: the Patient along with another permit, when some days are denied even in an emergency': { record: { flags: 2 }, rules: [permit({ categories: [tagNumbered(2)] }), deny({ ...tenDays, absolute: true })] },
  '5: a Patient that has days': { record: { ...dated(9, 20), flags: 2 }, rules: [permit(), deny(tenDays)] },
  '5: the Patient, denied whatever the days': { record: { flags: 2 }, rules: [permit(), deny()] },
  '5: the patient, when only some days are denied': { target: whole, rules: [permit(), deny(tenDays)] },
  '5: a permit of fewer days overrides': { record: dated(3), rules: [deny(tenDays), overriding({ data: { from: DAY + 2, until: DAY + 10 } })] },
  '5: a permit of more days does not': { record: dated(3), rules: [deny(tenDays), overriding({ data: { from: DAY - 2, until: DAY + 10 } })] },
  '5: a permit of all days does not': { record: dated(3), rules: [deny(tenDays), overriding({ grantee: toDoctor })] },
  '7: in this country': { rules: [permit(conditions(within('DE', 'FR')))] },
  '9: not in this country': { rules: [permit(conditions(within('FR')))] },
  '7: outside those countries': { rules: [permit(conditions(outside('US')))] },
  '9: not outside those countries': { rules: [permit(conditions(outside('DE')))] },
  '9: nobody knows in which country': { reader: { jurisdiction: null }, rules: [permit(conditions(outside('US')))] },
  '5: a denial in this country': { rules: [permit(), deny(conditions(within('DE')))] },
  '5: a denial in another country': { rules: [permit(), deny(conditions(within('US')))] },
  '5: a denial outside those countries': { rules: [permit(), deny(conditions(outside('FR')))] },
  '5: a denial, and nobody knows in which country': { reader: { jurisdiction: null }, rules: [permit(), deny(conditions(within('US')))] },
  '5: the patient, when everything is denied in this country': { target: whole, rules: [permit(), deny(conditions(within('DE')))] },
  '5: a permit in fewer countries overrides': { rules: [deny(conditions(within('DE', 'FR'))), overriding(conditions(within('DE')))] },
  '5: a permit in other countries does not': { rules: [deny(conditions(within('DE', 'FR'))), overriding(conditions(within('DE', 'US')))] },
  '5: a permit in a country outside the others overrides': { rules: [deny(conditions(outside('FR'))), overriding(conditions(within('DE')))] },
  '5: a permit outside more countries overrides': { rules: [deny(conditions(outside('FR'))), overriding(conditions(outside('FR', 'US')))] },
  '5: a permit outside fewer countries does not': { rules: [deny(conditions(outside('FR', 'US'))), overriding(conditions(outside('FR')))] },
  '5: a permit with a further condition overrides': { reader: { acceptedTerms: [termsNumbered(1)] }, rules: [deny(), overriding(conditions(terms))] },
  '5: but only if the condition holds': { rules: [deny(), overriding(conditions(terms))] },
  '5: a condition that is no jurisdiction holds no denial back': { rules: [permit(), deny(conditions(terms, secondPerson))] },
  '7: a second person stands by it': { patient: { endorsements: [endorsement] }, rules: [permit(conditions(secondPerson))] },
  '9: no second person': { rules: [permit(conditions(secondPerson))] },
  '9: a second person, but the same': { patient: { endorsements: [{ ...endorsement, endorser: doctor }] }, rules: [permit(conditions(secondPerson))] },
  '9: a second person for another reader': { patient: { endorsements: [{ ...endorsement, reader: nurse }] }, rules: [permit(conditions(secondPerson))] },
  '9: a second person at another organisation': { patient: { endorsements: [{ ...endorsement, organisation: home }] }, rules: [permit(conditions(secondPerson))] },
  '9: a second person for another purpose': { patient: { endorsements: [{ ...endorsement, purpose: 'COC' }] }, rules: [permit(conditions(secondPerson))] },
  '9: a second person, no longer': { patient: { endorsements: [{ ...endorsement, untilMs: NOW }] }, rules: [permit(conditions(secondPerson))] },
  '9: a second person, not yet': { patient: { endorsements: [{ ...endorsement, fromMs: NOW + 1 }] }, rules: [permit(conditions(secondPerson))] },
  '7: terms accepted': { reader: { acceptedTerms: [termsNumbered(0), termsNumbered(1)] }, rules: [permit(conditions(terms))] },
  '9: other terms accepted': { reader: { acceptedTerms: [termsNumbered(0)] }, rules: [permit(conditions(terms))] },
  '9: one condition holds, another does not': { reader: { acceptedTerms: [termsNumbered(1)] }, rules: [permit(conditions(terms, within('FR')))] },
  '7: obligations of all permits that decide, each once': { rules: [permit({ obligations: ['NORDSCLW', 'ENCRYPT'] }), permit({ grantee: toDoctor, obligations: ['ENCRYPT', 'AUDIT'] }), permit({ categories: [tagNumbered(2)], obligations: ['MINEC'] })] },
  '7: obligations of what brings the Patient along': { record: { flags: 2, category: tagNumbered(3) }, rules: [permit({ categories: [lab], obligations: ['MINEC'] })] },
  '7: treatment includes emergency treatment': { request: { purpose: 'ETREAT' }, rules: [permit({ purposes: ['TREAT'] })] },
  '7: research includes clinical trials with care, two below': { request: { purpose: 'CLINTRCHPC' }, rules: [permit({ purposes: ['HRESCH'] })] },
  '9: emergency treatment does not include treatment': { rules: [permit({ purposes: ['ETREAT'] })] },
  '9: treatment does not include breaking the glass': { request: { purpose: 'BTG' }, rules: [permit({ purposes: ['TREAT'] })] },
  '9: nor do all purposes': { request: { purpose: 'BTG' }, rules: [permit()] },
  '9: nor does naming it': { request: { purpose: 'BTG' }, rules: [permit({ purposes: ['BTG'] })] },
  '5: a denial for treatment includes breaking the glass': { request: { purpose: 'BTG' }, rules: [deny({ purposes: ['TREAT'] })] },
  '5: a permit for a purpose below overrides': { request: { purpose: 'COC' }, rules: [deny({ purposes: ['TREAT'] }), overriding({ purposes: ['COC'] })] },
  '5: a permit for a purpose above does not': { request: { purpose: 'COC' }, rules: [deny({ purposes: ['COC'] }), overriding({ purposes: ['TREAT'] })] },
  '0: a delegation for treatment does not break the glass': { request: { purpose: 'BTG' }, reader: { delegation: { purposes: ['TREAT'], untilMs: 5_000 } } },
  '7: a delegation for treatment includes coordination of care': { request: { purpose: 'COC' }, reader: { delegation: { purposes: ['TREAT'], untilMs: 5_000 } }, rules: [permit()] },
  '7: a purpose of no standard, by name': { request: { purpose: 'X-LOCAL' }, rules: [permit({ purposes: ['X-LOCAL'] })] },
  '7: for anyone': { rules: [permit({ grantee: toAnyone })] },
  '9: for anyone, but not for patients at a gateway': { reader: { kind: 'patient', attestations: [] }, rules: [permit({ grantee: toAnyone })] },
  '7: for the role at the organisation': { rules: [permit({ grantee: physicianThere })] },
  '9: for the role at another organisation': { rules: [permit({ grantee: { ...physicianThere, organisation: home } })] },
  '9: for another role at the organisation': { rules: [permit({ grantee: { ...physicianThere, role: 'nurse' } })] },
  '5: the role at the organisation is narrower than the role': { rules: [deny({ grantee: toPhysicians }), overriding({ grantee: physicianThere })] },
  '5: and than the organisation': { rules: [deny({ grantee: toClinic }), overriding({ grantee: physicianThere })] },
  '5: but not than another role': {
    reader: { attestations: [{ role: 'physician', untilMs: 5_000 }, { role: 'nurse', untilMs: 5_000 }] },
    rules: [deny({ grantee: { kind: 'role', role: 'nurse' } }), overriding({ grantee: physicianThere })],
  },
  '5: anyone treating is narrower than anyone': { patient: { treatments: [treating] }, rules: [deny({ grantee: toAnyone }), overriding({ grantee: toTreating })] },
  '5: a role is narrower than anyone': { rules: [deny({ grantee: toAnyone }), overriding({ grantee: toPhysicians })] },
  '5: anyone is narrower than nobody': { rules: [deny(), overriding({ grantee: toAnyone })] },
}
