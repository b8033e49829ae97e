import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { derivedId, encodeCanonical, sha256, toHex, utf8, type Grantee, type Handle, type Message, type ObjectId, type RuleTerms } from '@chiron/protocol'
import { access, coversRecord, patientFacts, readerFacts, type PatientFacts, type Target } from '../src/index.ts'
import {
  ada, ben, ContractChain, DAY_MS, doctor, entry, individual, lakeside, msg, nurse, organisation, person, populate, putMsg, recordFor, registerMsg, riverside, surgeon, tagFor, terms,
  type Outcome, type Person,
} from './contract-chain.ts'
import { WholeConsentModel, type Asks, type ModelEmergency } from './whole-consent-model.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const patient = ada.handle
const ASKING: readonly (readonly [Person, Person])[] = [[surgeon, riverside], [doctor, lakeside], [nurse, lakeside], [ben, riverside], [lakeside, lakeside]]
const PURPOSES = ['TREAT', 'ETREAT', 'BTG', 'PUBHLTH', 'FAMRQT']
const LAB = tagFor('laboratory')
const HIV = tagFor('hiv')
const made = (outcome: Outcome, item = 0): ObjectId => derivedId(outcome.txId, 0, item)

const RECORDS: readonly (Target & { readonly kind: 'record' })[] = [
  { name: 'lab', category: LAB, labels: [], dates: { from: 10, until: 12 } },
  { name: 'hiv', category: LAB, labels: [HIV], dates: null },
  { name: 'scan', category: tagFor('imaging'), labels: [], dates: null },
].map(({ name, ...tags }) => ({ kind: 'record', record: { id: recordFor(name), state: 'present', author: riverside.did, firstAuthor: riverside.did, flags: 0, ...tags } }))

/** Lakeside is a public-health authority, and so is riverside, which governs; riverside wrote what there is. */
function start(): { readonly chain: ContractChain; readonly model: WholeConsentModel; readonly before: string[] } {
  const chain = populate(new ContractChain())
  const until = chain.timeMs + 360 * DAY_MS
  const second = person('practitioner', 'riverside second')
  chain.do(riverside, registerMsg('practitioner', second), msg('identity.attest', { subject: second.did, role: 'auditor', until }), msg('identity.attest', { subject: lakeside.did, role: 'public-health', until }))
  chain.do(second, msg('identity.delegate', { to: riverside.did, purposes: [], until }))
  chain.do(riverside, putMsg(RECORDS.map(({ record }, i) => entry(['lab', 'hiv', 'scan'][i] ?? '', { category: record.category, labels: [...record.labels], ...(record.dates === null ? {} : { dates: record.dates }) }))))
  const model = new WholeConsentModel(ada.did, patient, chain.timeMs, (reader, house) => readerFacts(chain.state, reader, house))
  const { treatments, authors } = patientFacts(chain.state, patient)
  model.treatments.push(...treatments)
  model.authors.push(...authors)
  return { chain, model, before: [] }
}
type World = ReturnType<typeof start>

class Command implements fc.Command<WholeConsentModel, World> {
  readonly #name: string
  readonly #step: (world: World) => void
  constructor(name: string, step: (world: World) => void) {
    this.#name = name
    this.#step = step
  }
  check = (): boolean => true
  toString = (): string => this.#name
  run(_model: WholeConsentModel, world: World): void {
    this.#step(world)
    compare(world)
  }
}

/** Emergencies that are over may have been settled, or not yet. */
const sorted = ({ rules, orders, delegates, emergencies, endorsements, ...facts }: PatientFacts, now: number) => ({
  ...facts,
  ...Object.fromEntries(Object.entries({ rules, orders, delegates, emergencies: emergencies.filter((e) => now < e.untilMs), endorsements }).map(([name, list]) => [name, list.map((x) => toHex(encodeCanonical(x))).sort()])),
})

