import { defineContract } from '../../runtime/contract.ts'
import * as handlers from './handlers.ts'
import { consentInvariants } from './invariants.ts'
import type { ConsentPorts } from './ports.ts'

export { termsHash } from './checks.ts'
export { delegateKey, getDelegate as delegate, listDelegates as delegatesOf, type DelegateRecord } from './delegate-state.ts'
export { consentErrors } from './errors.ts'
export * from './limits.ts'
export { isWithinRequest } from './narrowing.ts'
export { getEndedOrder as endedOrder, getOrder as order, listEndedOrders as endedOrdersOf, listOrders as ordersOf, orderKey, type OrderRecord } from './order-state.ts'
export type { ConsentEntry, ConsentPorts } from './ports.ts'
export {
  isEverybodyDenied, patientsWithDenials, request, requestsOf, rule, rulesOf, treatment, treatmentsOf,
  type ConsentRequest, type Rule, type Treatment,
} from './queries.ts'
export { consentKeys, decodeRule, listRuleBytes } from './state.ts'
export { acceptedKey, listAccepted as acceptedTerms } from './terms-of-use-state.ts'
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
    'consent.order': handlers.order,
    'consent.liftOrder': handlers.liftOrder,
    'consent.appointDelegate': handlers.appointDelegate,
    'consent.dismissDelegate': handlers.dismissDelegate,
    'consent.acceptTerms': handlers.acceptTerms,
  },
  invariants: consentInvariants,
})
