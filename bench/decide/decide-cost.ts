import { decide, deciderFor, indexPatient, type PatientFacts, type PatientSnapshot, type RuleFacts } from '@chiron/ledger/decide'
import { toHex, type Did, type ObjectId } from '@chiron/protocol'
import { drawCase, type Draw } from '../../tools/vectors/decide-draw.ts'
import { referenceDecision, type ReferenceCase } from '../../tools/vectors/decide-reference.ts'

export interface DecideOptions {
  /** Rules that the patient has. */
  readonly rules: number
  /** Requests, each by somebody for something else, that are decided over and over. */
  readonly cases: number
  /** Of {@link SLICES}. */
  readonly sliceMs: number
}

/** CPU in microseconds, the median of slices. */
export interface DecideResult {
  readonly rules: number
  /** Rules for people and organisations of whom nine in ten are others: a long list that grew over a life. */
  readonly spreadUs: number
  /** Rules for a handful, so that about half of them apply to whoever asks: the worst that a list can be. */
  readonly denseUs: number
  /** Of a chart of 1,000 records decided for one request, each record (dense). */
  readonly perRecordUs: number
  /** Making the list ready, once for each state of it (dense). */
  readonly indexUs: number
  /** Decisions that were compared with the plain reference. */
  readonly compared: number
}

const SLICES = 9
/** Patients whom the requests are about; the list of rules is the same. */
const PATIENTS = 8
const RECORDS = 1_000
const NAMES = 'bcdefghijmnopqrstuvwxyz234567'
const SEED = 20_261_121

/** Times `decide()` over long lists of rules, after comparing its answers with the plain reference's. @throws Error when one differs */
export function measureDecide({ rules, cases, sliceMs }: DecideOptions): DecideResult {
  const draw = drawFrom(SEED)
  const dense = rulesOf(draw, rules)
  const spread = dense.map((rule, n): RuleFacts => (n % 10 === 0 ? rule : { ...rule, terms: { ...rule.terms, grantee: { kind: n % 2 === 0 ? 'person' : 'organisation', did: otherDid(n) } } }))
  const drawn = Array.from({ length: cases }, () => drawCase(draw))
  let compared = 0
  const costOf = (list: readonly RuleFacts[]): number => {
    const patients = drawn.slice(0, PATIENTS).map(({ patient }) => ({ ...patient, rules: list }))
    const indexed = patients.map(indexPatient)
    const prepared = drawn.map((one, n) => ({ one: { ...one, patient: patients[n % patients.length] as PatientFacts }, patient: indexed[n % indexed.length] as PatientSnapshot }))
    for (const { one, patient } of prepared) {
      assertSame(decide({ ...one.request, target: one.target }, { reader: one.reader, patient }, one.timeMs), one)
      compared++
    }
    return medianUs(sliceMs, prepared.length, () => {
      for (const { one, patient } of prepared) decide({ ...one.request, target: one.target }, { reader: one.reader, patient }, one.timeMs)
    })
  }
  const spreadUs = costOf(spread)
  const denseUs = costOf(dense)
  const [first] = drawn as [ReferenceCase]
  const patient = { ...first.patient, rules: dense }
  const chart = Array.from({ length: RECORDS }, (_, n) => (drawn[n % drawn.length] as ReferenceCase).target)
  const indexed = indexPatient(patient)
  const perRecordUs = medianUs(sliceMs, RECORDS, () => {
    const decider = deciderFor(first.request, { reader: first.reader, patient: indexed }, first.timeMs)
    for (const target of chart) decider(target)
  })
  return { rules, spreadUs, denseUs, perRecordUs, indexUs: medianUs(sliceMs, 1, () => indexPatient(patient)), compared }
}

/** As many rules as asked, with ids of their own; overrides name denials that are there. */
function rulesOf(draw: Draw, count: number): RuleFacts[] {
  const rules: RuleFacts[] = []
  const denials: ObjectId[] = []
  while (rules.length < count) {
    for (const { terms } of drawCase(draw).patient.rules) {
      if (rules.length === count) break
      const id = Uint8Array.from({ length: 16 }, (_, i) => (i === 0 ? rules.length >> 8 : i === 1 ? rules.length & 255 : 7)) as ObjectId
      const overrides = terms.overrides === null ? null : (denials[draw(denials.length)] ?? null)
      rules.push({ id, terms: { ...terms, overrides } })
      if (terms.effect === 'deny') denials.push(id)
    }
  }
  return rules
}

function otherDid(n: number): Did {
  const first = NAMES[n % NAMES.length] as string
  const second = NAMES[Math.floor(n / 100) % NAMES.length] as string
  return `did:chiron:${first.repeat(16)}${second.repeat(15)}a` as Did
}

function assertSame(actual: ReturnType<typeof decide>, one: ReferenceCase): void {
  const expected = referenceDecision(one)
  const rules = actual.rules.map((id) => toHex(id)).sort()
  if (actual.effect !== expected.effect || actual.tier !== expected.tier || actual.code !== expected.code || rules.join() !== expected.rules.join()) {
    throw new Error(`decide() answers ${actual.code} at tier ${actual.tier} where the reference answers ${expected.code} at ${expected.tier}`)
  }
}

/** CPU of one of `units` that a call of `work` does, in microseconds: the median of slices, after one that does not count. */
function medianUs(sliceMs: number, units: number, work: () => void): number {
  const slices: number[] = []
  for (let slice = 0; slice <= SLICES; slice++) {
    const before = process.cpuUsage()
    const until = performance.now() + sliceMs
    let calls = 0
    do {
      work()
      calls++
    } while (performance.now() < until)
    const { user, system } = process.cpuUsage(before)
    if (slice > 0) slices.push((user + system) / (calls * units))
  }
  return slices.sort((a, b) => a - b)[slices.length >> 1] as number
}

/** Numbers from a seed (xorshift32), the same in every run. */
function drawFrom(seed: number): Draw {
  let x = seed | 1
  return (n) => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) % n
  }
}
