import type { Genesis } from '@chiron/protocol'
import type { StateWriter } from '../../state/reader.ts'
import { nameSet } from './naming.ts'
import type { CustodyPorts } from './ports.ts'

/** Set 1. */
export function custodyGenesis(state: StateWriter, genesis: Genesis, ports: CustodyPorts): void {
  const effects = { state, block: { chainId: genesis.chainId, height: 0, timeMs: genesis.timeMs }, emit: () => undefined }
  nameSet(effects, ports, genesis.custody.keyholders, genesis.custody.threshold)
}
