import type { Category, Label } from '@chiron/protocol'
import { SeededRandom } from '@chiron/testkit/simulation'
import type { Difference, Epoch, GranteeWords, OrganisationName, PatientKey, ReaderKind, ReaderWords, RecordKey, RecordWords, RuleWords, Saying, Scenario } from './model.ts'
import { Oracle } from './oracle.ts'

const PATIENTS = ['p0', 'p1', 'p2'] as const
const LABELS: readonly Label[] = ['mental-health', 'substance-use', 'hiv', 'genetics']
const CATEGORIES: readonly Category[] = ['laboratory', 'vital-signs', 'observations', 'conditions', 'medications', 'encounters', 'allergies', 'demographics']
const EVERYTHING = { user: ['user/*.cruds'], patient: ['patient/*.rs'] }
const MINUTE_MS = 60_000

/** Everything that a seed decides, and how the second world differs from the first. */
export interface Drawn {
  readonly scenario: Scenario
  readonly differences: ReadonlyMap<RecordKey, Difference | 'rest'>
  /** The records as the second world has them. */
  readonly others: readonly RecordWords[]
  /** Whether the third patient is not in the second world at all. */
  readonly withoutP2: boolean
  /** What is always hidden from the reader, in both worlds. */
  readonly hidden: ReadonlySet<RecordKey>
}

export function draw(seed: number): Drawn {
  const random = new SeededRandom(`leaks/${seed}`)
  const reader = drawReader(random.split('reader'), seed)
  const records = drawRecords(random.split('records'))
  const epochs = drawEpochs(random.split('rules'), reader, records)
  const scenario: Scenario = { seed, reader, patients: PATIENTS, records, epochs }
  return { scenario, ...drawDifferences(random.split('differences'), scenario) }
}

const KINDS: readonly ReaderKind[] = ['colleague', 'granted', 'colleague', 'granted', 'patient', 'delegate', 'emergency', 'nobody']

/** Kinds of readers take turns. */
export function readerKindOf(seed: number): ReaderKind {
  return KINDS[seed % KINDS.length] as ReaderKind
}

function drawReader(random: SeededRandom, seed: number): ReaderWords {
  const kind = readerKindOf(seed)
  switch (kind) {
    case 'colleague':
      return { kind, organisation: 'riverside', user: 'nurse', purpose: 'TREAT', scopes: drawScopes(random) }
    case 'patient':
      return { kind, organisation: 'riverside', patient: 'p0', purpose: 'PATRQT', scopes: EVERYTHING.patient }
    case 'delegate':
      return { kind, organisation: random.pick(['riverside', 'lakeside'] as const), patient: 'p1', purpose: 'PATRQT', scopes: EVERYTHING.patient }
    case 'emergency':
      return { kind, organisation: 'lakeside', user: 'physician', purpose: random.pick(['BTG', 'ETREAT']), scopes: EVERYTHING.user }
    default:
      return { kind, organisation: 'lakeside', user: random.pick(['physician', 'nurse'] as const), purpose: random.pick(['TREAT', 'TREAT', 'TREAT', 'HPAYMT']), scopes: drawScopes(random) }
  }
}

function drawScopes(random: SeededRandom): readonly string[] {
  if (random.chance(0.75)) return EVERYTHING.user
  return ['user/Patient.rs', 'user/Observation.cruds', ...(random.chance(0.5) ? ['user/Condition.rs'] : []), ...(random.chance(0.5) ? ['user/Encounter.rs'] : [])]
}

