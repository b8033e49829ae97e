import { CATEGORIES, checkSchema, dayOf, LABELS, message, ruleTerms, tagOf, type Category, type Handle, type ObjectId, type RecordId } from '@chiron/protocol'
import { expect, test } from 'vitest'
import { aDid } from '../../../test/member-node.ts'
import type { Draft } from '../../transactions/draft.ts'
import { access, network } from '../index.ts'
import {
  acceptTerms, anyone, anyoneTreating, appointDelegate, approvalTerms, delegateScope, denyTerms, dismissDelegate, liftOrder, order, organisation, permitTerms, person, role, roleAt, Vocabulary,
} from './index.ts'

const tagKey = new Uint8Array(32).fill(1)
const vocabulary = new Vocabulary(tagKey)

test('words become tags and come back', () => {
  for (const name of CATEGORIES) expect(vocabulary.wordOf(tagOf(tagKey, 'category', name))).toBe(name)
  for (const name of LABELS) expect(vocabulary.wordOf(tagOf(tagKey, 'label', name))).toBe(name)
  expect(vocabulary.wordOf(tagOf(new Uint8Array(32), 'category', 'laboratory'))).toBeUndefined()
})

test('a misspelt category is refused: without it the rule would cover everything', () => {
  expect(() => vocabulary.categories(['labs' as Category])).toThrow(expect.objectContaining({ code: 'ERR_SDK_MESSAGE' }))
  expect(() => permitTerms(vocabulary, { to: organisation(aDid(1)), labels: ['x' as never], until: null })).toThrow(expect.objectContaining({ code: 'ERR_SDK_MESSAGE' }))
})

test('a permit that says nothing more allows reading, of everything without labels', () => {
  const terms = permitTerms(vocabulary, { to: organisation(aDid(1)), until: 5000 })
  expect(terms).toEqual({ effect: 'permit', grantee: { kind: 'organisation', did: aDid(1) }, purposes: [], categories: [], labels: [], records: [], actions: ['read'], from: 0, until: 5000, overrides: null })
})

test('all of it fits the protocol', () => {
  const record = new Uint8Array(16) as RecordId
  const terms = [
    permitTerms(vocabulary, { to: person(aDid(1)), purposes: ['TREAT'], categories: ['laboratory'], labels: ['hiv'], records: [record], actions: ['read', 'write'], from: 1, until: null, overrides: new Uint8Array(16) as never }),
    denyTerms(vocabulary, { to: role('insurer'), until: null }),
    permitTerms(vocabulary, { to: anyoneTreating(), until: 9 }),
  ]
  for (const item of terms) expect(checkSchema(ruleTerms, item)).toEqual(item)
  expect(terms[0]?.categories).toEqual([tagOf(tagKey, 'category', 'laboratory')])
  expect(terms[0]?.labels).toEqual([tagOf(tagKey, 'label', 'hiv')])
  expect(terms[1]?.effect).toBe('deny')
})

test('limits of a rule in words', () => {
  const hash = new Uint8Array(32).fill(3)
  const permit = permitTerms(vocabulary, {
    to: roleAt('nurse', aDid(2)), until: 9, data: { from: '2026-01-01', until: '2026-02-01' }, countries: { within: true, of: ['DE'] }, secondPerson: true, acceptedTerms: hash,
    obligations: ['ENCRYPT'],
  })
  expect(permit).toMatchObject({
    grantee: { kind: 'role', role: 'nurse', organisation: aDid(2) },
    data: { from: dayOf(tagKey, '2026-01-01'), until: dayOf(tagKey, '2026-02-01') },
    conditions: [{ kind: 'jurisdiction', within: true, of: ['DE'] }, { kind: 'second-person' }, { kind: 'terms', hash }],
    obligations: ['ENCRYPT'],
  })
  const denial = denyTerms(vocabulary, { to: anyone(), until: null, data: { until: '2020-01-01' }, evenInEmergency: true })
  expect(denial).toMatchObject({ effect: 'deny', grantee: { kind: 'anyone' }, data: { from: null, until: dayOf(tagKey, '2020-01-01') }, absolute: true })
  expect(permitTerms(vocabulary, { to: anyone(), until: 9, obligations: [] })).not.toHaveProperty('obligations')
  expect(denyTerms(vocabulary, { to: anyone(), until: 9, evenInEmergency: false })).not.toHaveProperty('absolute')
  for (const item of [permit, denial]) expect(checkSchema(ruleTerms, item)).toEqual(item)
  expect(vocabulary.dateOf(vocabulary.day('2026-01-31'))).toBe('2026-01-31')
  expect(delegateScope(vocabulary)).toEqual({ actions: ['read'], categories: [], labels: [] })
  expect(delegateScope(vocabulary, { categories: ['imaging'], labels: ['hiv'] })).toEqual({ actions: ['read'], categories: vocabulary.categories(['imaging']), labels: vocabulary.labels(['hiv']) })
})

test('every message is built under its name', () => {
  const patient = new Uint8Array(32) as Handle
  const object = new Uint8Array(16) as ObjectId
  const drafts: Draft[] = [
    order({ patient: null, terms: denyTerms(vocabulary, { to: anyone(), until: null }), basis: new Uint8Array(32) }), liftOrder({ patient, order: object }),
    appointDelegate({ patient, delegate: aDid(1), ...delegateScope(vocabulary), until: 5 }), dismissDelegate({ patient, delegate: aDid(1) }), acceptTerms({ hash: new Uint8Array(32) }),
    access.endorse({ patient, reader: aDid(1), purpose: 'TREAT', endorser: aDid(2), until: 5 }), access.breakGlass({ patient, reader: aDid(1), reason: 'cannot-be-asked' }),
    access.confirmEmergency({ patient, emergency: object, confirmer: aDid(2) }), access.reviewEmergency({ patient, emergency: object, outcome: 'justified', reviewer: aDid(2) }),
    access.contestEmergency({ patient, emergency: object }), network.setJurisdiction({ did: aDid(1), jurisdiction: 'DE' }),
  ]
  for (const draft of drafts) expect(checkSchema(message, { ...draft, salt: new Uint8Array(16) })).toMatchObject({ type: draft.type })
  expect(new Set(drafts.map((d) => d.type)).size).toBe(11)
})

test('an approval is what was asked, or less', () => {
  const asked = { grantee: organisation(aDid(1)), purposes: ['TREAT'], categories: ['laboratory', 'imaging'], labels: ['hiv'], actions: ['read'] as const, forMs: 1000 }
  expect(approvalTerms(vocabulary, asked, { blockTimeMs: 50 })).toEqual(
    permitTerms(vocabulary, { to: organisation(aDid(1)), purposes: ['TREAT'], categories: ['laboratory', 'imaging'], labels: ['hiv'], from: 50, until: 1050 }),
  )
  expect(approvalTerms(vocabulary, asked, { blockTimeMs: 50, categories: ['imaging'], forMs: 10 })).toMatchObject({ categories: vocabulary.categories(['imaging']), until: 60 })
  expect(approvalTerms(vocabulary, asked, { blockTimeMs: 50, forMs: 9999 }).until).toBe(1050)
  expect(approvalTerms(vocabulary, asked, { blockTimeMs: 50, secondPerson: true, obligations: ['ENCRYPT'] })).toMatchObject({ conditions: [{ kind: 'second-person' }], obligations: ['ENCRYPT'] })
  for (const categories of [[], ['documents']] as const) {
    expect(() => approvalTerms(vocabulary, asked, { blockTimeMs: 50, categories })).toThrow(expect.objectContaining({ code: 'ERR_SDK_MESSAGE' }))
  }
})
