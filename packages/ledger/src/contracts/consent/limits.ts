const DAY_MS = 86_400_000

/** Rules in force, or yet to come, of one handle. SPEC-CON-6. */
export const MAX_RULES = 2_000
/** Requests of one organisation that one handle may have pending. */
export const MAX_PENDING = 20
/** How long a request may be answered, in block time. */
export const REQUEST_LIFETIME_MS = 30 * DAY_MS
/** Longest duration that a request may ask for: ten years. */
export const MAX_REQUEST_MS = 3_653 * DAY_MS
/** How long a registered treating relationship lasts at most. It can be renewed. */
export const MAX_TREATMENT_MS = 90 * DAY_MS
/** How long the organisation that brought the handle treats the patient. */
export const REGISTRATION_TREATMENT_MS = 365 * DAY_MS
