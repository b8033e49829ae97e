import type { Did, Handle } from '@chiron/protocol'
import type { StateReader } from '../../state/reader.ts'
import type { Effects } from '../effects.ts'

export interface NetworkPorts {
  /** Registers the identity of a new organisation and its handle; refuses a DID that is not derived from the key, or a handle in use. */
  registerOrganisation(effects: Effects, organisation: {
    readonly did: Did
    readonly signingKey: Uint8Array
    readonly agreementKey: Uint8Array
    readonly inception: Uint8Array
    readonly handle: Handle
  }): void
  isRegistered(state: StateReader, did: Did): boolean
}
