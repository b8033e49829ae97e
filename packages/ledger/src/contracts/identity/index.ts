import { defineContract } from '../../runtime/contract.ts'
import * as claims from './claims.ts'
import { identityGenesis } from './genesis.ts'
import * as handlers from './handlers.ts'
import { identityInvariants } from './invariants.ts'
import type { IdentityPorts } from './ports.ts'

export { identityErrors } from './errors.ts'
export * from './limits.ts'
export type { ClaimListing, IdentityPorts } from './ports.ts'
export * from './queries.ts'
export { giveHandle, registerIdentity, registerTrusted } from './registration.ts'
export { identityKeys } from './state.ts'

export const identityContract = defineContract<'identity', IdentityPorts>({
  name: 'identity',
  handlers: {
    'identity.register': handlers.register,
    'identity.rotateKey': handlers.rotateKey,
    'identity.attest': handlers.attest,
    'identity.revokeAttestation': handlers.revokeAttestation,
    'identity.delegate': handlers.delegate,
    'identity.revokeDelegation': handlers.revokeDelegation,
    'identity.addHandle': handlers.addHandle,
    'identity.suspend': handlers.suspend,
    'identity.offerClaim': claims.offerClaim,
    'identity.withdrawClaim': claims.withdrawClaim,
    'identity.claim': claims.claim,
  },
  genesis: identityGenesis,
  invariants: identityInvariants,
})
