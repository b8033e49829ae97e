import type { Category, Label } from '@chiron/protocol'
import type { SeededRandom } from '@chiron/testkit/simulation'
import type { ConditionWords, Epoch, GranteeWords, PatientKey, ReaderWords, RecordWords, RuleWords, Saying } from './model.ts'

export const LABELS: readonly Label[] = ['mental-health', 'substance-use', 'hiv', 'genetics']
const CATEGORIES: readonly Category[] = ['laboratory', 'vital-signs', 'observations', 'conditions', 'medications', 'encounters', 'allergies', 'demographics']
const MINUTE_MS = 60_000
/** Longer than a seed takes by itself, shorter than a wait. */
const SHORT_MS = 4 * MINUTE_MS
/** Twice as much is no leap that stops a node, and no emergency runs out. */
const WAIT_MS = 4.5 * MINUTE_MS
const TERMS = 'terms of use'
/** An obligation that no gateway meets: what is permitted under it is not shown. */
export const UNMET = 'ENCRYPT'

const EXPELLED: Saying = { say: 'expel', organisation: 'riverside', user: 'nurse' }

/** What is said before the reader comes, and while they read. */
export function drawEpochs(random: SeededRandom, reader: ReaderWords, records: readonly RecordWords[]): Epoch[] {
  const speech = new Speech(random, reader, records)
  return [{ sayings: speech.first() }, { sayings: speech.changes(1) }, { sayings: speech.changes(2) }]
}

/** Draws what is said in one seed, and remembers what was. */
class Speech {
  readonly #random: SeededRandom
  readonly #reader: ReaderWords
  readonly #records: readonly RecordWords[]
  readonly #spoken: RuleWords[] = []
  readonly #orders: RuleWords[] = []
  readonly #labelled: Extract<Saying, { readonly say: 'label' }>[] = []
  readonly #once = new Set<string>()
  #number = 0

  constructor(random: SeededRandom, reader: ReaderWords, records: readonly RecordWords[]) {
    this.#random = random
    this.#reader = reader
    this.#records = records
  }

