import { encodeCanonical, sha256 } from '@chiron/protocol'
import { AUTHOR_PURPOSES } from './purposes.ts'
import { TIERS } from './tiers/index.ts'

/** Raised whenever any tier decides differently than before. */
export const POLICY_VERSION = 1

/**
 * Names the policy: SHA-256 over the canonical encoding of its version, its tiers in order (number, name, whether it is
 * decided), and the author's purposes. Two parties with the same hash decide alike on the same snapshot. SPEC-DEC-2.
 */
export const POLICY_HASH: Uint8Array = sha256(
  encodeCanonical({
    engine: 'chiron/decide',
    version: POLICY_VERSION,
    tiers: TIERS.map(({ tier, name, judge }) => [tier, name, judge !== null]),
    authorPurposes: [...AUTHOR_PURPOSES],
  }),
)
