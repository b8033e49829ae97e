import { defineContract } from '../../runtime/contract.ts'
import * as handlers from './handlers.ts'
import { accessInvariants } from './invariants.ts'
import type { AccessPorts } from './ports.ts'

export { isLive as isEmergencyLive, untilOf as emergencyUntil } from './emergencies.ts'
export { emergencyKey, type EmergencyRecord } from './emergency-state.ts'
export { endAccesses } from './ending.ts'
export { endorsementKey, listEndorsements as endorsementsOf, type Endorsement } from './endorsement-state.ts'
export type * from './entries.ts'
export { CLOSE_REASONS } from './entries.ts'
export { decodeAccessEntry, encodeAccessEntry } from './entry-codec.ts'
export { accessErrors } from './errors.ts'
export * from './limits.ts'
export type { AccessPorts, Basis } from './ports.ts'
export {
  access, accessEntries, emergenciesOf, emergency, findOpen, isActive, mayNameRefused, openAccessesOf, openEmergencies, openEmergenciesOf, openReviews,
  type Access, type Emergency,
} from './queries.ts'
export { appendEntry, openAccessKey, type AccessSubject } from './state.ts'

export const accessContract = defineContract<'access', AccessPorts>({
  name: 'access',
  handlers: {
    'access.open': handlers.open,
    'access.close': handlers.close,
    'access.refuse': handlers.refuse,
    'access.report': handlers.report,
    'access.endorse': handlers.endorse,
    'access.breakGlass': handlers.breakGlass,
    'access.confirmEmergency': handlers.confirmEmergency,
    'access.reviewEmergency': handlers.reviewEmergency,
    'access.contestEmergency': handlers.contestEmergency,
  },
  invariants: accessInvariants,
})
