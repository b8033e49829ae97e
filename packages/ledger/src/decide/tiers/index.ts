import { author } from './3b-author.ts'
import { byDefault } from './9-default.ts'
import { denials } from './5-denials.ts'
import { own } from './2-own.ts'
import { permits } from './7-permits.ts'
import { sensitivity } from './6-sensitivity.ts'
import type { TierRule } from './tier.ts'
import { validity } from './0-validity.ts'

/** The policy: asked from the top, the first verdict stands. Tier 10, any error inside, is where they are asked. */
export const TIERS: readonly TierRule[] = [
  validity,
  { tier: '1', name: 'prohibitions', judge: null },
  own,
  { tier: '3a', name: 'legal-basis', judge: null },
  author,
  { tier: '4', name: 'break-glass', judge: null },
  denials,
  sensitivity,
  permits,
  { tier: '8', name: 'delegation', judge: null },
  byDefault,
]
