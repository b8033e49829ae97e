/** Draws cases from a small world, so that rules, readers and records meet often. */
import type { Action, ObjectId, Role } from '@chiron/protocol'
import type { AccessRequest, DelegateFacts, EmergencyFacts, EndorsementFacts, PatientFacts, ReaderFacts, RecordFacts, Target, TreatmentFacts } from '@chiron/ledger/decide'
import {
  delegationNumbered, didNamed, emergencyNumbered, HANDLE, labelNumbered, NOW, orderNumbered, recordNumbered, ruleNumbered, tagNumbered, termsNumbered,
} from './decide-names.ts'
import { ACTIONS, COUNTRIES, DAYS, drawRules, houses, people, PURPOSES, ROLES, TIMES, type Draw } from './decide-draw-rules.ts'
import { THEMES } from './decide-draw-themes.ts'
import type { ReferenceCase } from './decide-reference.ts'

export type { Draw } from './decide-draw-rules.ts'

/** Numbers from a seed (xorshift32), so that a failing seed is the whole case. */
export function drawFrom(seed: number): Draw {
  let x = Math.imul(seed ^ (seed >>> 16) ^ 0x9e37_79b9, 0x85eb_ca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2_ae35)
  x = x === 0 ? 1 : x
  for (let i = 0; i < 4; i++) x = step(x)
  return (n) => {
    x = step(x)
    return (x >>> 0) % n
  }
}

function step(x: number): number {
  let y = x
  y ^= y << 13
  y ^= y >>> 17
  y ^= y << 5
  return y
}

/** Half of the cases come as they are drawn; the others are turned towards one theme, so that rare things meet. */
export function drawCase(draw: Draw): ReferenceCase {
  const drawn = drawAny(draw)
  const theme = draw(2) === 0 ? undefined : THEMES[draw(THEMES.length)]
  return theme === undefined ? drawn : theme(draw, drawn)
}

function drawAny(draw: Draw): ReferenceCase {
  const pick = <T>(items: readonly T[]): T => items[draw(items.length)] as T
  const often = (percent: number): boolean => draw(100) < percent

  const organisation = pick(houses)
  const isHouse = often(15)
  const reader = isHouse ? (often(95) ? organisation : pick(houses)) : pick(people)
  const action = pick([...ACTIONS, 'read', 'read', 'read', 'write'] as const)
  const request: AccessRequest = { reader, organisation, purpose: pick([...PURPOSES, 'TREAT', 'TREAT', 'ETREAT', 'BTG', 'BTG', 'CLINTRCH']), action }
  const patient: PatientFacts = {
    handle: HANDLE,
    owner: often(2) ? null : often(80) ? { did: pick(people), kind: 'patient', custodial: often(30) } : { did: pick(houses), kind: 'organisation', custodial: false },
    rules: drawRules(draw, draw(12), ruleNumbered),
    orders: often(75) ? [] : drawRules(draw, 1 + draw(3), orderNumbered).map(({ id, terms }) => ({ id, terms: { ...terms, overrides: null } })),
    delegates: often(60) ? [] : Array.from({ length: 1 + draw(2) }, (_, n) => drawDelegate(draw, delegationNumbered(n))),
    emergencies: often(60) ? [] : Array.from({ length: 1 + draw(2) }, (_, n) => drawEmergency(draw, emergencyNumbered(n))),
    endorsements: often(50) ? [] : Array.from({ length: 1 + draw(2) }, () => drawEndorsement(draw, request)),
    treatments: houses.filter(() => often(60)).map((did): TreatmentFacts => ({ organisation: did, fromMs: pick([0, 0, ...TIMES]), untilMs: pick([5_000, 5_000, ...TIMES]), contested: often(20) })),
    authors: houses.filter(() => often(40)),
  }
  return { request, reader: drawReader(draw, request, isHouse), patient, target: drawTarget(draw, action), timeMs: NOW }
}

