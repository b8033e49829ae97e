import type { Genesis } from '@chiron/protocol'
import { InvariantError } from '../../runtime/errors.ts'
import type { StateWriter } from '../../state/reader.ts'
import { isWithinBounds, PARAMETERS, type ParameterName } from './parameters.ts'
import type { NetworkPorts } from './ports.ts'
import * as store from './state.ts'

/** Members, governors and parameters. Identities are there already: `identity` comes first. */
export function networkGenesis(state: StateWriter, genesis: Genesis, ports: NetworkPorts): void {
  store.setSettings(state, { sample: genesis.sample, blockSigner: genesis.blockSigner.did })
  for (const { did, name, handle, jurisdiction } of genesis.members) {
    if (store.getNamed(state, name) !== undefined) throw new InvariantError('genesis: two members have one name')
    store.setMember(state, did, { name, handle, sinceMs: genesis.timeMs, removedMs: null, ...(jurisdiction === undefined ? {} : { jurisdiction }) })
  }
  for (const did of genesis.governance) {
    if (!ports.isRegistered(state, did)) throw new InvariantError('genesis: a governor has no identity')
    store.setGovernor(state, did)
  }
  const given = new Map(genesis.parameters.map((p) => [p.name, p.value]))
  for (const name of Object.keys(PARAMETERS) as ParameterName[]) {
    const value = given.get(name) ?? PARAMETERS[name].initial
    if (!isWithinBounds(name, value)) throw new InvariantError('genesis: a parameter is out of bounds')
    store.setParameterValue(state, name, value)
  }
}
