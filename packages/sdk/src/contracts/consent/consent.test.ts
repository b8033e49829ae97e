import { CATEGORIES, LABELS, ruleTerms, tagOf, checkSchema, type Category, type RecordId } from '@chiron/protocol'
import { expect, test } from 'vitest'
import { aDid } from '../../../test/member-node.ts'
import { anyoneTreating, approvalTerms, denyTerms, organisation, permitTerms, person, role, Vocabulary } from './index.ts'

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

test('an approval is what was asked, or less', () => {
  const asked = { grantee: organisation(aDid(1)), purposes: ['TREAT'], categories: ['laboratory', 'imaging'], labels: ['hiv'], actions: ['read'] as const, forMs: 1000 }
  expect(approvalTerms(vocabulary, asked, { blockTimeMs: 50 })).toEqual(
    permitTerms(vocabulary, { to: organisation(aDid(1)), purposes: ['TREAT'], categories: ['laboratory', 'imaging'], labels: ['hiv'], from: 50, until: 1050 }),
  )
  expect(approvalTerms(vocabulary, asked, { blockTimeMs: 50, categories: ['imaging'], forMs: 10 })).toMatchObject({ categories: vocabulary.categories(['imaging']), until: 60 })
  expect(approvalTerms(vocabulary, asked, { blockTimeMs: 50, forMs: 9999 }).until).toBe(1050)
  for (const categories of [[], ['documents']] as const) {
    expect(() => approvalTerms(vocabulary, asked, { blockTimeMs: 50, categories })).toThrow(expect.objectContaining({ code: 'ERR_SDK_MESSAGE' }))
  }
})
