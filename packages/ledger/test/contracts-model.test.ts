import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { derivedId, equalBytes, toHex, type Did, type Handle, type RuleTerms, type Tag } from '@chiron/protocol'
import { access, consent, coversRecord, records } from '../src/index.ts'
import { ConsentModel, type ModelRecord } from './consent-model.ts'
import {
  ContractChain, DAY_MS, doctor, entry, individual, lakeside, msg, nurse, organisation, person, populate, putMsg, recordFor, registerMsg, riverside, surgeon, tagFor, terms,
  type Outcome, type Person,
} from './contract-chain.ts'

const HOUR_MS = 3_600_000
const HOUSES = [riverside, lakeside]
const READERS: readonly (readonly [Person, Person])[] = [[surgeon, riverside], [riverside, riverside], [doctor, lakeside], [nurse, lakeside], [lakeside, lakeside]]
const GRANTEES = [surgeon, doctor, nurse, riverside, lakeside]
const TAGS: readonly Tag[] = ['laboratory', 'imaging'].map(tagFor)
const PATIENTS = ['p0', 'p1', 'p2'] as const
const RECORDS = ['r0', 'r1', 'r2'] as const
const patientOf = (name: string): Person => person('patient', name)
const granteeOf = (who: Person) => (HOUSES.includes(who) ? organisation(who) : individual(who))

/** The contracts, and what their lists held after the step before. */
class Real {
  readonly chain = populate(new ContractChain())
  readonly before = new Map<string, string[]>()

  submit(model: ConsentModel, signer: Person, message: Parameters<ContractChain['submit']>[1]): Outcome {
    const outcome = this.chain.submit(signer, message)
    model.timeMs = this.chain.timeMs
    return outcome
  }
}

type Step = (model: ConsentModel, real: Real) => void

class Command implements fc.Command<ConsentModel, Real> {
  readonly #name: string
  readonly #step: Step
  constructor(name: string, step: Step) {
    this.#name = name
    this.#step = step
  }
  check(): boolean {
    return true
  }
  run(model: ConsentModel, real: Real): void {
    this.#step(model, real)
    compare(model, real)
  }
  toString(): string {
    return this.#name
  }
}

/** Both agree on every access and record; lists only grew; every invariant holds. */
function compare(model: ConsentModel, { chain, before }: Real): void {
  const now = chain.timeMs
  for (const [name] of model.patients) {
    const { handle } = patientOf(name)
    expectGrown(chain, before, 'records', handle)
    expectGrown(chain, before, 'accesses', handle)
    const mine = model.records.filter((r) => r.patient === name)
    expect(chain.state.listSize('records', handle)).toBe(mine.reduce((sum, r) => sum + r.version, 0))
    for (const record of mine) expect(records.recordHead(chain.state, recordFor(record.name))?.version).toBe(record.version)
    for (const [reader, house] of READERS) {
      const subject = { handle, reader: reader.did, organisation: house.did, purpose: 'TREAT', action: 'read' as const }
      const found = access.findOpen(chain.state, subject, now)
      const expected = model.findOpen(name, reader.did, house.did)
      expect({ name, found: found && [toHex(found.id), found.untilMs] }).toEqual({ name, found: expected && [toHex(expected.id), expected.until] })
      if (found === undefined) continue
      // No open access without a basis.
      expect(model.mayOpen(name, reader.did, house.did)).not.toBeNull()
      for (const record of mine) {
        expect([record.name, coversRecord(chain.state, found.id, recordFor(record.name), now)]).toEqual([record.name, model.mayRead(record, reader.did, house.did)])
      }
    }
    const active = consent.rulesOf(chain.state, handle, now).map((r) => toHex(r.id))
    const expectedRules = model.rules.filter((r) => r.patient === name && !r.ended && r.from <= now && now < r.until)
    expect(active.sort()).toEqual(expectedRules.map((r) => toHex(r.id)).sort())
  }
  for (const ended of model.accesses.filter((a) => !a.open)) expect(access.access(chain.state, ended.id)?.open).toBe(false)
  chain.checkInvariants()
}

function expectGrown(chain: ContractChain, before: Map<string, string[]>, kind: 'records' | 'accesses', handle: Handle): void {
  const key = `${kind} ${toHex(handle)}`
  const entries = [...chain.state.entries(kind, handle)].map(toHex)
  const old = before.get(key) ?? []
  expect(entries.slice(0, old.length)).toEqual(old)
  before.set(key, entries)
}

