import { concatBytes, type TxId } from '@chiron/protocol'
import { readU64, u64 } from '../state/integers.ts'
import { rememberedKey } from '../state/keys.ts'
import type { StateReader, StateWriter } from '../state/reader.ts'
import type { KeyValueReader } from '../state/store.ts'

/** Most transactions that one block forgets: bounds its work after a long pause. SPEC-RUN-2. */
export const MAX_FORGOTTEN_PER_BLOCK = 10_000

/** What is known of a transaction until its `validUntil`. */
export interface Remembered {
  readonly validUntil: number
  readonly height: number
  readonly logIndex: number
}

/** The remembered transaction, or undefined. After `validUntil`, which is part of what `txId` is the hash of, it may be gone. */
export function recall(state: Pick<StateReader, 'flat'>, txId: TxId, validUntil: number): Remembered | undefined {
  const bytes = state.flat(rememberedKey(validUntil, txId))
  return bytes && { validUntil, height: readU64(bytes, 0), logIndex: readU64(bytes, 8) }
}

export function remember(state: StateWriter, txId: TxId, known: Remembered): void {
  state.setFlat(rememberedKey(known.validUntil, txId), concatBytes(u64(known.height), u64(known.logIndex)))
}

/** Forgets transactions whose `validUntil` block time has reached, oldest first, up to the bound: they are refused as expired anyway. */
export function forgetExpired(reader: KeyValueReader, state: StateWriter, timeMs: number): void {
  const due = reader.range('flat', rememberedKey(0), rememberedKey(timeMs + 1), { limit: MAX_FORGOTTEN_PER_BLOCK })
  for (const [key] of due) state.deleteFlat(key)
}