/** Facts, every access with its end, and what each covers are the model's; the list only grew; every invariant holds. */
function compare({ chain, model, before }: World): void {
  expect(sorted(patientFacts(chain.state, patient), model.timeMs)).toEqual(sorted(model.facts(), model.timeMs))
  for (const [reader, house] of ASKING) {
    for (const purpose of PURPOSES) {
      const asks: Asks = { reader: reader.did, organisation: house.did, purpose }
      const found = access.findOpen(chain.state, { ...asks, handle: patient, action: 'read' }, model.timeMs)
      const expected = model.findActive(asks)
      expect({ asks, found: found && [toHex(found.id), found.untilMs] }).toEqual({ asks, found: expected && [toHex(expected.id), expected.until] })
      if (found === undefined) continue
      expect(found.tier).toBe(expected?.tier)
      for (const target of RECORDS) {
        const covered = coversRecord(chain.state, found.id, target.record.id, model.timeMs)
        expect([asks, covered]).toEqual([asks, model.decide(asks, target).effect === 'permit'])
      }
    }
  }
  for (const { id, endedMs, reviewedBy } of model.emergencies) {
    const stored = access.emergency(chain.state, patient, id)
    expect([stored?.endedMs, stored?.review?.reviewer ?? null]).toEqual([endedMs, reviewedBy])
  }
  expect(access.openReviews(chain.state).map((e) => toHex(e.id)).sort()).toEqual(model.emergencies.filter((e) => e.reviewedBy === null).map((e) => toHex(e.id)).sort())
  const entries = [...chain.state.entries('accesses', patient)].map(toHex)
  expect(entries.slice(0, before.length)).toEqual(before)
  before.splice(0, before.length, ...entries)
  chain.checkInvariants()
}

/** Submits; whether it was accepted is as expected. What is accepted about the patient stands in the list. */
function submit({ chain, model, before }: World, signer: Person, message: Message, expected: string, lists = true): Outcome | undefined {
  const outcome = chain.submit(signer, message)
  model.timeMs = chain.timeMs
  expect([message.type, outcome.refusal]).toEqual([message.type, expected])
  if (outcome.refusal !== '') return undefined
  if (lists) expect(chain.state.listSize('accesses', patient)).toBeGreaterThan(before.length)
  return outcome
}

/** What holds at the time that the next message will have. */
function soon<T>({ chain, model }: World, ask: () => T): T {
  model.timeMs = chain.timeMs + 1_000
  const answer = ask()
  model.timeMs = chain.timeMs
  return answer
}

interface Seed {
  readonly effect: 'permit' | 'deny'
  readonly grantee: Grantee
  readonly purposes: readonly string[]
  readonly limits: Partial<RuleTerms>
  readonly startMs: number
  readonly forMs: number
}

function termsOf({ effect, grantee, purposes, limits, startMs, forMs }: Seed, nowMs: number): RuleTerms {
  const { absolute, conditions, ...rest } = limits
  const fits = effect === 'deny' ? (absolute === undefined ? {} : { absolute }) : conditions === undefined ? {} : { conditions }
  return terms({ effect, grantee, purposes: [...purposes].filter((p) => effect === 'deny' || p !== 'BTG'), from: nowMs + startMs, until: nowMs + startMs + forMs, ...rest, ...fits })
}

const grantCommand = (seed: Seed) =>
  new Command(`${seed.effect} ${seed.grantee.kind}`, (world) => {
    const given = termsOf(seed, world.chain.timeMs)
    const outcome = submit(world, ada, msg('consent.grant', { patient, terms: given }), '')
    if (outcome === undefined) return
    world.model.rules.push({ id: made(outcome), terms: given })
    if (given.effect === 'deny') world.model.review()
  })

const revokeCommand = (pick: number) =>
  new Command(`revoke ${pick}`, (world) => {
    const { model } = world
    const rule = model.rules[pick % Math.max(1, model.rules.length)]
    if (rule === undefined) return
    const past = soon(world, () => model.timeMs >= (rule.terms.until ?? Infinity))
    if (submit(world, ada, msg('consent.revoke', { patient, rule: rule.id }), past ? 'consent/4' : '') === undefined) return
    model.rules = model.rules.filter((r) => r !== rule)
    model.review()
  })