const expectRefusal = (outcome: Outcome, refusal: string): boolean => {
  expect(outcome.refusal).toBe(refusal)
  return refusal === ''
}

const registerCommand = (name: string, house: Person) =>
  new Command(`register ${name}`, (model, real) => {
    const outcome = real.submit(model, house, registerMsg('patient', patientOf(name)))
    if (!expectRefusal(outcome, model.patients.has(name) ? 'identity/5' : '')) return
    model.patients.set(name, patientOf(name).did)
    model.treatments.set(`${name} ${house.did}`, { until: model.timeMs + 365 * DAY_MS, contestedMs: null })
  })

const putCommand = (patient: string, house: Person, record: string, category: Tag) =>
  new Command(`put ${patient} ${record}`, (model, real) => {
    const name = `${patient} ${record}`
    const known = model.records.find((r) => r.name === name)
    const message = putMsg([entry(name, { version: (known?.version ?? 0) + 1, subjects: [patientOf(patient).handle], category })], { recorder: house.did })
    const outcome = real.submit(model, house, message)
    const allowed = known === undefined ? model.isTreating(patient, house.did) : known.author === house.did
    if (!expectRefusal(outcome, !model.patients.has(patient) ? 'records/9' : allowed ? '' : 'records/4')) return
    if (known === undefined) model.records.push({ patient, name, category, author: house.did, version: 1 } satisfies ModelRecord)
    else Object.assign(known, { version: known.version + 1, category })
    model.authors.add(`${patient} ${house.did}`)
  })

interface TermsSeed {
  readonly effect: 'permit' | 'deny'
  readonly grantee: Person
  readonly categories: readonly Tag[]
  readonly startMs: number
  readonly forMs: number | null
}

function termsOf(seed: TermsSeed, nowMs: number): { readonly terms: RuleTerms; readonly fields: { effect: 'permit' | 'deny'; grantee: Did; categories: readonly Tag[]; from: number; until: number } } {
  const from = nowMs + seed.startMs
  const until = seed.forMs === null ? null : from + seed.forMs
  const { effect, grantee, categories } = seed
  return {
    terms: terms({ effect, grantee: granteeOf(grantee), categories: [...categories], from, until }),
    fields: { effect, grantee: grantee.did, categories, from, until: until ?? Infinity },
  }
}

const grantCommand = (patient: string, seed: TermsSeed) =>
  new Command(`${seed.effect} ${patient}`, (model, real) => {
    const { terms: given, fields } = termsOf(seed, real.chain.timeMs)
    const outcome = real.submit(model, patientOf(patient), msg('consent.grant', { patient: patientOf(patient).handle, terms: given }))
    if (!expectRefusal(outcome, model.patients.has(patient) ? '' : 'consent/1')) return
    model.rules.push({ id: derivedId(outcome.txId, 0), patient, ended: false, ...fields })
    noteInvitation(model, patient, model.rules.length - 1)
    if (seed.effect === 'deny') model.review(patient)
  })

function noteInvitation(model: ConsentModel, patient: string, index: number): void {
  const rule = model.rules[index]
  if (rule !== undefined) model.invitations.push({ patient, organisation: rule.grantee, madeMs: model.timeMs, rule })
}

/** Picks one of the model's rules, or a rule that nobody made. */
const ruleCommand = (kind: 'modify' | 'revoke', pick: number, signerIsOwner: boolean, seed: TermsSeed) =>
  new Command(`${kind} rule ${pick}`, (model, real) => {
    const index = model.rules.length === 0 ? -1 : pick % model.rules.length
    const rule = model.rules[index]
    if (rule === undefined) return
    const owner = patientOf(rule.patient)
    const { terms: given, fields } = termsOf(seed, real.chain.timeMs)
    const message = kind === 'revoke'
      ? msg('consent.revoke', { patient: owner.handle, rule: rule.id })
      : msg('consent.modify', { patient: owner.handle, rule: rule.id, terms: given })
    const outcome = real.submit(model, signerIsOwner ? owner : riverside, message)
    const over = rule.ended || model.timeMs >= rule.until
    if (!expectRefusal(outcome, !signerIsOwner ? 'consent/1' : over ? 'consent/4' : '')) return
    if (kind === 'revoke') rule.ended = true
    else {
      Object.assign(rule, fields)
      noteInvitation(model, rule.patient, index)
    }
    model.review(rule.patient)
  })

