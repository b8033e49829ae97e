import type { Did, Handle } from '@chiron/protocol'
import type { StateReader } from '../../state/reader.ts'
import type { Effects } from '../effects.ts'

export interface IdentityPorts {
  /** Whether the organisation is a member and not suspended. */
  isLiveMember(state: StateReader, did: Did): boolean
  isGovernor(state: StateReader, did: Did): boolean
  /** The organisation that brings a patient's handle treats the patient from then on. */
  startTreatment(effects: Effects, handle: Handle, organisation: Did): void
}