const orderCommand = (seed: Seed, forAll: boolean, signer: Person) =>
  new Command(`order ${seed.effect}${forAll ? ' for all' : ''}`, (world) => {
    const { limits: _limits, ...plain } = seed
    const given = termsOf({ ...plain, limits: forAll ? {} : { categories: seed.limits.categories ?? [] } }, world.chain.timeMs)
    const named = !['anyone', 'anyone-treating'].includes(given.grantee.kind)
    const expected = signer !== lakeside ? 'consent/26' : given.effect === 'deny' || named ? '' : 'consent/27'
    const outcome = submit(world, signer, msg('consent.order', { patient: forAll ? null : patient, terms: given, basis: sha256(utf8('basis')) }), expected, !forAll)
    if (outcome === undefined) return
    world.model.orders.push({ id: made(outcome), terms: given, forAll, lifted: false })
    if (given.effect === 'deny' && !forAll) world.model.review()
  })

const liftCommand = (pick: number, signer: Person) =>
  new Command(`lift ${pick}`, (world) => {
    const { model } = world
    const index = pick % Math.max(1, model.orders.length)
    const order = model.orders[index]
    if (order === undefined) return
    const past = soon(world, () => model.timeMs >= (order.terms.until ?? Infinity))
    const expected = order.lifted || past ? 'consent/30' : [lakeside, riverside].includes(signer) ? '' : 'consent/31'
    if (submit(world, signer, msg('consent.liftOrder', { patient: order.forAll ? null : patient, order: order.id }), expected, !order.forAll) === undefined) return
    model.orders[index] = { ...order, lifted: true }
    if (order.terms.effect === 'permit' && !order.forAll) model.review()
  })

const appointCommand = (categories: readonly typeof LAB[], forMs: number) =>
  new Command('appoint', (world) => {
    const untilMs = world.chain.timeMs + forMs
    const outcome = submit(world, ada, msg('consent.appointDelegate', { patient, delegate: ben.did, actions: ['read'], categories: [...categories], labels: [], until: untilMs }), '')
    if (outcome === undefined) return
    world.model.delegates.set(ben.did, { id: made(outcome), delegate: ben.did, actions: ['read'], categories, labels: [], fromMs: world.model.timeMs, untilMs })
    world.model.review()
  })

const dismissCommand = new Command('dismiss', (world) => {
  const known = world.model.delegates.has(ben.did)
  if (submit(world, ada, msg('consent.dismissDelegate', { patient, delegate: ben.did }), known ? '' : 'consent/34') === undefined) return
  world.model.delegates.delete(ben.did)
  world.model.review()
})

const endorseCommand = (purpose: string, forMs: number) =>
  new Command(`endorse ${purpose}`, (world) => {
    const { model } = world
    const untilMs = world.chain.timeMs + forMs
    const key = `${doctor.did} ${purpose}`
    const expected = untilMs >= (model.endorsements.get(key)?.untilMs ?? 0) ? '' : 'access/16'
    const outcome = submit(world, lakeside, msg('access.endorse', { patient, reader: doctor.did, purpose, endorser: nurse.did, until: untilMs }), expected)
    if (outcome !== undefined) model.endorsements.set(key, { reader: doctor.did, organisation: lakeside.did, purpose, endorser: nurse.did, fromMs: model.timeMs, untilMs })
  })

const breakCommand = (reader: Person) =>
  new Command('break the glass', (world) => {
    const { model, chain } = world
    const asks: Asks = { reader: reader.did, organisation: lakeside.did, purpose: 'BTG' }
    const own = model.emergencies.filter((e) => e.reader === reader.did)
    const [live, failed] = soon(world, () => [own.some((e) => model.isLive(e)), own.some((e) => model.timeMs < e.declaredMs + DAY_MS && (!e.confirmed || e.endedMs !== null))])
    const before = chain.state.listSize('accesses', patient)
    const outcome = chain.submit(lakeside, msg('access.breakGlass', { patient, reader: reader.did, reason: 'danger-to-life' }))
    model.timeMs = chain.timeMs
    if (!live && failed) return expect(outcome.refusal).toBe('access/18')
    const fresh: ModelEmergency = {
      id: made(outcome), reader: reader.did, organisation: lakeside.did, declaredMs: model.timeMs, confirmed: false, endedMs: null, reviewedBy: null, disputes: 0, lastReviewer: null,
    }
    if (!live) model.emergencies.push(fresh)
    const permitted = model.decide(asks).effect === 'permit'
    expect(outcome.refusal).toBe(permitted ? '' : 'access/2')
    if (!permitted && !live) model.emergencies.pop()
    if (!permitted) return
    if (!live) expect(chain.state.listSize('accesses', patient)).toBeGreaterThan(before)
    model.open(made(outcome, 1), asks)
  })

