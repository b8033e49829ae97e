import { concatBytes, type TxId } from '@chiron/protocol'
import { readU64, u64 } from '../state/integers.ts'
import { expiryKey, rememberedKey } from '../state/keys.ts'
import type { StateReader, StateWriter } from '../state/reader.ts'
import type { KeyValueReader } from '../state/store.ts'

/** Most transactions that one block forgets: bounds its work after a long pause. SPEC-RUN-2. */
export const MAX_FORGOTTEN_PER_BLOCK = 10_000

const EXPIRY_PREFIX_LENGTH = 2 + 8

/** What is known of a transaction until its `validUntil`. */
export interface Remembered {
  readonly validUntil: number
  readonly height: number
  readonly logIndex: number
}

/** The remembered transaction, or undefined. After `validUntil` it may be gone. */
export function recall(state: Pick<StateReader, 'flat'>, txId: TxId): Remembered | undefined {
  const bytes = state.flat(rememberedKey(txId))
  return bytes && { validUntil: readU64(bytes, 0), height: readU64(bytes, 8), logIndex: readU64(bytes, 16) }
}

export function remember(state: StateWriter, txId: TxId, known: Remembered): void {
  state.setFlat(rememberedKey(txId), concatBytes(u64(known.validUntil), u64(known.height), u64(known.logIndex)))
  state.setFlat(expiryKey(known.validUntil, txId), Uint8Array.of(1))
}

/** Forgets transactions whose `validUntil` block time has reached, oldest first, up to the bound: they are refused as expired anyway. */
export function forgetExpired(reader: KeyValueReader, state: StateWriter, timeMs: number): void {
  const due = reader.range('flat', expiryKey(0), expiryKey(timeMs + 1), { limit: MAX_FORGOTTEN_PER_BLOCK })
  for (const [key] of due) {
    state.deleteFlat(key)
    state.deleteFlat(rememberedKey(key.subarray(EXPIRY_PREFIX_LENGTH) as TxId))
  }
}
