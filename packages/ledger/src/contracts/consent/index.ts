import { defineContract } from '../../runtime/contract.ts'
import * as handlers from './handlers.ts'
import { consentInvariants } from './invariants.ts'
import type { ConsentPorts } from './ports.ts'

export { termsHash } from './checks.ts'
export { consentErrors } from './errors.ts'
export * from './limits.ts'
export { isWithinRequest } from './narrowing.ts'
export type { ConsentEntry, ConsentPorts } from './ports.ts'
export {
  nextDenialStart, patientsWithDenials, request, requestsOf, rule, ruleRecord, ruleRecords, rulesOf, treatment, treatmentsOf,
  type ConsentRequest, type Rule, type Treatment,
} from './queries.ts'
export { consentKeys } from './state.ts'
export { startTreatment } from './treatments.ts'

export const consentContract = defineContract<'consent', ConsentPorts>({
  name: 'consent',
  handlers: {
    'consent.grant': handlers.grant,
    'consent.modify': handlers.modify,
    'consent.revoke': handlers.revoke,
    'consent.request': handlers.request,
    'consent.approve': handlers.approve,
    'consent.deny': handlers.deny,
    'consent.registerTreatment': handlers.registerTreatment,
    'consent.contestTreatment': handlers.contestTreatment,
  },
  invariants: consentInvariants,
})