function drawRecords(random: SeededRandom): RecordWords[] {
  const records: RecordWords[] = []
  const numbers = new Map<string, number>()
  const put = (type: string, category: RecordWords['category'], patients: readonly PatientKey[], author: OrganisationName = 'riverside', references: RecordWords['references'] = []): RecordKey => {
    const number = numbers.get(type) ?? 0
    numbers.set(type, number + 1)
    const key = type === 'Patient' ? `Patient-${patients[0]}` : `${type}-${number}`
    const plain = type === 'Patient' || type === 'Group' || type === 'Practitioner'
    const labels = !plain && type !== 'Provenance' && random.chance(0.2) ? [random.pick(LABELS)] : []
    records.push({
      key, type, category, labels, patients, author, references,
      ...(type !== 'Patient' && author === 'riverside' && random.chance(0.3) ? { localId: `own-${key}` } : {}),
      versions: plain ? 1 : random.weighted({ 1: 6, 2: 2, 3: 1 }) === '1' ? 1 : random.between(2, 3),
      deleted: !plain && type !== 'Provenance' && random.chance(0.08),
    })
    return key
  }
  const of = (type: string, patient: PatientKey, author: OrganisationName): RecordKey[] =>
    records.filter((record) => record.type === type && record.patients[0] === patient && record.patients.length === 1 && record.author === author).map(({ key }) => key)
  const perhaps = (element: string, choices: readonly RecordKey[], probability: number): RecordWords['references'] =>
    choices.length > 0 && random.chance(probability) ? [{ element, to: random.pick(choices) }] : []
  const clinical = (patient: PatientKey, author: OrganisationName, counts: Readonly<Record<'encounter' | 'condition' | 'observation' | 'more', number>>): void => {
    const at = (): RecordWords['references'] => perhaps('encounter', of('Encounter', patient, author), 0.5)
    for (let i = 0; i < counts.encounter; i++) put('Encounter', 'encounters', [patient], author)
    for (let i = 0; i < counts.condition; i++) put('Condition', 'conditions', [patient], author, at())
    for (let i = 0; i < counts.observation; i++) {
      const before = of('Observation', patient, author)
      put('Observation', random.pick(['laboratory', 'vital-signs', 'observations'] as const), [patient], author, [...at(), ...perhaps('hasMember', before, 0.3), ...perhaps('derivedFrom', before, 0.2)])
    }
    for (let i = 0; i < counts.more; i++) {
      put('MedicationRequest', 'medications', [patient], author, [...at(), ...perhaps('reasonReference', of('Condition', patient, author), 0.5)])
      put('DiagnosticReport', 'laboratory', [patient], author, perhaps('result', of('Observation', patient, author), 0.8))
      put('AllergyIntolerance', 'allergies', [patient], author)
      put('Basic', 'other', [patient], author)
    }
  }
  for (const patient of PATIENTS) put('Patient', 'demographics', [patient])
  clinical('p0', 'riverside', { encounter: 2, condition: 2, observation: 6, more: 1 })
  clinical('p0', 'lakeside', { encounter: 0, condition: 1, observation: 2, more: 0 })
  clinical('p1', 'riverside', { encounter: 1, condition: 1, observation: 2, more: 0 })
  clinical('p2', 'riverside', { encounter: 1, condition: 1, observation: 2, more: 0 })
  put('Observation', 'laboratory', ['p0', 'p1'])
  if (random.chance(0.5)) put('Observation', 'vital-signs', ['p0', 'p2'])
  const targets = [random.pick(of('Observation', 'p0', 'riverside')), ...(random.chance(0.4) ? [random.pick(of('Condition', 'p0', 'riverside'))] : [])]
  const categories = new Set(targets.map((key) => records.find((record) => record.key === key)?.category))
  const [only] = categories
  put('Provenance', categories.size === 1 && only !== undefined ? only : 'other', ['p0'], 'riverside', targets.map((to) => ({ element: 'target', to })))
  put('Group', 'internal', [])
  put('Group', 'internal', [], 'lakeside')
  put('Practitioner', 'directory', [])
  // What others refer to stays: a reference to what was deleted is refused, a label of it is not passed on.
  const referred = new Set(records.flatMap(({ references }) => references.map(({ to }) => to)))
  return records.map((record) => (referred.has(record.key) ? { ...record, deleted: false } : record))
}

