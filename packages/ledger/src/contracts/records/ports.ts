import type { CustodyReceipt, Did, Handle, RecordId, Tag } from '@chiron/protocol'
import type { AccessRequest, Decision, RecordFacts } from '../../decide/types.ts'
import type { StateReader } from '../../state/reader.ts'
import type { SignatureCheck } from '../../runtime/block.ts'
import type { Effects } from '../effects.ts'

/** What records write into the patient's list of accesses. `by` null: the patient. */
export interface LabelListing {
  readonly kind: 'label'
  readonly record: RecordId
  readonly by: Did | null
  readonly added: readonly Tag[]
  readonly removed: readonly Tag[]
}

export interface RecordsPorts {
  isLiveMember(state: StateReader, did: Did): boolean
  /** Whose handle it is, and whether that is a patient or an organisation. */
  ownerOf(state: StateReader, handle: Handle): { readonly did: Did; readonly kind: 'patient' | 'organisation' } | undefined
  /** Refuses unless enough keyholders of the current set signed that they hold their shares of the batch. */
  acceptBatch(effects: Effects, set: number, root: Uint8Array, receipts: readonly CustodyReceipt[]): void
  /** Signatures that {@link acceptBatch} is going to ask about. */
  receiptChecks(state: StateReader, chainId: string, set: number, root: Uint8Array, receipts: readonly CustodyReceipt[]): readonly SignatureCheck[]
  /** Decides writes of one request; good for the message, which changes nothing that is decided on. */
  writeDecider(state: StateReader, request: AccessRequest, timeMs: number): (handle: Handle, record: RecordFacts) => Decision
  /** Whether another holds the patient's keys, outside a sample network. */
  isCustodial(state: StateReader, patient: Did): boolean
  list(effects: Effects, handle: Handle, entry: LabelListing): void
}