  first(): Saying[] {
    const random = this.#random
    const reader = this.#reader
    const first: Saying[] = []
    const whole = (patient: PatientKey, grantee: GranteeWords): Saying => this.#rule(patient, { effect: 'permit', grantee, labels: LABELS })
    switch (reader.kind) {
      case 'colleague':
        first.push(this.#rule('p2', { effect: 'deny', grantee: this.#self(), actions: ['read', 'write'] }), this.#deny('p0'))
        if (random.chance(0.8)) first.push(this.#denyLinked('p0'))
        break
      case 'dismissed':
        first.push(this.#rule('p2', { effect: 'deny', grantee: this.#self(), actions: ['read', 'write'] }))
        if (random.chance(0.5) && this.#isFirst('expel')) first.push(EXPELLED)
        break
      case 'granted':
        // A colleague who sees everything: then all of it is in the index of the reader's organisation.
        if (random.chance(0.5)) first.push(whole('p0', { kind: 'person', organisation: 'lakeside', user: 'admin' }))
        if (random.chance(0.3)) first.push(whole('p1', { kind: 'person', organisation: 'lakeside', user: 'admin' }))
        if (random.chance(0.35)) first.push(whole('p0', this.#self()), whole('p1', this.#self()))
        else first.push(this.#permit('p0'), ...(random.chance(0.5) ? [this.#deny('p0')] : []), ...(random.chance(0.6) ? [this.#permit('p1')] : []))
        if (random.chance(0.5)) first.push(this.#denyLinked('p0'))
        break
      case 'patient':
        first.push(this.#rule('p1', { effect: 'permit', grantee: { kind: 'organisation', organisation: 'lakeside' } }))
        break
      case 'delegate':
        first.push({ say: 'delegate', patient: 'p0', to: 'p1', categories: random.chance(0.3) ? [] : this.#some(CATEGORIES, 4), labels: random.chance(0.5) ? this.#some(LABELS, 2) : [] })
        break
      case 'emergency':
        first.push({ say: 'emergency', patient: 'p0', organisation: 'lakeside', user: 'physician' }, this.#deny('p0'))
        break
      case 'nobody':
        return [
          this.#rule('p0', { effect: 'deny', grantee: { kind: 'organisation', organisation: 'lakeside' } }),
          this.#rule('p0', { effect: 'deny', grantee: { kind: 'role', role: this.#role() } }),
        ]
    }
    if (random.chance(0.2)) first.push(this.#order())
    return first
  }

  changes(epoch: number): Saying[] {
    const random = this.#random
    const { kind } = this.#reader
    if (kind === 'nobody') return []
    if (kind === 'dismissed') return epoch === 1 && this.#isFirst('expel') ? [EXPELLED] : [{ say: 'wait', ms: 1000 }]
    if (kind === 'patient') return [random.chance(0.3) ? this.#order() : { say: 'wait', ms: 1000 }]
    if (kind === 'delegate' && random.chance(0.3)) return [{ say: 'dismiss', patient: 'p0', to: 'p1' }]
    // Where two charts are whole, one of them closes first.
    const shared = this.#spoken.findLast(({ patient, effect, grantee }) => kind === 'granted' && epoch === 1 && patient === 'p1' && effect === 'permit' && JSON.stringify(grantee) === JSON.stringify(this.#self()))
    if (shared !== undefined && shared.forMs === null && random.chance(0.85)) return [this.#revoke(shared)]
    return Array.from({ length: random.between(1, 2) }, () => this.#change(epoch))
  }

  #change(epoch: number): Saying {
    const random = this.#random
    const reader = this.#reader
    const inForce = this.#spoken.filter(({ patient, forMs }) => patient !== 'p2' && forMs === null)
    const patient = reader.patient === 'p1' || random.chance(0.75) ? 'p0' : 'p1'
    const what = random.weighted({ permit: 4, deny: 4, revoke: 3, wait: 1, contest: 1, order: 1, lift: 1, endorse: 1, accept: 1, label: 2, emergency: reader.kind === 'emergency' ? 5 : 0 })
    switch (what) {
      case 'revoke':
        if (inForce.length > 0) return this.#revoke(random.pick(inForce))
        break
      case 'lift': {
        const order = this.#orders.pop()
        if (order !== undefined) return { say: 'lift', rule: order.key }
        break
      }
      case 'wait':
        if (this.#isFirst(`wait ${epoch}`)) return { say: 'wait', ms: WAIT_MS }
        break
      case 'contest':
        return { say: 'contest', patient: 'p0', organisation: 'lakeside' }
      case 'order':
        return this.#order()
      case 'endorse':
        if (reader.user !== undefined) return { say: 'endorse', patient, reader, forMs: SHORT_MS }
        break
      case 'label':
        return this.#label(patient)
      case 'accept':
        if (this.#isFirst('accept')) return { say: 'accept', organisation: reader.organisation, terms: TERMS }
        break
      case 'emergency': {
        const next = random.pick(['confirm', 'protest', 'condemn'] as const)
        // What was ended is over, and nothing is confirmed twice.
        if (!this.#once.has('over') && this.#isFirst(next === 'confirm' ? 'confirm' : 'over')) return { say: next, patient: 'p0', organisation: 'lakeside', user: 'physician' }
        break
      }
      case 'permit':
        if (reader.kind !== 'colleague') return this.#permit(patient)
    }
    return this.#deny(patient)
  }

  #rule(patient: PatientKey, words: Partial<RuleWords> & Pick<RuleWords, 'effect' | 'grantee'>): Saying {
    const rule = this.#words(patient, words)
    this.#spoken.push(rule)
    return { say: 'rule', rule }
  }

  #words(patient: PatientKey, words: Partial<RuleWords> & Pick<RuleWords, 'effect' | 'grantee'>): RuleWords {
    return { key: `rule-${this.#number++}`, patient, purposes: [], categories: [], labels: [], records: [], actions: ['read'], forMs: null, overrides: null, ...words }
  }

  #revoke(rule: RuleWords): Saying {
    this.#spoken.splice(this.#spoken.indexOf(rule), 1)
    return { say: 'revoke', rule: rule.key }
  }

  /** On what is the patient's; now and then taken off again. */
  #label(patient: PatientKey): Saying {
    const before = this.#labelled.pop()
    if (before !== undefined && this.#random.chance(0.5)) return { ...before, change: 'remove' }
    const record = this.#random.pick(this.#records.filter(({ patients, type, deleted }) => patients.includes(patient) && type !== 'Patient' && !deleted)).key
    const said = { say: 'label', patient, record, labels: this.#some(LABELS, 1), change: 'add' } as const
    this.#labelled.push(said)
    return said
  }

  #permit(patient: PatientKey): Saying {
    const random = this.#random
    const denial = random.chance(0.3) ? this.#spoken.findLast((said) => said.effect === 'deny' && said.patient === patient && said.categories.length > 1 && said.forMs === null && said.data === undefined && said.conditions === undefined && said.labels.length + said.records.length === 0) : undefined
    if (denial !== undefined) return this.#rule(patient, { effect: 'permit', grantee: denial.grantee, categories: denial.categories.slice(0, 1), overrides: denial.key, ...(random.chance(0.5) ? { labels: this.#some(LABELS, 2) } : {}) })
    return this.#rule(patient, {
      effect: 'permit', grantee: random.chance(0.85) ? this.#meant() : this.#unmeant(), ...this.#about(patient),
      ...(random.chance(0.4) ? { labels: this.#some(LABELS, 2) } : {}),
      ...(random.chance(0.3) ? { purposes: [random.pick(['TREAT', 'HPAYMT', ...(this.#reader.purpose === 'BTG' ? [] : [this.#reader.purpose])])] } : {}),
      ...(random.chance(0.25) ? { forMs: SHORT_MS } : {}),
      ...(random.chance(0.3) ? { actions: ['read', 'write'] as const } : {}),
      ...(random.chance(0.2) ? { conditions: [this.#condition()] } : {}),
      ...(random.chance(0.15) ? { obligations: [random.pick([UNMET, 'NORDSCLCD', 'NOCOLLECT'])] } : {}),
    })
  }

  #deny(patient: PatientKey): Saying {
    const random = this.#random
    return this.#rule(patient, {
      effect: 'deny', grantee: random.chance(0.9) ? this.#meant() : this.#unmeant(), ...this.#about(patient),
      ...(random.chance(0.2) ? { labels: this.#some(LABELS, 2) } : {}),
      ...(random.chance(0.2) ? { forMs: SHORT_MS } : {}),
      ...(random.chance(0.1) ? { conditions: [this.#jurisdiction()] } : {}),
      ...(this.#reader.kind === 'emergency' && random.chance(0.6) ? { absolute: true as const } : {}),
    })
  }

  /** Of one end of references, for good: what is seen leads to what is hidden. */
  #denyLinked(patient: PatientKey): Saying {
    const about = this.#records.filter(({ patients, labels, deleted }) => patients[0] === patient && labels.length === 0 && !deleted)
    const keys = new Set(about.map(({ key }) => key))
    const links = about.flatMap(({ key, references }) => references.filter(({ to }) => keys.has(to)).map(({ to }) => ({ from: key, to })))
    const ends = this.#some(links, 3).map(({ from, to }) => (this.#random.chance(0.65) ? to : from))
    return links.length === 0 ? this.#deny(patient) : { say: 'rule', rule: this.#words(patient, { effect: 'deny', grantee: this.#self(), records: [...new Set(ends)] }) }
  }

  /** By an authority: about one patient, seldom about everybody, which then says nothing of what it is about. */
  #order(): Saying {
    const random = this.#random
    const effect = random.pick(['deny', 'deny', 'permit'] as const)
    const everybody = random.chance(0.15)
    const grantee = this.#named(effect)
    const rule = this.#words('p0', {
      effect, grantee,
      ...(everybody ? {} : this.#about('p0')),
      ...(effect === 'permit' ? { forMs: SHORT_MS * 100, ...(!everybody && random.chance(0.4) ? { labels: this.#some(LABELS, 2) } : {}) } : random.chance(0.2) ? { forMs: SHORT_MS } : {}),
      ...(random.chance(0.3) ? { purposes: [random.pick(['TREAT', 'PUBHLTH', ...(this.#reader.purpose === 'BTG' ? [] : [this.#reader.purpose])])] } : {}),
    })
    if (effect === 'permit' || rule.forMs === null) this.#orders.push(rule)
    return { say: 'order', rule, everybody }
  }

  #about(patient: PatientKey): Partial<RuleWords> {
    const random = this.#random
    return {
      ...(random.chance(0.8) ? { categories: this.#some(CATEGORIES, 3) } : {}),
      ...(random.chance(0.2) ? { records: this.#some(this.#records.filter(({ patients }) => patients[0] === patient).map(({ key }) => key), 2), categories: [] } : {}),
      ...(random.chance(0.2) ? { data: random.pick([{ from: '2050-01-01', until: null }, { from: null, until: '2060-07-01' }, { from: '2030-01-01', until: '2080-01-01' }]) } : {}),
    }
  }

  #condition(): ConditionWords {
    return this.#random.pick<() => ConditionWords>([() => this.#jurisdiction(), () => ({ kind: 'second-person' }), () => ({ kind: 'terms', terms: TERMS })])()
  }

  #jurisdiction(): ConditionWords {
    return { kind: 'jurisdiction', within: this.#random.chance(0.5), of: this.#some(['DE', 'FR', 'NL'], 2).sort() }
  }

  #role(): 'nurse' | 'physician' {
    return this.#reader.user === 'nurse' ? 'nurse' : 'physician'
  }

  /** The reader, by who they are. */
  #self(): GranteeWords {
    const { organisation, user = 'physician', patient } = this.#reader
    return patient === undefined ? { kind: 'person', organisation, user } : { kind: 'patient', patient }
  }

  /** The reader, alone or with others whom an order may name. A whole organisation is not denied: somebody there goes on writing. */
  #named(effect: 'permit' | 'deny'): GranteeWords {
    const { organisation, patient } = this.#reader
    const choices: GranteeWords[] = [this.#self(), { kind: 'role', role: this.#role(), organisation }, ...(effect === 'permit' ? [{ kind: 'organisation', organisation } as const] : [])]
    return patient === undefined ? this.#random.pick(choices) : this.#self()
  }

  #meant(): GranteeWords {
    const { organisation, kind, patient } = this.#reader
    if (patient !== undefined) return this.#self()
    const role = this.#role()
    // A member is not kept from its own records as a whole, only single people and roles there.
    const choices: GranteeWords[] = [this.#self(), { kind: 'role', role }, { kind: 'role', role, organisation }]
    return this.#random.pick(kind === 'colleague' ? choices : [...choices, { kind: 'organisation', organisation }, { kind: 'organisation', organisation }, { kind: 'anyone-treating' }, { kind: 'anyone' }])
  }

  #unmeant(): GranteeWords {
    return this.#random.pick<GranteeWords>([{ kind: 'person', organisation: 'lakeside', user: 'admin' }, { kind: 'role', role: 'physician', organisation: 'riverside' }])
  }

  #some<T>(items: readonly T[], most: number): T[] {
    return [...new Set(Array.from({ length: this.#random.between(1, most) }, () => this.#random.pick(items)))]
  }

  #isFirst(what: string): boolean {
    if (this.#once.has(what)) return false
    this.#once.add(what)
    return true
  }
}