const emergencyCommand = (name: string, pick: number, step: (world: World, e: ModelEmergency) => void) =>
  new Command(`${name} ${pick}`, (world) => {
    const found = world.model.emergencies[pick % Math.max(1, world.model.emergencies.length)]
    if (found !== undefined) step(world, found)
  })

const confirmCommand = (pick: number) =>
  emergencyCommand('confirm', pick, (world, e) => {
    const confirmer = e.reader === nurse.did ? doctor : nurse
    const expected = soon(world, () => (!world.model.isLive(e) ? 'access/20' : e.confirmed ? 'access/21' : ''))
    if (submit(world, lakeside, msg('access.confirmEmergency', { patient, emergency: e.id, confirmer: confirmer.did }), expected) === undefined) return
    e.confirmed = true
    world.model.extend(e)
  })

const reviewCommand = (pick: number, outcome: 'justified' | 'unjustified', reviewer: Person) =>
  emergencyCommand(`review ${outcome}`, pick, (world, e) => {
    const expected = e.reviewedBy !== null ? 'access/24' : e.lastReviewer === reviewer.did ? 'access/23' : ''
    if (submit(world, riverside, msg('access.reviewEmergency', { patient, emergency: e.id, outcome, reviewer: reviewer.did }), expected) === undefined) return
    e.reviewedBy = reviewer.did
    if (outcome === 'unjustified') endNow(world, e)
  })

const contestCommand = (pick: number) =>
  emergencyCommand('contest', pick, (world, e) => {
    const late = soon(world, () => world.model.timeMs >= e.declaredMs + 90 * DAY_MS)
    const expected = late ? 'access/25' : e.disputes > 0 && e.reviewedBy === null ? 'access/26' : ''
    if (submit(world, ada, msg('access.contestEmergency', { patient, emergency: e.id }), expected) === undefined) return
    Object.assign(e, { lastReviewer: e.reviewedBy, reviewedBy: null, disputes: e.disputes + 1 })
    endNow(world, e)
  })

function endNow({ model }: World, e: ModelEmergency): void {
  if (!model.isLive(e)) return
  e.endedMs = model.timeMs
  model.review()
}

const openCommand = ([reader, house]: readonly [Person, Person], purpose: string) =>
  new Command(`open ${purpose}`, (world) => {
    const asks: Asks = { reader: reader.did, organisation: house.did, purpose }
    const expected = soon(world, () => (world.model.decide(asks).effect === 'permit' ? '' : 'access/2'))
    const outcome = submit(world, house, msg('access.open', { openings: [{ patient, reader: reader.did, purpose, action: 'read' }] }), expected, false)
    if (outcome !== undefined) world.model.open(made(outcome), asks)
  })

const closeCommand = (pick: number) =>
  new Command(`close ${pick}`, (world) => {
    const found = world.model.accesses[pick % Math.max(1, world.model.accesses.length)]
    if (found === undefined) return
    const still = access.access(world.chain.state, found.id)?.open === true
    if (submit(world, ada, msg('access.close', { patient, access: found.id }), still ? '' : 'access/5') !== undefined) found.open = false
  })

const jurisdictionCommand = (country: string) =>
  new Command(`lakeside in ${country}`, (world) => void submit(world, riverside, msg('network.setJurisdiction', { did: lakeside.did, jurisdiction: country }), '', false))

const passCommand = (ms: number) =>
  new Command(`pass ${ms}`, ({ chain, model }) => {
    chain.pass(ms)
    model.timeMs = chain.timeMs
  })

