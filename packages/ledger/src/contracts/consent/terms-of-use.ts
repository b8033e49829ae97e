import type { Handler } from '../../runtime/contract.ts'
import { ensure } from '../refusals.ts'
import { consentErrors } from './errors.ts'
import * as events from './events.ts'
import { MAX_ACCEPTED_TERMS } from './limits.ts'
import type { ConsentPorts } from './ports.ts'
import { addAccepted, hasAccepted, listAccepted } from './terms-of-use-state.ts'

/** States that the signing organisation accepts terms of use; a second statement adds nothing. There is no way back. */
export const acceptTerms: Handler<ConsentPorts, 'consent.acceptTerms'> = ({ state, block, signer, ports, emit }, msg) => {
  ensure(ports.isLiveMember(state, signer), consentErrors.notMember)
  if (hasAccepted(state, signer, msg.hash)) return
  ensure([...listAccepted(state, signer)].length < MAX_ACCEPTED_TERMS, consentErrors.tooManyTerms)
  addAccepted(state, signer, msg.hash, block.timeMs)
  emit(events.termsAccepted(signer, msg.hash))
}
