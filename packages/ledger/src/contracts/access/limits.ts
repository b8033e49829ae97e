/** Accesses that a patient may have open at once. SPEC-ACC-4. */
export const MAX_OPEN = 1_024
/** From how many open accesses on those that ran out are swept. */
export const SWEEP_FROM = 64
/** Rule ids that an access and its entry name; more decide as well. */
export const MAX_RULES_NAMED = 8
/** Categories that an access names as its scope; beyond that it names none. */
export const MAX_SCOPE = 64
/** Attempts that one refusal may stand for. */
export const MAX_REFUSAL_COUNT = 1_000
/** Reports to one access. */
export const MAX_REPORTS = 10_000
