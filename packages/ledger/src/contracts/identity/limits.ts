const DAY_MS = 86_400_000

/** Bounds on what an identity may have and for how long. SPEC-IDN-5. */
export const MAX_ATTESTATIONS = 64
export const MAX_HANDLES = 16
/** An attestation is renewed at least every five years, a delegation every year (366 days). */
export const MAX_ATTESTATION_MS = 5 * 366 * DAY_MS
export const MAX_DELEGATION_MS = 366 * DAY_MS
/** How long a claim may be offered. SPEC-CLAIM-4. */
export const MAX_CLAIM_OFFER_MS = 30 * DAY_MS