const requestCommand = (patient: string, house: Person, reader: Person, categories: readonly Tag[], forMs: number) =>
  new Command(`request ${patient}`, (model, real) => {
    const outcome = real.submit(model, house, msg('consent.request', {
      patient: patientOf(patient).handle, reader: reader.did, grantee: organisation(house), purposes: ['TREAT'], categories: [...categories], labels: [], actions: ['read'], forMs,
    }))
    const own = READERS.some(([r, h]) => r === reader && h === house)
    if (!expectRefusal(outcome, !model.patients.has(patient) ? 'consent/11' : own ? '' : 'consent/12')) return
    model.requests.push({ id: derivedId(outcome.txId, 0), patient, organisation: house.did, categories, forMs, askedMs: model.timeMs, pending: true })
  })

const answerCommand = (pick: number, answer: 'approve' | 'narrow' | 'widen' | 'deny') =>
  new Command(`${answer} request ${pick}`, (model, real) => {
    const asked = model.requests.length === 0 ? undefined : model.requests[pick % model.requests.length]
    if (asked === undefined) return
    const owner = patientOf(asked.patient)
    const house = HOUSES.find((h) => h.did === asked.organisation) as Person
    const categories = answer === 'narrow' ? [TAGS[0] as Tag] : asked.categories
    const until = real.chain.timeMs + asked.forMs + (answer === 'widen' ? HOUR_MS : 0)
    const message = answer === 'deny'
      ? msg('consent.deny', { patient: owner.handle, request: asked.id })
      : msg('consent.approve', { patient: owner.handle, request: asked.id, terms: terms({ grantee: organisation(house), categories: [...categories], until }) })
    const outcome = real.submit(model, owner, message)
    const late = model.timeMs >= asked.askedMs + 30 * DAY_MS
    const fits = asked.categories.length === 0 || categories.every((c) => asked.categories.some((x) => equalBytes(x, c)))
    const tooWide = answer === 'widen' || (answer === 'narrow' && !fits)
    if (!expectRefusal(outcome, !asked.pending ? 'consent/16' : late ? 'consent/17' : tooWide ? 'consent/18' : '')) return
    asked.pending = false
    if (answer === 'deny') return
    model.rules.push({ id: derivedId(outcome.txId, 0), patient: asked.patient, effect: 'permit', grantee: house.did, categories, from: 0, until, ended: false })
    noteInvitation(model, asked.patient, model.rules.length - 1)
  })

const openCommand = (patient: string, [reader, house]: readonly [Person, Person]) =>
  new Command(`open ${patient}`, (model, real) => {
    const outcome = real.submit(model, house, msg('access.open', { openings: [{ patient: patientOf(patient).handle, reader: reader.did, purpose: 'TREAT', action: 'read' }] }))
    const basis = model.mayOpen(patient, reader.did, house.did)
    if (!expectRefusal(outcome, !model.patients.has(patient) ? 'access/1' : basis === null ? 'access/2' : '')) return
    if (model.findOpen(patient, reader.did, house.did) === undefined) model.open(derivedId(outcome.txId, 0, 0), patient, reader.did, house.did, basis?.until ?? 0)
  })

const closeCommand = (pick: number, by: 'patient' | 'organisation' | 'stranger') =>
  new Command(`close ${pick} by ${by}`, (model, real) => {
    const found = model.accesses.length === 0 ? undefined : model.accesses[pick % model.accesses.length]
    if (found === undefined) return
    const owner = patientOf(found.patient)
    const house = HOUSES.find((h) => h.did === found.organisation) as Person
    const signer = by === 'patient' ? owner : by === 'organisation' ? house : (HOUSES.find((h) => h !== house) as Person)
    const outcome = real.submit(model, signer, msg('access.close', { patient: owner.handle, access: found.id }))
    if (!expectRefusal(outcome, !found.open ? 'access/5' : by === 'stranger' ? 'access/6' : '')) return
    found.open = false
  })