function drawEpochs(random: SeededRandom, reader: ReaderWords, records: readonly RecordWords[]): Epoch[] {
  let number = 0
  const spoken: RuleWords[] = []
  const rule = (patient: PatientKey, words: Partial<RuleWords> & Pick<RuleWords, 'effect' | 'grantee'>): Saying => {
    const made: RuleWords = { key: `rule-${number++}`, patient, purposes: [], categories: [], labels: [], records: [], actions: ['read'], forMs: null, overrides: null, ...words }
    spoken.push(made)
    return { say: 'rule', rule: made }
  }
  const some = <T>(items: readonly T[], most: number): T[] => {
    const count = random.between(1, most)
    return [...new Set(Array.from({ length: count }, () => random.pick(items)))]
  }
  const meant = (): GranteeWords => {
    const { organisation, user = 'physician', patient } = reader
    if (patient !== undefined) return { kind: 'patient', patient }
    const role = user === 'nurse' ? 'nurse' : 'physician'
    const choices: GranteeWords[] = [{ kind: 'person', organisation, user }, { kind: 'role', role }, { kind: 'role', role, organisation }]
    return random.pick(reader.kind === 'colleague' ? choices : [...choices, { kind: 'organisation', organisation }, { kind: 'organisation', organisation }, { kind: 'anyone-treating' }, { kind: 'anyone' }])
  }
  const unmeant = (): GranteeWords => random.pick<GranteeWords>([{ kind: 'person', organisation: 'lakeside', user: 'admin' }, { kind: 'role', role: 'physician', organisation: 'riverside' }])
  const about = (patient: PatientKey): Partial<RuleWords> => ({
    ...(random.chance(0.8) ? { categories: some(CATEGORIES, 3) } : {}),
    ...(random.chance(0.2) ? { records: some(records.filter(({ patients }) => patients[0] === patient).map(({ key }) => key), 2), categories: [] } : {}),
  })
  const permit = (patient: PatientKey): Saying => {
    const denial = random.chance(0.3) ? spoken.findLast((said) => said.effect === 'deny' && said.patient === patient && said.categories.length > 1 && said.forMs === null && said.data === undefined && said.labels.length + said.records.length === 0) : undefined
    if (denial !== undefined) return rule(patient, { effect: 'permit', grantee: denial.grantee, categories: denial.categories.slice(0, 1), overrides: denial.key, ...(random.chance(0.5) ? { labels: some(LABELS, 2) } : {}) })
    return rule(patient, {
      effect: 'permit', grantee: random.chance(0.85) ? meant() : unmeant(), ...about(patient),
      ...(random.chance(0.4) ? { labels: some(LABELS, 2) } : {}),
      ...(random.chance(0.3) ? { purposes: [random.pick(['TREAT', 'HPAYMT', reader.purpose])] } : {}),
      ...(random.chance(0.25) ? { forMs: MINUTE_MS } : {}),
      ...(random.chance(0.1) ? { data: { from: 0, until: 4_000_000_000 } } : {}),
      ...(random.chance(0.3) ? { actions: ['read', 'write'] } : {}),
    })
  }
  const deny = (patient: PatientKey): Saying => rule(patient, {
    effect: 'deny', grantee: random.chance(0.9) ? meant() : unmeant(), ...about(patient),
    ...(random.chance(0.2) ? { labels: some(LABELS, 2) } : {}),
    ...(random.chance(0.2) ? { forMs: MINUTE_MS } : {}),
    ...(random.chance(0.1) ? { data: { from: 0, until: 4_000_000_000 } } : {}),
    ...(reader.kind === 'emergency' && random.chance(0.6) ? { absolute: true as const } : {}),
  })
  const change = (): Saying => {
    const inForce = spoken.filter(({ patient, forMs }) => patient !== 'p2' && forMs === null)
    const patient = random.chance(0.75) ? 'p0' : 'p1'
    const what = random.weighted({ permit: 4, deny: 3, revoke: 3, wait: 1, contest: 1 })
    if (what === 'revoke' && inForce.length > 0) {
      const rule = random.pick(inForce)
      spoken.splice(spoken.indexOf(rule), 1)
      return { say: 'revoke', rule: rule.key }
    }
    if (what === 'wait') return { say: 'wait', ms: 70_000 }
    if (what === 'contest') return { say: 'contest', patient: 'p0', organisation: 'lakeside' }
    return what === 'permit' && reader.kind !== 'colleague' ? permit(patient) : deny(patient)
  }
  const first: Saying[] = []
  switch (reader.kind) {
    case 'colleague':
      first.push(rule('p2', { effect: 'deny', grantee: { kind: 'person', organisation: 'riverside', user: 'nurse' }, actions: ['read', 'write'] }), deny('p0'))
      break
    case 'granted':
      first.push(permit('p0'), ...(random.chance(0.5) ? [deny('p0')] : []), ...(random.chance(0.5) ? [permit('p1')] : []))
      break
    case 'patient':
      first.push(rule('p1', { effect: 'permit', grantee: { kind: 'organisation', organisation: 'lakeside' } }))
      break
    case 'delegate':
      first.push({ say: 'delegate', patient: 'p0', to: 'p1', categories: random.chance(0.3) ? [] : some(CATEGORIES, 4), labels: random.chance(0.5) ? some(LABELS, 2) : [] })
      break
    case 'emergency':
      first.push({ say: 'emergency', patient: 'p0', organisation: 'lakeside', user: 'physician' }, deny('p0'))
      break
    case 'nobody':
      first.push(rule('p0', { effect: 'deny', grantee: { kind: 'organisation', organisation: 'lakeside' } }), rule('p0', { effect: 'deny', grantee: { kind: 'role', role: reader.user === 'nurse' ? 'nurse' : 'physician' } }))
  }
  const changes = (): Saying[] => {
    if (reader.kind === 'nobody') return []
    if (reader.kind === 'delegate' && random.chance(0.3)) return [{ say: 'dismiss', patient: 'p0', to: 'p1' }]
    if (reader.kind === 'patient') return [{ say: 'wait', ms: 1000 }]
    return Array.from({ length: random.between(1, 2) }, change)
  }
  return [{ sayings: first }, { sayings: changes() }, { sayings: changes() }]
}

