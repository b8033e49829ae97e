import { expect, test } from 'vitest'
import { toHex, type Did, type ObjectId, type RecordId, type RuleTerms } from '@chiron/protocol'
import { change, clinic, doctor, lab, permit, toClinic, toDoctor, whole } from '../../../../tools/vectors/decide-case.ts'
import { decide, indexPatient, type PatientSnapshot } from './index.ts'
import type { RuleGroup, RuleList } from './rule-index.ts'

const RULES = 1_000
/** Three times the target of 20 µs, so that a busy machine does not fail it; CPU time, the best of many batches. */
const MOST_MICROSECONDS = 60

const bytes = (length: number, kind: number, n: number): Uint8Array => Uint8Array.from({ length }, (_, i) => [kind, n & 255, n >> 8][i] ?? 0)
const ruleId = (n: number): ObjectId => bytes(16, 4, n) as ObjectId
const recordId = (n: number): RecordId => bytes(16, 3, n) as RecordId
const didOf = (n: number): Did => `did:chiron:${toHex(bytes(4, 1, n)).replaceAll(/[0189]/g, 'x').padEnd(32, 'a')}` as Did
const times = (n: number): Partial<RuleTerms> => ({ from: n % 900, until: 2_000 + n })
const lists: Readonly<Record<string, (n: number) => RuleTerms>> = {
  'spread over grantees': (n) => permit({ grantee: { kind: 'organisation', did: n === 1 ? clinic : didOf(n) }, categories: [lab], ...times(n) }),
  'all for one grantee and one category': (n) => permit({ grantee: toClinic, categories: [lab], purposes: ['TREAT'], ...times(n) }),
  'permits of single records': (n) => permit({ grantee: toClinic, records: [recordId(n)], ...times(n) }),
  'denials, each overridden': (n) =>
    n < RULES / 2
      ? { ...permit({ grantee: toClinic, categories: [lab], ...times(n) }), effect: 'deny' }
      : permit({ grantee: toDoctor, categories: [lab], overrides: ruleId(n - RULES / 2), ...times(n) }),
  'denials, some ended': (n) => ({ ...permit({ grantee: toClinic, categories: [lab], from: 0, until: 600 + n }), effect: 'deny' }),
}

const caseOf = (name: string) => {
  const rules = Array.from({ length: RULES }, (_, n) => ({ id: ruleId(n), terms: (lists[name] as (n: number) => RuleTerms)(n) }))
  const { patient, ...asked } = change({ record: { id: recordId(5) } })
  return { ...asked, patient: indexPatient({ ...patient, rules }) }
}

/** Counts how often the shape of a group is looked at. */
function countLooks({ rules }: PatientSnapshot): () => number {
  let looks = 0
  const watch = (group: RuleGroup): void => {
    const { shape } = group
    Object.defineProperty(group, 'shape', { get: () => (looks++, shape) })
  }
  const watchList = (list: RuleList): void => [...list.permits, ...list.denials].forEach(watch)
  for (const { every, general, byCategory, byRecord } of rules.byGrantee.values()) [every, general, ...byCategory.values(), ...byRecord.values()].forEach(watchList)
  return () => looks
}

test.each(Object.keys(lists))(`${RULES} rules, %s: looks at few`, (name) => {
  for (const kind of ['record', 'patient'] as const) {
    const { request, reader, patient, target, timeMs } = caseOf(name)
    const looks = countLooks(patient)
    const decision = decide({ ...request, target: kind === 'record' ? target : whole }, { reader, patient }, timeMs)
    expect(decision.code).not.toBe('DENY_ERROR')
    expect({ kind, looks: looks() <= 12 }).toEqual({ kind, looks: true })
  }
})

test.each(Object.keys(lists))(`${RULES} rules, %s: decides in time`, (name) => {
  const { request, reader, patient, target, timeMs } = caseOf(name)
  const asked = { ...request, target }
  expect(asked.reader).toBe(doctor)
  let best = Infinity
  for (let batch = 0; batch < 12; batch++) {
    const before = process.cpuUsage()
    for (let i = 0; i < 500; i++) decide(asked, { reader, patient }, timeMs)
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / 500)
  }
  expect(best).toBeLessThan(MOST_MICROSECONDS)
})
