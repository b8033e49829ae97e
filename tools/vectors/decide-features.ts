/** What a case would be without one feature: where the decision differs, the feature decided. */
import type { RuleTerms } from '@chiron/protocol'
import type { PatientFacts } from '@chiron/ledger/decide'
import type { ReferenceCase } from './decide-reference.ts'

const withPatient = (c: ReferenceCase, change: Partial<PatientFacts>): ReferenceCase => ({ ...c, patient: { ...c.patient, ...change } })
const withTerms = (c: ReferenceCase, change: (terms: RuleTerms) => RuleTerms): ReferenceCase =>
  withPatient(c, {
    rules: c.patient.rules.map(({ id, terms }) => ({ id, terms: change(terms) })),
    orders: c.patient.orders.map(({ id, terms }) => ({ id, terms: change(terms) })),
  })
const withoutGrantees = (c: ReferenceCase, isMeant: (terms: RuleTerms) => boolean): ReferenceCase =>
  withPatient(c, { rules: c.patient.rules.filter(({ terms }) => !isMeant(terms)) })
const withoutCondition = (kind: string) => (c: ReferenceCase): ReferenceCase =>
  withTerms(c, ({ conditions, ...terms }) => ({ ...terms, conditions: (conditions ?? []).filter((condition) => condition.kind !== kind) }))

export const WITHOUT: Readonly<Record<string, (c: ReferenceCase) => ReferenceCase>> = {
  'data intervals': (c) => withTerms(c, ({ data: _data, ...terms }) => terms),
  'dates of the record': (c) => (c.target.kind === 'record' ? { ...c, target: { kind: 'record', record: { ...c.target.record, dates: null } } } : c),
  'jurisdiction conditions': withoutCondition('jurisdiction'),
  'second-person conditions': withoutCondition('second-person'),
  'terms conditions': withoutCondition('terms'),
  obligations: (c) => withTerms(c, ({ obligations: _obligations, ...terms }) => terms),
  'absolute denials': (c) => withTerms(c, ({ absolute: _absolute, ...terms }) => terms),
  overrides: (c) => withTerms(c, (terms) => ({ ...terms, overrides: null })),
  'orders that deny': (c) => withPatient(c, { orders: c.patient.orders.filter(({ terms }) => terms.effect === 'permit') }),
  'orders that permit': (c) => withPatient(c, { orders: c.patient.orders.filter(({ terms }) => terms.effect === 'deny') }),
  delegates: (c) => withPatient(c, { delegates: [] }),
  'labels of delegates': (c) => withPatient(c, { delegates: c.patient.delegates.map((d) => ({ ...d, labels: [] })) }),
  emergencies: (c) => withPatient(c, { emergencies: [] }),
  endorsements: (c) => withPatient(c, { endorsements: [] }),
  'the jurisdiction of the reader': (c) => ({ ...c, reader: { ...c.reader, jurisdiction: null } }),
  'accepted terms': (c) => ({ ...c, reader: { ...c.reader, acceptedTerms: [] } }),
  'the first author': (c) =>
    c.target.kind === 'record' ? { ...c, target: { kind: 'record', record: { ...c.target.record, firstAuthor: c.target.record.author } } } : c,
  'rules for anyone': (c) => withoutGrantees(c, ({ grantee }) => grantee.kind === 'anyone'),
  'rules for a role at an organisation': (c) => withoutGrantees(c, ({ grantee }) => grantee.kind === 'role' && grantee.organisation !== undefined),
  'purposes below a named one': (c) => withTerms(c, (terms) => ({ ...terms, purposes: terms.purposes.length === 0 ? [] : terms.purposes.filter((p) => p === c.request.purpose).concat('NONE') })),
}
