import type { Decision } from '@chiron/ledger/decide'

/**
 * What this gateway does with what is permitted: it shows no more of a Patient than identifies; that an access was a
 * delegate's, or is to be reviewed, stands in the patient's list and in the state by itself.
 */
const MET: ReadonlySet<string> = new Set(['identity-only', 'list-as-delegate', 'review-emergency'])

/** Whether a record may be shown: it is permitted, and every obligation is one that this gateway meets. */
export function mayShow({ effect, obligations }: Pick<Decision, 'effect' | 'obligations'>): boolean {
  return effect === 'permit' && obligations.every((obligation) => MET.has(obligation))
}
