import type { Resource } from '@medplum/fhirtypes'
import type { SeededRandom } from '@chiron/testkit/simulation'
import { uuid } from './acting.ts'

/** One resource to be written: its text is how it is recognised when it is read back. */
export interface Intent {
  readonly type: string
  readonly id: string
  readonly patients: readonly string[]
  readonly text: string
  readonly kind: 'write' | 'delete'
  readonly security: readonly string[]
  /** `YYYY-MM-DD` that it is about, where it says so. */
  readonly date?: string
}

const TYPES = ['Observation', 'Observation', 'MedicationRequest', 'Condition', 'AllergyIntolerance', 'Communication'] as const
const SECURITY = ['PSY', 'ETH', 'HIV'] as const
/** So many days in a row is what data is about. */
export const DAYS = 10

export function dateOfDay(day: number): string {
  return `2026-03-${String(10 + day)}`
}

export function drawIntent(random: SeededRandom, patients: readonly string[], changes: Partial<Intent> = {}): Intent {
  const id = uuid(random)
  const type = patients.length > 1 ? 'Communication' : random.pick(TYPES)
  const security = random.chance(0.2) ? [random.pick(SECURITY)] : []
  const date = random.chance(0.7) ? { date: dateOfDay(random.below(DAYS)) } : {}
  return { type, id, patients, text: `text ${id}`, kind: 'write', security, ...date, ...changes }
}

export function resourceOf({ type, id, patients, text, security, date }: Intent): Resource {
  const coding = security.map((code) => ({ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code }))
  const meta = coding.length === 0 ? {} : { meta: { security: coding } }
  const subject = { reference: `Patient/${patients[0]}` }
  const common = { resourceType: type, ...meta, text: { status: 'generated', div: text }, subject }
  switch (type) {
    case 'Patient':
      return { resourceType: type, id, ...meta, name: [{ family: text }] } as Resource
    case 'Communication':
      return { ...common, status: 'completed', recipient: patients.slice(1).map((other) => ({ reference: `Patient/${other}` })), ...(date === undefined ? {} : { sent: `${date}T10:00:00Z` }) } as unknown as Resource
    case 'Observation': {
      const category = [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: security.length > 0 ? 'vital-signs' : 'laboratory' }] }]
      return { ...common, status: 'final', category, code: { text: 'x' }, ...(date === undefined ? {} : { effectiveDateTime: date }) } as unknown as Resource
    }
    case 'MedicationRequest':
      return { ...common, ...(date === undefined ? {} : { authoredOn: date }) } as unknown as Resource
    case 'Condition':
      return { ...common, ...(date === undefined ? {} : { onsetDateTime: date, abatementDateTime: date }) } as unknown as Resource
    default:
      return common as unknown as Resource
  }
}

export function textOfResource(resource: Resource): string | undefined {
  if (resource.resourceType === 'Patient') return resource.name?.[0]?.family
  return (resource as { text?: { div?: string } }).text?.div
}
