/** Draws cases from a small world, so that rules, readers and records meet often. */
import type { Action, Did, Grantee, Handle, ObjectId, RecordId, Role, RuleTerms, Tag } from '@chiron/protocol'
import type { AccessRequest, PatientFacts, ReaderFacts, RecordFacts, RuleFacts, Target, TreatmentFacts } from '@chiron/ledger/decide'
import type { ReferenceCase } from './decide-reference.ts'

/** A whole number from 0 to n − 1. */
export type Draw = (n: number) => number

const NAMES = 'abcdefghijklmnopqrstuvwxyz234567'
/** Letters of the name repeated to a DID's 32 characters; only the name's own alphabet is used. */
export const didNamed = (letter: string): Did => `did:chiron:${letter.repeat(31)}a` as Did
const bytesNamed = (length: number, kind: number, n: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i === 0 ? kind : n))

export const tagNumbered = (n: number): Tag => bytesNamed(8, 1, n) as Tag
export const labelNumbered = (n: number): Tag => bytesNamed(8, 2, n) as Tag
export const recordNumbered = (n: number): RecordId => bytesNamed(16, 3, n) as RecordId
export const ruleNumbered = (n: number): ObjectId => bytesNamed(16, 4, n) as ObjectId
export const HANDLE = bytesNamed(32, 5, 0) as Handle

export const NOW = 1_000
const TIMES = [0, 999, 1_000, 1_001, 5_000]
const PURPOSES = ['TREAT', 'HPAYMT', 'HOPERAT', 'HLEGAL', 'HRESCH', 'PATRQT']
const ACTIONS: readonly Action[] = ['read', 'write', 'share', 'research']
const ROLES: readonly Role[] = ['physician', 'nurse', 'organisation']

const people = NAMES.slice(0, 2).split('').map(didNamed)
const houses = NAMES.slice(10, 12).split('').map(didNamed)

export function drawCase(draw: Draw): ReferenceCase {
  const pick = <T>(items: readonly T[]): T => items[draw(items.length)] as T
  const some = <T>(items: readonly T[], most: number): T[] => items.filter(() => draw(items.length) < most)
  const often = (percent: number): boolean => draw(100) < percent

  const organisation = pick(houses)
  const isHouse = often(15)
  const reader = isHouse ? (often(95) ? organisation : pick(houses)) : pick(people)
  const action = pick([...ACTIONS, 'read', 'read', 'write'] as const)
  const request: AccessRequest = { reader, organisation, purpose: pick([...PURPOSES, 'TREAT', 'TREAT']), action }
  const readerFacts: ReaderFacts = {
    did: often(99) ? reader : pick(people),
    kind: often(3) ? null : isHouse ? 'organisation' : pick(['practitioner', 'practitioner', 'practitioner', 'device', 'patient'] as const),
    suspended: often(3),
    organisation: often(99) ? organisation : pick(houses),
    organisationLive: often(97),
    attestations: some(ROLES, 2).concat(often(60) ? ['physician'] : []).map((role) => ({ role, untilMs: often(85) ? 5_000 : pick(TIMES) })),
    delegation: often(4) ? null : { purposes: often(90) ? [] : some(PURPOSES, 3), untilMs: often(90) ? 5_000 : pick(TIMES) },
  }
  const rules = drawRules(draw)
  const patient: PatientFacts = {
    handle: HANDLE,
    owner: often(2) ? null : often(78) ? { did: pick(people), kind: 'patient', custodial: often(30) } : { did: pick(houses), kind: 'organisation', custodial: false },
    rules,
    treatments: houses.filter(() => often(60)).map((did): TreatmentFacts => ({ organisation: did, fromMs: pick([0, 0, ...TIMES]), untilMs: pick([5_000, 5_000, ...TIMES]), contested: often(20) })),
    authors: houses.filter(() => often(40)),
  }
  return { request, reader: readerFacts, patient, target: drawTarget(draw, action), timeMs: NOW }
}

function drawTarget(draw: Draw, action: Action): Target {
  if (draw(100) < 20) return { kind: 'patient' }
  const pick = <T>(items: readonly T[]): T => items[draw(items.length)] as T
  const isNew = action === 'write' && draw(2) === 0
  const flags = pick([0, 0, 1, 2, 2, 2, 4, 4, 8, 16])
  const record: RecordFacts = {
    id: recordNumbered(draw(3)),
    state: draw(100) < 3 ? pick(['unknown', 'erased', 'new'] as const) : isNew ? 'new' : 'present',
    author: isNew ? null : pick([...houses, didNamed('z')]),
    // What identifies a person mostly has a category that few rules name.
    category: tagNumbered(flags === 2 && draw(100) < 70 ? 3 : draw(3)),
    labels: [0, 1].filter(() => draw(100) < 18).map(labelNumbered),
    flags,
  }
  return { kind: 'record', record }
}

function drawRules(draw: Draw): RuleFacts[] {
  const rules: RuleFacts[] = []
  const count = draw(12)
  for (let n = 0; n < count; n++) {
    const terms = drawTerms(draw)
    const denials = rules.filter((r) => r.terms.effect === 'deny')
    const overrides = denials.length > 0 && draw(100) < 60 ? (denials[draw(denials.length)] as RuleFacts).id : null
    rules.push({ id: ruleNumbered(n), terms: terms.effect === 'permit' ? { ...terms, overrides } : terms })
  }
  return rules
}

function drawTerms(draw: Draw): RuleTerms {
  const pick = <T>(items: readonly T[]): T => items[draw(items.length)] as T
  const someOf = <T>(items: readonly T[], percent: number): T[] => (draw(100) < percent ? items.filter(() => draw(2) === 0) : [])
  const grantee: Grantee = pick([
    { kind: 'person', did: pick(people) },
    { kind: 'organisation', did: pick(houses) },
    { kind: 'organisation', did: pick(houses) },
    { kind: 'role', role: pick(ROLES) },
    { kind: 'anyone-treating' },
  ] as const)
  const actions = ACTIONS.filter(() => draw(100) < 75)
  return {
    effect: draw(100) < 62 ? 'permit' : 'deny',
    grantee,
    purposes: someOf(PURPOSES, 40),
    categories: someOf([0, 1, 2].map(tagNumbered), 75),
    labels: someOf([0, 1].map(labelNumbered), 60),
    records: someOf([0, 1, 2].map(recordNumbered), 20),
    actions: actions.length > 0 ? actions : ['read'],
    from: pick([0, 0, 0, 0, 0, 0, ...TIMES]),
    until: pick([null, null, null, 5_000, 5_000, ...TIMES]),
    overrides: null,
  }
}
