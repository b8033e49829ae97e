import { encodeCanonical, sha256 } from '@chiron/protocol'
import { AUTHOR_PURPOSES, EMERGENCY_PURPOSES, PURPOSES_ABOVE } from './purposes.ts'
import { CLINICAL_ROLES } from './standing.ts'
import { TIERS } from './tiers/index.ts'

/** Raised whenever any tier decides differently than before. */
export const POLICY_VERSION = 3

/**
 * Names the policy: SHA-256 over the canonical encoding of its version, its tiers in order (number, name), the purposes
 * and roles that it knows, and which purposes lie below which. Two parties with the same hash decide alike on the same
 * snapshot. SPEC-DEC-2.
 */
export const POLICY_HASH: Uint8Array = sha256(
  encodeCanonical({
    engine: 'chiron/decide',
    version: POLICY_VERSION,
    tiers: TIERS.map(({ tier, name }) => [tier, name]),
    authorPurposes: [...AUTHOR_PURPOSES],
    emergencyPurposes: [...EMERGENCY_PURPOSES],
    clinicalRoles: [...CLINICAL_ROLES],
    purposesAbove: [...PURPOSES_ABOVE].map(([code, above]) => [code, ...above]),
  }),
)
