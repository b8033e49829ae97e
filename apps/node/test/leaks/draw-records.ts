import type { SeededRandom } from '@chiron/testkit/simulation'
import { LABELS } from './draw-consent.ts'
import { PATIENTS, type OrganisationName, type PatientKey, type RecordKey, type RecordWords } from './model.ts'

/** Records of all three patients, each before what refers to it. */
export function drawRecords(random: SeededRandom): RecordWords[] {
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
      ...((type !== 'Patient' || patients[0] === 'p2') && author === 'riverside' && random.chance(0.3) ? { localId: `own-${key}-end` } : {}),
      day: drawDay(random),
      variant: '',
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
    const at = (): RecordWords['references'] => perhaps('encounter', of('Encounter', patient, author), 0.7)
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

/** From 2010 to 2099. */
export function drawDay(random: SeededRandom): string {
  const two = (number: number): string => String(number).padStart(2, '0')
  return `20${random.between(10, 99)}-${two(random.between(1, 12))}-${two(random.between(1, 28))}`
}
