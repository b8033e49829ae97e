import { defineContract } from '../../runtime/contract.ts'
import { networkGenesis } from './genesis.ts'
import * as handlers from './handlers.ts'
import { networkInvariants } from './invariants.ts'
import type { NetworkPorts } from './ports.ts'

export { networkErrors } from './errors.ts'
export { PARAMETERS, type ParameterName } from './parameters.ts'
export type { NetworkPorts } from './ports.ts'
export { blockSigner, isGovernor, isMember, isSample, member, memberByName, members, parameter, parameters, type Member } from './queries.ts'

export const networkContract = defineContract<'network', NetworkPorts>({
  name: 'network',
  handlers: {
    'network.addMember': handlers.addMember,
    'network.removeMember': handlers.removeMember,
    'network.setJurisdiction': handlers.setJurisdiction,
    'network.setParameter': handlers.setParameter,
  },
  genesis: networkGenesis,
  invariants: networkInvariants,
})
