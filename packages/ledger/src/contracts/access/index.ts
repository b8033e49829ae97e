import { defineContract } from '../../runtime/contract.ts'
import * as handlers from './handlers.ts'
import { accessInvariants } from './invariants.ts'
import type { AccessPorts } from './ports.ts'

export { endAccesses } from './ending.ts'
export type * from './entries.ts'
export { CLOSE_REASONS } from './entries.ts'
export { decodeAccessEntry, encodeAccessEntry } from './entry-codec.ts'
export { accessErrors } from './errors.ts'
export * from './limits.ts'
export type { AccessPorts } from './ports.ts'
export { access, accessEntries, findOpen, isActive, openAccessesOf, type Access } from './queries.ts'
export { appendEntry, openAccessKey, type AccessSubject } from './state.ts'

export const accessContract = defineContract<'access', AccessPorts>({
  name: 'access',
  handlers: {
    'access.open': handlers.open,
    'access.close': handlers.close,
    'access.refuse': handlers.refuse,
    'access.report': handlers.report,
  },
  invariants: accessInvariants,
})
