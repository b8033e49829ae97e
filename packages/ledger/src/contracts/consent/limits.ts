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
/** Orders in force, or yet to come: about one handle, and about everybody. SPEC-CON-7. */
export const MAX_ORDERS = 64
/** How long an order may permit before it must be made again. */
export const MAX_ORDER_PERMIT_MS = 366 * DAY_MS
/** People that one handle's owner may have appointed at once. SPEC-CON-8. */
export const MAX_DELEGATES = 16
/** How long a delegate is appointed at most; appointed anew every year. */
export const MAX_DELEGATE_MS = 366 * DAY_MS
/** Terms of use that one organisation may have accepted. */
export const MAX_ACCEPTED_TERMS = 256
/** How long the organisation that brought the handle treats the patient. */
export const REGISTRATION_TREATMENT_MS = 365 * DAY_MS