function drawReader(draw: Draw, { reader, organisation }: AccessRequest, isHouse: boolean): ReaderFacts {
  const pick = <T>(items: readonly T[]): T => items[draw(items.length)] as T
  const often = (percent: number): boolean => draw(100) < percent
  const roles: Role[] = ROLES.filter(() => often(50))
  if (often(60)) roles.push('physician')
  return {
    did: often(99) ? reader : pick(people),
    kind: often(3) ? null : isHouse ? 'organisation' : pick(['practitioner', 'practitioner', 'practitioner', 'device', 'patient', 'patient'] as const),
    suspended: often(3),
    organisation: often(99) ? organisation : pick(houses),
    organisationLive: often(97),
    jurisdiction: often(20) ? null : pick(COUNTRIES),
    acceptedTerms: [0, 1].filter(() => often(50)).map(termsNumbered),
    attestations: roles.map((role) => ({ role, untilMs: often(85) ? 5_000 : pick(TIMES) })),
    delegation: often(4) ? null : { purposes: often(85) ? [] : PURPOSES.filter(() => often(50)), untilMs: often(90) ? 5_000 : pick(TIMES) },
  }
}

function drawDelegate(draw: Draw, id: ObjectId): DelegateFacts {
  const pick = <T>(items: readonly T[]): T => items[draw(items.length)] as T
  const actions = ACTIONS.filter((a) => draw(100) < (a === 'read' ? 90 : 40))
  return {
    id,
    delegate: pick(people),
    custodial: draw(100) < 15,
    actions: actions.length > 0 ? actions : ['write'],
    categories: draw(2) === 0 ? [] : [0, 1, 2].filter(() => draw(2) === 0).map(tagNumbered),
    labels: [0, 1].filter(() => draw(2) === 0).map(labelNumbered),
    fromMs: pick([0, 0, 0, ...TIMES]),
    untilMs: pick([5_000, 5_000, 5_000, ...TIMES]),
  }
}

function drawEmergency(draw: Draw, id: ObjectId): EmergencyFacts {
  const pick = <T>(items: readonly T[]): T => items[draw(items.length)] as T
  return { id, reader: pick(people), organisation: pick(houses), fromMs: pick([0, 0, 0, ...TIMES]), untilMs: pick([5_000, 5_000, 5_000, ...TIMES]) }
}

function drawEndorsement(draw: Draw, { purpose }: AccessRequest): EndorsementFacts {
  const pick = <T>(items: readonly T[]): T => items[draw(items.length)] as T
  return {
    reader: pick(people), organisation: pick(houses), purpose: draw(100) < 80 ? purpose : pick(PURPOSES),
    endorser: pick([...people, didNamed('z')]), fromMs: pick([0, 0, 0, ...TIMES]), untilMs: pick([5_000, 5_000, 5_000, ...TIMES]),
  }
}

function drawTarget(draw: Draw, action: Action): Target {
  if (draw(100) < 20) return { kind: 'patient' }
  const pick = <T>(items: readonly T[]): T => items[draw(items.length)] as T
  const isNew = action === 'write' && draw(2) === 0
  const flags = pick([0, 0, 0, 1, 2, 2, 2, 4, 4, 8, 16])
  const writers = [...houses, didNamed('y'), didNamed('z')]
  const [first, second] = [draw(DAYS.length), draw(DAYS.length)]
  const record: RecordFacts = {
    id: recordNumbered(draw(3)),
    state: draw(100) < 3 ? pick(['unknown', 'erased', 'new'] as const) : isNew ? 'new' : 'present',
    author: isNew ? null : pick(writers),
    firstAuthor: isNew ? null : pick(writers),
    dates: draw(100) < 35 ? null : { from: DAYS[Math.min(first, second)] as number, until: DAYS[Math.max(first, second)] as number },
    // What identifies a person mostly has a category that few rules name.
    category: tagNumbered(flags === 2 && draw(100) < 70 ? 3 : draw(3)),
    labels: [0, 1].filter(() => draw(100) < 18).map(labelNumbered),
    flags,
  }
  return { kind: 'record', record }
}
