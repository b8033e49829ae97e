import type { Did } from '@chiron/protocol'
import type { StateReader } from '../../state/reader.ts'
import type { Effects } from '../effects.ts'

export interface CustodyPorts {
  isGovernor(state: StateReader, did: Did): boolean
  /** Makes sure that a keyholder has an identity, under which it commits its release log. */
  ensureIdentity(effects: Effects, keyholder: { readonly did: Did; readonly signingKey: Uint8Array; readonly agreementKey: Uint8Array }): void
  /** Whether an Ed25519 signature is valid, exactly as `verifyEd25519` of protocol decides. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}
