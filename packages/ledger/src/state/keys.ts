import { concatBytes, utf8, type Handle, type TxId } from '@chiron/protocol'
import { u32, u64 } from './integers.ts'
import type { ListKind } from './reader.ts'

/**
 * First byte of every fact and flat key that the runtime itself keeps; contracts cannot write there. SPEC-STATE-1.
 */
export const RESERVED = 0x00

const LIST = Uint8Array.of(RESERVED, 0x01)
const REMEMBERED = Uint8Array.of(RESERVED, 0x02)
const KIND_BYTES: Readonly<Record<ListKind, number>> = { records: 1, accesses: 2 }

/** meta: the newest height, its time, roots and counters. */
export const HEAD_KEY = utf8('head')

/** Whether a key belongs to the runtime. The empty key does too. */
export function isReserved(key: Uint8Array): boolean {
  return key.length === 0 || key[0] === RESERVED
}

/** facts: head of a list: `00 01` ‖ kind (1: records, 2: accesses) ‖ handle (32). SPEC-STATE-2. flat, same key: the list's number. */
export function listKey(kind: ListKind, handle: Handle): Uint8Array {
  return concatBytes(LIST, Uint8Array.of(KIND_BYTES[kind]), handle)
}

/** runs: list number (u32) ‖ index of the run's first entry (u32). */
export function runKey(list: number, start: number): Uint8Array {
  return concatBytes(u32(list), u32(start))
}

/** entries: position in the one sequence (u64). */
export function entryKey(sequence: number): Uint8Array {
  return u64(sequence)
}

/** log: level (1) ‖ index (u64). Level 0 holds the leaf's bytes, level n the hash over 2^n leaves. */
export function logKey(level: number, index: number): Uint8Array {
  return concatBytes(Uint8Array.of(level), u64(index))
}

/** flat: a remembered transaction: `00 02` ‖ validUntil (u64) ‖ txId. Without a txId: the least key of that time. */
export function rememberedKey(validUntil: number, txId: TxId | Uint8Array = new Uint8Array()): Uint8Array {
  return concatBytes(REMEMBERED, u64(validUntil), txId)
}
