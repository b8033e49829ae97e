import { author } from './3b-author.ts'
import { breakGlass } from './4-break-glass.ts'
import { byDefault } from './9-default.ts'
import { delegation } from './8-delegation.ts'
import { denials } from './5-denials.ts'
import { legalBasis } from './3a-legal-basis.ts'
import { own } from './2-own.ts'
import { permits } from './7-permits.ts'
import { prohibitions } from './1-prohibitions.ts'
import { sensitivity } from './6-sensitivity.ts'
import type { TierRule } from './tier.ts'
import { validity } from './0-validity.ts'

/** The policy: asked from the top, the first verdict stands. Tier 10, any error inside, is where they are asked. */
export const TIERS: readonly TierRule[] = [
  validity, prohibitions, own, legalBasis, author, breakGlass, denials, sensitivity, permits, delegation, byDefault,
]
