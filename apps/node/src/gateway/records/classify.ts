import type { Category as ProtocolCategory, Handle, Label, RecordDates, Tag } from '@chiron/protocol'
import { RecordFlag, compareBytes } from '@chiron/protocol'
import { CATEGORIES, categoriesOf, clinicalDays, listReferences, sensitivityOf, subjectsOf, type Category } from '@chiron/fhir'
import { GatewayError } from '../errors.ts'
import type { Vocabulary } from '../vocabulary.ts'
import { targetsOf, type Surroundings } from './surroundings.ts'

/** A record as the ledger will know it for one of its subjects: tags and days stand under that subject's keys. */
export interface SubjectTags {
  readonly handle: Handle
  readonly category: Tag
  readonly labels: readonly Tag[]
  /** Null where the data does not say what days it is about. */
  readonly dates: RecordDates | null
}

/** How the ledger will know a record. */
export interface Classification {
  readonly subjects: readonly SubjectTags[]
  /** Patient ids behind the subjects, in the same order; empty for directory and internal records. */
  readonly patients: readonly string[]
  readonly flags: number
  readonly category: ProtocolCategory
  /** Its own sensitivity labels and those of what it refers to, in alphabetical order; none for directory and internal records. */
  readonly labels: readonly Label[]
  /** What it refers to and inherits labels from, as `Type/id`. */
  readonly inheritsFrom: readonly string[]
}

/** Subjects that one record may have on the ledger. */
export const MAX_SUBJECTS = 4

/**
 * What goes on without a known end ends a hundred years after it began: for every rule that is so far away, and a true
 * end of time would give the patient's offset away.
 */
const OPEN_DAYS = 36_525

const SPECIFIC: readonly Category[] = ['laboratory', 'vital-signs', 'imaging']

/**
 * Classifies a resource whose references are resolved. With several categories one specific one wins; two specific
 * ones, or a Provenance whose targets differ, are `other`, which only a grant of all covers.
 * @throws GatewayError `ERR_GATEWAY_UNPROCESSABLE` for more than four patients
 */
export function classify(
  resource: object & { readonly resourceType: string },
  vocabulary: Vocabulary,
  organisation: Handle,
  around: Surroundings,
): Classification {
  const patients = [...new Set([...subjectsOf(resource), ...targetsOf(resource).flatMap((target) => around.patientsOf(target))])]
  if (patients.length > MAX_SUBJECTS) {
    throw new GatewayError('ERR_GATEWAY_UNPROCESSABLE', `a resource may be about ${MAX_SUBJECTS} patients at most; split it`)
  }
  const kind = categoriesOf(resource)
  const inheritsFrom = patients.length === 0 ? [] : inheritedFrom(resource)
  const labels = patients.length === 0 ? [] : allLabels(resource, patients, inheritsFrom, around)
  const tagged = (handle: Handle, name: ProtocolCategory): SubjectTags => ({
    handle,
    category: vocabulary.category(handle, name),
    labels: labels.map((label) => vocabulary.label(handle, label)),
    dates: null,
  })
  if (patients.length === 0) {
    const name = kind.class === 'directory' ? 'directory' : 'internal'
    return { subjects: [tagged(organisation, name)], patients: [], flags: RecordFlag[name], category: name, labels, inheritsFrom }
  }
  const name = kind.class === 'patient' ? singleCategory(kind.categories) : kind.class === 'targets' ? categoryOfTargets(resource, around) : 'other'
  const datesFor = kind.class === 'targets' ? datesOfTargets(resource, around) : datesOf(resource, vocabulary)
  const pairs = patients.map((id) => ({ id, handle: vocabulary.patientHandle(id) })).sort((a, b) => compareBytes(a.handle, b.handle))
  return {
    subjects: pairs.map(({ handle }) => ({ ...tagged(handle, name), dates: datesFor(handle) })),
    patients: pairs.map(({ id }) => id),
    flags: (resource.resourceType === 'Patient' ? RecordFlag.identity : 0) | (name === 'other' ? RecordFlag.uncategorised : 0),
    category: name,
    labels,
    inheritsFrom,
  }
}

/** A Patient passes nothing on: its labels would be on every record. */
function inheritedFrom(resource: object): string[] {
  const found = new Set<string>()
  for (const { parsed } of listReferences(resource)) if (parsed.form === 'relative' && parsed.type !== 'Patient') found.add(`${parsed.type}/${parsed.id}`)
  return [...found]
}

function allLabels(resource: object, patients: readonly string[], inheritsFrom: readonly string[], around: Surroundings): Label[] {
  const { meta } = resource as { meta?: { lastUpdated?: string } }
  const today = meta?.lastUpdated?.slice(0, 10) ?? '1970-01-01'
  const labels = new Set<Label>(patients.flatMap((id) => sensitivityOf(resource, { birthDate: around.birthDateOf(id), today })))
  for (const reference of inheritsFrom) for (const label of around.labelsOf(reference)) labels.add(label)
  return [...labels].sort()
}

function singleCategory(categories: readonly Category[]): Category {
  if (categories.length === 1) return categories[0] as Category
  const specific = categories.filter((category) => SPECIFIC.includes(category))
  return specific.length === 1 ? (specific[0] as Category) : 'other'
}

function categoryOfTargets(resource: object, around: Surroundings): ProtocolCategory {
  const names = new Set(targetsOf(resource).map((target) => around.categoryOf(target)))
  const [only] = names
  return names.size === 1 && only !== undefined && CATEGORIES.some((name) => name === only) ? only : 'other'
}

type DatesFor = (handle: Handle) => RecordDates | null

function datesOf(resource: object, vocabulary: Vocabulary): DatesFor {
  const days = clinicalDays(resource)
  if (days === null) return () => null
  return (handle) => {
    const from = vocabulary.day(handle, days.from)
    return { from, until: days.until === null ? from + OPEN_DAYS : vocabulary.day(handle, days.until) }
  }
}

/** A Provenance is about the days of its targets; when it was recorded says nothing of theirs. */
function datesOfTargets(resource: object, around: Surroundings): DatesFor {
  const targets = targetsOf(resource)
  return (handle) => {
    const found = targets.map((target) => around.datesOf(target, handle))
    const known = found.filter((dates) => dates !== null)
    if (known.length === 0 || known.length < found.length) return null
    return { from: Math.min(...known.map(({ from }) => from)), until: Math.max(...known.map(({ until }) => until)) }
  }
}
