import type { Category as ProtocolCategory, Handle, Tag } from '@chiron/protocol'
import { RecordFlag, compareBytes } from '@chiron/protocol'
import { categoriesOf, subjectsOf, type Category } from '@chiron/fhir'
import type { Vocabulary } from '../vocabulary.ts'
import { labelsOf } from './labels.ts'

/** How the ledger will know a record. */
export interface Classification {
  readonly subjects: readonly Handle[]
  /** Patient ids behind the subjects, in the same order; empty for directory and internal records. */
  readonly patients: readonly string[]
  readonly flags: number
  readonly category: Tag
  readonly categoryName: ProtocolCategory
  readonly labels: readonly Tag[]
}

const SPECIFIC: readonly Category[] = ['laboratory', 'vital-signs', 'imaging']

/**
 * Classifies a resource whose references are resolved. With several categories one specific one wins; two specific
 * ones, or a Provenance whose targets differ, are `other`, which only a grant of all covers.
 */
export function classify(
  resource: object & { readonly resourceType: string },
  vocabulary: Vocabulary,
  organisation: Handle,
  targetCategory: (reference: string) => ProtocolCategory | undefined,
): Classification {
  const patients = subjectsOf(resource)
  const kind = categoriesOf(resource)
  if (patients.length === 0) {
    const directory = kind.class === 'directory'
    const name = directory ? 'directory' : 'internal'
    return {
      subjects: [organisation],
      patients: [],
      flags: directory ? RecordFlag.directory : RecordFlag.internal,
      category: vocabulary.category(organisation, name),
      categoryName: name,
      labels: labelsOf(resource).map((label) => vocabulary.label(organisation, label)),
    }
  }
  const pairs = patients.map((id) => ({ id, handle: vocabulary.patientHandle(id) })).sort((a, b) => compareBytes(a.handle, b.handle))
  const first = (pairs[0] as (typeof pairs)[number]).handle
  const name = kind.class === 'patient' ? singleCategory(kind.categories) : kind.class === 'targets' ? categoryOfTargets(resource, targetCategory) : 'other'
  return {
    subjects: pairs.map((pair) => pair.handle),
    patients: pairs.map((pair) => pair.id),
    flags: resource.resourceType === 'Patient' ? RecordFlag.identity : 0,
    category: vocabulary.category(first, name),
    categoryName: name,
    labels: labelsOf(resource).map((label) => vocabulary.label(first, label)),
  }
}

function singleCategory(categories: readonly Category[]): Category {
  if (categories.length === 1) return categories[0] as Category
  const specific = categories.filter((category) => SPECIFIC.includes(category))
  return specific.length === 1 ? (specific[0] as Category) : 'other'
}

function categoryOfTargets(resource: object, targetCategory: (reference: string) => ProtocolCategory | undefined): ProtocolCategory {
  const targets = (resource as { target?: readonly { reference?: string }[] }).target ?? []
  const names = new Set(targets.map((target) => (target.reference === undefined ? undefined : targetCategory(target.reference))))
  const [only] = names
  return names.size === 1 && only !== undefined ? only : 'other'
}
