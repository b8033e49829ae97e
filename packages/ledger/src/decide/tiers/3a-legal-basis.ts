import { permitBy, type TierRule } from './tier.ts'

/**
 * Orders that permit, on a legal or public-health basis: the patient's denials do not stop them. Like any permit they
 * reach labelled records only by naming every label, and show a Patient that comes along no further than to identify.
 */
export const legalBasis: TierRule = { tier: '3a', name: 'legal-basis', judge: ({ orders }) => permitBy(orders, 'PERMIT_ORDER') }
