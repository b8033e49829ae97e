import { SeededRandom } from '@chiron/testkit/simulation'
import { drawEpochs, LABELS } from './draw-consent.ts'
import { drawDay, drawRecords } from './draw-records.ts'
import { PATIENTS, type Difference, type ReaderKind, type ReaderWords, type RecordKey, type RecordWords, type Scenario } from './model.ts'
import { Oracle } from './oracle.ts'

const EVERYTHING = { user: ['user/*.cruds'], patient: ['patient/*.rs'] }

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

const KINDS: readonly ReaderKind[] = ['colleague', 'granted', 'dismissed', 'granted', 'colleague', 'patient', 'granted', 'delegate', 'emergency', 'nobody']

/** Kinds of readers take turns. */
export function readerKindOf(seed: number): ReaderKind {
  return KINDS[seed % KINDS.length] as ReaderKind
}

/** One keyholder, or now and then four of whom two are needed. */
export function keyholdersOf(seed: number): 1 | 4 {
  return Math.floor(seed / KINDS.length) % 4 === 3 ? 4 : 1
}

function drawReader(random: SeededRandom, seed: number): ReaderWords {
  const kind = readerKindOf(seed)
  switch (kind) {
    case 'colleague':
    case 'dismissed':
      return { kind, organisation: 'riverside', user: 'nurse', purpose: 'TREAT', scopes: drawScopes(random) }
    case 'patient':
      return { kind, organisation: random.pick(['riverside', 'lakeside'] as const), patient: 'p0', purpose: 'PATRQT', scopes: EVERYTHING.patient }
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
    others.unshift(changed(record, other, { random, isNeeded: needed.has(key) }))
  }
  // Another day or label may make a record visible: then it stays as it is. What is needed would pass labels on.
  for (const [index, record] of others.entries()) {
    const difference = differences.get(record.key)
    if (!(difference === 'labels' && needed.has(record.key)) && !(difference !== undefined && difference !== 'rest' && isCovered(others, record.key))) continue
    differences.delete(record.key)
    others[index] = records.find(({ key }) => key === record.key) as RecordWords
  }
  return { differences, others, withoutP2, hidden }
}

function drawDifference(random: SeededRandom, { type, category }: RecordWords, { isNeeded, isLast }: { isNeeded: boolean; isLast: boolean }): Difference | undefined {
  if (random.chance(0.1)) return undefined
  if (type === 'Patient') return 'content'
  const plain = type === 'Provenance' || category === 'internal' || category === 'directory'
  const choices: Difference[] = ['content']
  if (!plain) choices.push('versions')
  if (!plain && !isNeeded) choices.push('deleted', 'labels')
  if (!isNeeded && !isLast) choices.push('absent', 'absent', 'absent')
  return random.pick(choices)
}

function changed(record: RecordWords, difference: Difference | undefined, { random, isNeeded }: { random: SeededRandom; isNeeded: boolean }): RecordWords {
  switch (difference) {
    case 'versions':
      // Now and then so many that row numbers in one world have a digit more.
      return { ...record, versions: record.versions + (random.chance(0.25) ? random.between(50, 70) : random.between(1, 2)) }
    case 'deleted':
      return { ...record, deleted: !record.deleted }
    case 'labels':
      return { ...record, labels: record.labels.length > 0 ? [] : [random.pick(LABELS)] }
    case 'content':
      return { ...record, variant: 'other', ...(isNeeded ? {} : { day: drawDay(random) }) }
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
