import { equalBytes, type Did, type RuleTerms } from '@chiron/protocol'
import { formatGrantee, isWithin, sameText } from '../../decide/terms.ts'
import type { RequestRecord } from './state.ts'

/**
 * Whether terms stay within a request: a permit, for the grantee asked for or some of its people, within its purposes,
 * categories, labels and actions, and for no longer than asked from when it begins. Records, dates of the data,
 * conditions and obligations, of which a request names none, only narrow it. SPEC-CON-4.
 */
export function isWithinRequest(terms: RuleTerms, request: RequestRecord, timeMs: number, isOf: (did: Did, organisation: Did) => boolean): boolean {
  if (terms.effect !== 'permit' || terms.until === null) return false
  return (
    isGranteeWithin(terms, request, isOf) &&
    isWithin(terms.purposes, request.purposes, sameText) &&
    isWithin(terms.categories, request.categories, equalBytes) &&
    terms.labels.every((label) => request.labels.some((asked) => equalBytes(asked, label))) &&
    terms.actions.every((action) => request.actions.includes(action)) &&
    terms.until - Math.max(terms.from, timeMs) <= request.forMs
  )
}

function isGranteeWithin({ grantee }: RuleTerms, { grantee: asked }: RequestRecord, isOf: (did: Did, organisation: Did) => boolean): boolean {
  if (formatGrantee(grantee) === formatGrantee(asked)) return true
  if (asked.kind !== 'organisation') return false
  return (grantee.kind === 'person' && isOf(grantee.did, asked.did)) || (grantee.kind === 'role' && grantee.organisation === asked.did)
}
