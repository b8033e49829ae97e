import { equalBytes, type Grantee, type RuleTerms } from '@chiron/protocol'

/** How specific kinds of grantee are. A kind reaches only kinds of a higher number; roles and organisations do not compare. */
const REACHES: Readonly<Record<Grantee['kind'], readonly Grantee['kind'][]>> = {
  person: ['organisation', 'role', 'anyone-treating'],
  organisation: ['anyone-treating'],
  role: [],
  'anyone-treating': [],
}

/** One text for each grantee, equal exactly when the grantees are. */
export function formatGrantee(grantee: Grantee): string {
  switch (grantee.kind) {
    case 'person':
      return `person:${grantee.did}`
    case 'organisation':
      return `organisation:${grantee.did}`
    case 'role':
      return `role:${grantee.role}`
    case 'anyone-treating':
      return 'anyone-treating'
  }
}

/** Whether `a` lies within `b`, where an empty list means everything. */
export function isWithin<T>(a: readonly T[], b: readonly T[], same: (x: T, y: T) => boolean): boolean {
  if (b.length === 0) return true
  return a.length > 0 && a.every((x) => b.some((y) => same(x, y)))
}

export const sameText = (a: string, b: string): boolean => a === b

/**
 * Whether a permit is strictly narrower than the denial that it names, so that it may override it: within it in
 * grantee, purposes, categories, records and actions (labels too where the denial names some), and smaller in at least
 * one of them. Kinds of grantee are compared as kinds: whether a person works at the organisation is settled when both
 * rules match one reader.
 */
export function isStrictlyNarrower(permit: RuleTerms, denial: RuleTerms): boolean {
  const sameGrantee = formatGrantee(permit.grantee) === formatGrantee(denial.grantee)
  const dimensions: readonly (readonly [within: boolean, smaller: boolean])[] = [
    [sameGrantee || REACHES[permit.grantee.kind].includes(denial.grantee.kind), !sameGrantee],
    compare(permit.purposes, denial.purposes, sameText),
    compare(permit.categories, denial.categories, equalBytes),
    compare(permit.records, denial.records, equalBytes),
    [permit.actions.every((a) => denial.actions.includes(a)), denial.actions.some((a) => !permit.actions.includes(a))],
    denial.labels.length === 0 ? [true, false] : compare(permit.labels, denial.labels, equalBytes),
  ]
  return dimensions.every(([within]) => within) && dimensions.some(([, smaller]) => smaller)
}

function compare<T>(a: readonly T[], b: readonly T[], same: (x: T, y: T) => boolean): readonly [boolean, boolean] {
  const within = isWithin(a, b, same)
  return [within, within && !isWithin(b, a, same)]
}
