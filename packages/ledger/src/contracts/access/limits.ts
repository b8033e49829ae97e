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
/** How long an endorsement lasts at most. SPEC-ACC-5. */
export const MAX_ENDORSEMENT_MS = 12 * 3_600_000
/** Endorsements of one patient that last. */
export const MAX_ENDORSEMENTS = 256
/** How long an emergency lasts at most, whatever governance sets. SPEC-ACC-6. */
export const MAX_EMERGENCY_MS = 86_400_000
/** How long after its declaration a patient may contest an emergency. SPEC-ACC-8. */
export const CONTEST_MS = 90 * 86_400_000
/** How long a reader whose emergency did not stand declares none again about the same patient. */
export const REDECLARE_MS = 86_400_000
/** Reports to one access. */
export const MAX_REPORTS = 10_000
