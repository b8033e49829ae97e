import type { Category as ProtocolCategory, Handle, Label, Tag } from '@chiron/protocol'
import { RecordFlag, compareBytes } from '@chiron/protocol'
import { CATEGORIES, categoriesOf, listReferences, subjectsOf, type Category } from '@chiron/fhir'
import { GatewayError } from '../errors.ts'
import type { Vocabulary } from '../vocabulary.ts'
import { labelsOf } from './labels.ts'
import { targetsOf, type Surroundings } from './surroundings.ts'

/** A record as the ledger will know it for one of its subjects: tags stand under that subject's key. */
export interface SubjectTags {
  readonly handle: Handle
  readonly category: Tag
  readonly labels: readonly Tag[]
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
}

/** Subjects that one record may have on the ledger. */
export const MAX_SUBJECTS = 4

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
  const labels = patients.length === 0 ? [] : allLabels(resource, around)
  const tagged = (handle: Handle, name: ProtocolCategory): SubjectTags => ({
    handle,
    category: vocabulary.category(handle, name),
    labels: labels.map((label) => vocabulary.label(handle, label)),
  })
  if (patients.length === 0) {
    const name = kind.class === 'directory' ? 'directory' : 'internal'
    return { subjects: [tagged(organisation, name)], patients: [], flags: RecordFlag[name], category: name, labels }
  }
  const name = kind.class === 'patient' ? singleCategory(kind.categories) : kind.class === 'targets' ? categoryOfTargets(resource, around) : 'other'
  const pairs = patients.map((id) => ({ id, handle: vocabulary.patientHandle(id) })).sort((a, b) => compareBytes(a.handle, b.handle))
  return {
    subjects: pairs.map(({ handle }) => tagged(handle, name)),
    patients: pairs.map(({ id }) => id),
    flags: (resource.resourceType === 'Patient' ? RecordFlag.identity : 0) | (name === 'other' ? RecordFlag.uncategorised : 0),
    category: name,
    labels,
  }
}

/** A Patient passes nothing on: its labels would be on every record. */
function allLabels(resource: object, around: Surroundings): Label[] {
  const labels = new Set(labelsOf(resource))
  for (const { parsed } of listReferences(resource)) {
    if (parsed.form !== 'relative' || parsed.type === 'Patient') continue
    for (const label of around.labelsOf(`${parsed.type}/${parsed.id}`)) labels.add(label)
  }
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