const grantee = fc.constantFrom<Grantee>(
  organisation(lakeside), organisation(lakeside), individual(doctor), individual(nurse), { kind: 'role', role: 'physician' }, { kind: 'role', role: 'nurse', organisation: lakeside.did }, { kind: 'anyone' },
)
const seed: fc.Arbitrary<Seed> = fc.record({
  effect: fc.constantFrom('permit' as const, 'permit' as const, 'deny' as const),
  grantee,
  purposes: fc.constantFrom<readonly string[]>([], ['TREAT'], ['BTG', 'TREAT'], ['PUBHLTH']).map((list) => [...list]),
  limits: fc.constantFrom<Partial<RuleTerms>>(
    {}, {}, {}, { categories: [LAB] }, { labels: [HIV] }, { data: { from: 5, until: 20 } }, { conditions: [{ kind: 'second-person' }] }, { absolute: true },
    { conditions: [{ kind: 'jurisdiction', within: true, of: ['DE', 'FR'] }] },
  ),
  startMs: fc.constantFrom(0, 0, 0, HOUR_MS),
  forMs: fc.constantFrom(10 * MINUTE_MS, HOUR_MS, DAY_MS, 30 * DAY_MS),
}).map((s) => (s.effect === 'permit' && s.purposes.length === 2 ? { ...s, purposes: ['TREAT'] } : s))
const second = person('practitioner', 'riverside second')

const commands = fc.commands(
  [
    seed.map(grantCommand),
    fc.nat().map(revokeCommand),
    fc.tuple(seed, fc.boolean(), fc.constantFrom(lakeside, lakeside, lakeside, riverside)).map((a) => orderCommand(...a)),
    fc.tuple(fc.nat(), fc.constantFrom(lakeside, riverside, ada)).map((a) => liftCommand(...a)),
    fc.tuple(fc.constantFrom<readonly typeof LAB[]>([], [LAB]), fc.constantFrom(HOUR_MS, DAY_MS)).map((a) => appointCommand(...a)),
    fc.constant(dismissCommand),
    fc.tuple(fc.constantFrom('TREAT', 'ETREAT'), fc.constantFrom(HOUR_MS, 6 * HOUR_MS)).map((a) => endorseCommand(...a)),
    fc.constantFrom(doctor, nurse).map(breakCommand),
    fc.nat().map(confirmCommand),
    fc.tuple(fc.nat(), fc.constantFrom('justified' as const, 'unjustified' as const), fc.constantFrom(surgeon, second)).map((a) => reviewCommand(...a)),
    fc.nat().map(contestCommand),
    fc.tuple(fc.constantFrom(...ASKING), fc.constantFrom(...PURPOSES)).map((a) => openCommand(...a)),
    fc.tuple(fc.constantFrom(...ASKING), fc.constantFrom(...PURPOSES)).map((a) => openCommand(...a)),
    fc.nat().map(closeCommand),
    fc.constantFrom('DE', 'US').map(jurisdictionCommand),
    fc.constantFrom(MINUTE_MS, 20 * MINUTE_MS, HOUR_MS, 13 * HOUR_MS, 2 * DAY_MS, 80 * DAY_MS).map(passCommand),
  ],
  { maxCommands: 50, size: 'max' },
)

test('consent, whole: facts, accesses and what they cover follow from what was said, step by step', () => {
  fc.assert(
    fc.property(commands, (steps) => {
      fc.modelRun(() => {
        const world = start()
        compare(world)
        return { model: world.model, real: world }
      }, steps)
    }),
    { numRuns: 100 },
  )
}, 180_000)

test('another patient is not touched by what is said about one', () => {
  const { chain } = start()
  const other = (): string => JSON.stringify(patientFacts(chain.state, ben.handle as Handle))
  const before = other()
  chain.do(ada, msg('consent.appointDelegate', { patient, delegate: ben.did, actions: ['read'], categories: [], labels: [], until: chain.timeMs + DAY_MS }))
  chain.do(lakeside, msg('access.breakGlass', { patient, reader: doctor.did, reason: 'disaster' }))
  chain.do(lakeside, msg('consent.order', { patient, terms: terms({ effect: 'deny', grantee: { kind: 'anyone' } }), basis: new Uint8Array(32) }))
  expect(other()).toBe(before)
})
