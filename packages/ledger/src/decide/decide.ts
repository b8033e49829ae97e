import { Case } from './case.ts'
import { POLICY_HASH } from './policy.ts'
import type { Snapshot } from './snapshot.ts'
import { standingOf, type Standing } from './standing.ts'
import { TIERS } from './tiers/index.ts'
import type { Verdict } from './tiers/tier.ts'
import type { AccessRequest, Decision, Obligation, Target, Tier } from './types.ts'

/** Decides targets of one patient for one request at one time. */
export type Decider = (target: Target) => Decision

/**
 * Decides whether a request is permitted on a target at block time `timeMs` (Unix milliseconds). Pure: the same
 * arguments give the same decision on every machine. Never throws: an error inside denies (tier 10). SPEC-DEC-1.
 */
export function decide(request: AccessRequest & { readonly target: Target }, snapshot: Snapshot, timeMs: number): Decision {
  return deciderFor(request, snapshot, timeMs)(request.target)
}

/** As {@link decide}, for many targets: what does not depend on the target is worked out once. */
export function deciderFor(request: AccessRequest, snapshot: Snapshot, timeMs: number): Decider {
  let standing: Standing | undefined
  return (target) => {
    try {
      standing ??= standingOf(request, snapshot, timeMs)
      return judge(new Case(request, snapshot, standing, target))
    } catch {
      return decision('10', { effect: 'deny', code: 'DENY_ERROR' })
    }
  }
}

/**
 * Joins the decisions of a record's subjects: each must permit. The first denial stands; a permit carries the rules and
 * obligations of all, and the tier of the first. SPEC-DEC-3.
 */
export function joinDecisions(decisions: readonly Decision[]): Decision {
  const [first] = decisions
  if (first === undefined) return decision('0', { effect: 'deny', code: 'DENY_INVALID' })
  const denied = decisions.find((d) => d.effect === 'deny')
  if (denied !== undefined || decisions.length === 1) return denied ?? first
  return {
    ...first,
    rules: decisions.flatMap((d) => d.rules),
    obligations: inOrder(decisions.flatMap((d) => d.obligations)),
  }
}

/** The decision about what does not exist: tier 0. */
export function invalid(): Decision {
  return decision('0', { effect: 'deny', code: 'DENY_INVALID' })
}

function judge(subject: Case): Decision {
  for (const { tier, judge } of TIERS) {
    const verdict = judge(subject)
    if (verdict !== undefined) return decision(tier, verdict)
  }
  return decision('9', { effect: 'deny', code: 'DENY_DEFAULT' })
}

function decision(tier: Tier, { effect, code, rules = [], obligations = [] }: Verdict): Decision {
  return { effect, tier, code, rules, obligations: inOrder(obligations), policyHash: POLICY_HASH }
}

/** Each once: the policy's own first, then codes; both ascending. */
function inOrder(obligations: readonly Obligation[]): readonly Obligation[] {
  if (obligations.length < 2) return obligations
  const sorted = [...new Set(obligations)].sort()
  return [...sorted.filter((o) => !isCode(o)), ...sorted.filter(isCode)]
}

const isCode = (obligation: Obligation): boolean => obligation.charCodeAt(0) < 97
