import { equalBytes, type DataInterval, type Grantee, type RuleTerms } from '@chiron/protocol'
import { areConditionsWithin } from './conditions.ts'
import { isPurposeWithin } from './purposes.ts'

/** One text for each grantee, equal exactly when the grantees are. */
export function formatGrantee(grantee: Grantee): string {
  switch (grantee.kind) {
    case 'person':
      return `person:${grantee.did}`
    case 'organisation':
      return `organisation:${grantee.did}`
    case 'role':
      return grantee.organisation === undefined ? `role:${grantee.role}` : `role:${grantee.role}@${grantee.organisation}`
    case 'anyone-treating':
    case 'anyone':
      return grantee.kind
  }
}

/** Whether `a` lies within `b`, where an empty list means everything. */
export function isWithin<T>(a: readonly T[], b: readonly T[], isWithinOne: (x: T, y: T) => boolean): boolean {
  if (b.length === 0) return true
  return a.length > 0 && a.every((x) => b.some((y) => isWithinOne(x, y)))
}

export const sameText = (a: string, b: string): boolean => a === b

/**
 * Whether a permit is strictly narrower than the denial that it names, so that it may override it: within it in
 * grantee, purposes, categories, records, actions, data interval and conditions (labels too where the denial names
 * some), and smaller in at least one of them. Kinds of grantee are compared as kinds: whether a person works at the
 * organisation is settled when both rules match one reader.
 */
export function isStrictlyNarrower(permit: RuleTerms, denial: RuleTerms): boolean {
  const sameGrantee = formatGrantee(permit.grantee) === formatGrantee(denial.grantee)
  const dimensions: readonly (readonly [within: boolean, smaller: boolean])[] = [
    [sameGrantee || isMoreSpecific(permit.grantee, denial.grantee), !sameGrantee],
    compare(permit.purposes, denial.purposes, isPurposeWithin),
    compare(permit.categories, denial.categories, equalBytes),
    compare(permit.records, denial.records, equalBytes),
    [permit.actions.every((a) => denial.actions.includes(a)), denial.actions.some((a) => !permit.actions.includes(a))],
    denial.labels.length === 0 ? [true, false] : compare(permit.labels, denial.labels, equalBytes),
    both(isIntervalWithin(permit.data, denial.data), isIntervalWithin(denial.data, permit.data)),
    both(areConditionsWithin(permit.conditions ?? [], denial.conditions ?? []), areConditionsWithin(denial.conditions ?? [], permit.conditions ?? [])),
  ]
  return dimensions.every(([within]) => within) && dimensions.some(([, smaller]) => smaller)
}

/** Roles and organisations do not compare; a role at an organisation lies within both. */
function isMoreSpecific(a: Grantee, b: Grantee): boolean {
  switch (a.kind) {
    case 'person':
      return b.kind !== 'person'
    case 'organisation':
      return b.kind === 'anyone-treating' || b.kind === 'anyone'
    case 'role':
      if (b.kind === 'anyone') return true
      if (a.organisation === undefined) return false
      if (b.kind === 'role') return b.role === a.role && b.organisation === undefined
      return b.kind === 'anyone-treating' || (b.kind === 'organisation' && b.did === a.organisation)
    case 'anyone-treating':
      return b.kind === 'anyone'
    case 'anyone':
      return false
  }
}

function isIntervalWithin(a: DataInterval | undefined, b: DataInterval | undefined): boolean {
  if (b === undefined) return true
  if (a === undefined) return false
  return (b.from === null || (a.from !== null && a.from >= b.from)) && (b.until === null || (a.until !== null && a.until <= b.until))
}

function compare<T>(a: readonly T[], b: readonly T[], isWithinOne: (x: T, y: T) => boolean): readonly [boolean, boolean] {
  return both(isWithin(a, b, isWithinOne), isWithin(b, a, isWithinOne))
}

function both(within: boolean, around: boolean): readonly [boolean, boolean] {
  return [within, within && !around]
}