function drawDifferences(random: SeededRandom, scenario: Scenario): Omit<Drawn, 'scenario'> {
  const { records } = scenario
  const withoutP2 = random.chance(0.7) && !visible(scenario, records, (oracle) => oracle.opens('p2'))
  const isCovered = (among: readonly RecordWords[], key: RecordKey): boolean => visible(scenario, among, (oracle) => oracle.covers(key))
  const hidden = new Set(records.map(({ key }) => key).filter((key) => !isCovered(records, key)))
  const differences = new Map<RecordKey, Difference | 'rest'>()
  const others: RecordWords[] = []
  const needed = new Set<RecordKey>()
  const kept = new Map<string, number>()
  for (const record of records.toReversed()) {
    const { key, patients, author, references } = record
    const isP2 = withoutP2 && patients.includes('p2')
    const other = isP2 ? 'absent' : hidden.has(key) ? drawDifference(random, record, { isNeeded: needed.has(key), isLast: !kept.has(`${patients[0]} ${author}`) && record.category !== 'internal' }) : undefined
    const rest = record.type === 'Patient' && !hidden.has(key) && !visible(scenario, records, (oracle) => oracle.covers(key) && !oracle.decide(key).identityOnly)
    if (other !== undefined) differences.set(key, other)
    else if (rest && random.chance(0.8)) differences.set(key, 'rest')
    if (other === 'absent') continue
    kept.set(`${patients[0]} ${author}`, 1)
    for (const { to } of references) needed.add(to)
    others.unshift(changed(record, other, random))
  }
  for (const [index, record] of others.entries()) {
    if (differences.get(record.key) !== 'labels' || (!isCovered(others, record.key) && !needed.has(record.key))) continue
    differences.delete(record.key)
    others[index] = records.find(({ key }) => key === record.key) as RecordWords
  }
  return { differences, others, withoutP2, hidden }
}

function drawDifference(random: SeededRandom, { type, category, versions }: RecordWords, { isNeeded, isLast }: { isNeeded: boolean; isLast: boolean }): Difference | undefined {
  if (random.chance(0.1)) return undefined
  if (type === 'Patient') return 'content'
  const plain = type === 'Provenance' || category === 'internal' || category === 'directory'
  const choices: Difference[] = ['content']
  if (!plain) choices.push('versions')
  if (!plain && !isNeeded) choices.push('deleted', 'labels')
  if (!isNeeded && !isLast) choices.push('absent', 'absent', 'absent')
  return versions > 5 ? undefined : random.pick(choices)
}

function changed(record: RecordWords, difference: Difference | undefined, random: SeededRandom): RecordWords {
  switch (difference) {
    case 'versions':
      return { ...record, versions: record.versions + random.between(1, 2) }
    case 'deleted':
      return { ...record, deleted: !record.deleted }
    case 'labels':
      return { ...record, labels: record.labels.length > 0 ? [] : [random.pick(LABELS)] }
    default:
      return record
  }
}

/** Whether something holds in any epoch. */
function visible({ reader, epochs }: Scenario, records: readonly RecordWords[], holds: (oracle: Oracle) => boolean): boolean {
  const oracle = oracleAtStart(reader, records)
  return epochs.some(({ sayings }) => {
    for (const saying of sayings) oracle.hear(saying)
    return holds(oracle)
  })
}

/** As the seed begins: the other organisation treats the first patient. */
export function oracleAtStart(reader: ReaderWords, records: readonly RecordWords[]): Oracle {
  const oracle = new Oracle(reader, records, 0)
  oracle.hear({ say: 'treat', patient: 'p0', organisation: 'lakeside' })
  return oracle
}