const treatCommand = (patient: string, house: Person, forMs: number) =>
  new Command(`treat ${patient}`, (model, real) => {
    const until = real.chain.timeMs + forMs
    const outcome = real.submit(model, house, msg('consent.registerTreatment', { patient: patientOf(patient).handle, until }))
    const key = `${patient} ${house.did}`
    const before = model.treatments.get(key)
    const contestedMs = before?.contestedMs ?? null
    const invited = contestedMs === null || model.invitations.some(({ rule, madeMs, ...i }) =>
      i.patient === patient && madeMs > contestedMs && rule.grantee === house.did && rule.effect === 'permit' && !rule.ended && rule.from <= model.timeMs && model.timeMs < rule.until)
    if (!expectRefusal(outcome, !model.patients.has(patient) ? 'consent/11' : invited ? '' : 'consent/19')) return
    if (contestedMs !== null || before === undefined || before.until < until) model.treatments.set(key, { until, contestedMs: null })
  })

const contestCommand = (patient: string, house: Person) =>
  new Command(`contest ${patient}`, (model, real) => {
    const outcome = real.submit(model, patientOf(patient), msg('consent.contestTreatment', { patient: patientOf(patient).handle, organisation: house.did }))
    const before = model.treatments.get(`${patient} ${house.did}`)
    const expected = !model.patients.has(patient) ? 'consent/1' : before === undefined ? 'consent/21' : before.contestedMs !== null ? 'consent/19' : ''
    if (!expectRefusal(outcome, expected) || before === undefined) return
    before.contestedMs = model.timeMs
    model.review(patient)
  })

const passCommand = (ms: number) =>
  new Command(`pass ${ms}`, (model, real) => {
    real.chain.pass(ms)
    model.timeMs = real.chain.timeMs
  })

const patient = fc.constantFrom(...PATIENTS)
const house = fc.constantFrom(...HOUSES)
const categories = fc.constantFrom<readonly Tag[]>([], [TAGS[0] as Tag], [TAGS[1] as Tag])
const seed = fc.record({
  effect: fc.constantFrom('permit' as const, 'permit' as const, 'deny' as const), grantee: fc.constantFrom(...GRANTEES), categories,
  startMs: fc.constantFrom(0, 0, 0, HOUR_MS), forMs: fc.constantFrom(null, HOUR_MS, 3 * HOUR_MS, DAY_MS),
})
const commands = fc.commands(
  [
    fc.tuple(patient, house).map((a) => registerCommand(...a)),
    fc.tuple(patient, house, fc.constantFrom(...RECORDS), fc.constantFrom(...TAGS)).map((a) => putCommand(...a)),
    fc.tuple(patient, seed).map((a) => grantCommand(...a)),
    fc.tuple(patient, seed).map((a) => grantCommand(...a)),
    fc.tuple(fc.constantFrom('modify' as const, 'revoke' as const), fc.nat(), fc.constantFrom(true, true, true, false), seed).map((a) => ruleCommand(...a)),
    fc.tuple(patient, house, fc.constantFrom(...GRANTEES), categories, fc.constantFrom(HOUR_MS, DAY_MS)).map((a) => requestCommand(...a)),
    fc.tuple(fc.nat(), fc.constantFrom('approve' as const, 'narrow' as const, 'widen' as const, 'deny' as const)).map((a) => answerCommand(...a)),
    fc.tuple(patient, fc.constantFrom(...READERS)).map((a) => openCommand(...a)),
    fc.tuple(patient, fc.constantFrom(...READERS)).map((a) => openCommand(...a)),
    fc.tuple(fc.nat(), fc.constantFrom('patient' as const, 'organisation' as const, 'stranger' as const)).map((a) => closeCommand(...a)),
    fc.tuple(patient, house, fc.constantFrom(DAY_MS, 80 * DAY_MS)).map((a) => treatCommand(...a)),
    fc.tuple(patient, house).map((a) => contestCommand(...a)),
    fc.constantFrom(60_000, HOUR_MS, 13 * HOUR_MS, 31 * DAY_MS).map((ms) => passCommand(ms)),
  ],
  { maxCommands: 60, size: 'max' },
)

test('the contracts agree with a simple model, step by step', () => {
  fc.assert(
    fc.property(commands, (steps) => {
      fc.modelRun(() => {
        const real = new Real()
        const model = new ConsentModel(real.chain.timeMs)
        // Start where the interesting things happen; the steps register the rest.
        registerCommand('p0', riverside).run(model, real)
        putCommand('p0', riverside, 'r0', TAGS[0] as Tag).run(model, real)
        return { model, real }
      }, steps)
    }),
    { numRuns: 120 },
  )
}, 120_000)
