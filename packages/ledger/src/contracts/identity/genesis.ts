import type { Genesis } from '@chiron/protocol'
import type { StateWriter } from '../../state/reader.ts'
import { giveHandle, registerIdentity } from './registration.ts'
import { getIdentity } from './state.ts'

/** Identities of the members, with their handles, and of who signs blocks (kind `device`, unless it is a member). */
export function identityGenesis(state: StateWriter, genesis: Genesis): void {
  const effects = { state, block: { chainId: genesis.chainId, height: 0, timeMs: genesis.timeMs }, emit: () => undefined }
  for (const member of genesis.members) {
    registerIdentity(effects, { ...member, kind: 'organisation', controller: null })
    giveHandle(effects, member.did, member.handle)
  }
  if (getIdentity(state, genesis.blockSigner.did) === undefined) {
    registerIdentity(effects, { ...genesis.blockSigner, kind: 'device', controller: null })
  }
}
