import { keyholder, schema, type Did } from '@chiron/protocol'
import * as v from 'valibot'
import type { StateReader, StateWriter } from '../../state/reader.ts'
import { didAt, didPart, factTable, flatTable, uint32Part } from '../table.ts'

/** A set of keyholders; the position of a keyholder is the index of its share. */
const setRecord = v.strictObject({ keyholders: v.array(keyholder), threshold: schema.uint, sinceMs: schema.timeMs })
export type SetRecord = v.InferOutput<typeof setRecord>

const logRecord = v.strictObject({ root: schema.hash32, size: schema.uint, timeMs: schema.timeMs })
export type LogRecord = v.InferOutput<typeof logRecord>

const sets = factTable('cus/s/', setRecord)
const current = factTable('cus/c/', schema.uint32)
const releaseLogs = factTable('cus/l/', logRecord)
/** Last set that names a keyholder. */
const lastSets = flatTable('cus/k/', schema.uint32)
/** For committed batches that miss receipts: the indexes of the keyholders whose receipts are there, ascending. */
const incomplete = flatTable('cus/b/', v.array(schema.uint))

export const getSet = (state: StateReader, number: number): SetRecord | undefined => sets.get(state, uint32Part(number))
export const getCurrent = (state: StateReader): number | undefined => current.get(state)

export function setSet(state: StateWriter, number: number, value: SetRecord): void {
  sets.set(state, value, uint32Part(number))
  current.set(state, number)
  for (const { did } of value.keyholders) lastSets.set(state, number, didPart(did))
}

export const getLastSet = (state: StateReader, did: Did): number | undefined => lastSets.get(state, didPart(did))

export const getLog = (state: StateReader, did: Did): LogRecord | undefined => releaseLogs.get(state, didPart(did))
export const setLog = (state: StateWriter, did: Did, value: LogRecord): void => releaseLogs.set(state, value, didPart(did))

export function* listLogs(state: StateReader): Iterable<readonly [Did, LogRecord]> {
  for (const { key, value } of releaseLogs.list(state)) yield [didAt(key, 0), value]
}

export const getReceived = (state: StateReader, set: number, root: Uint8Array): readonly number[] | undefined =>
  incomplete.get(state, uint32Part(set), root)
export const setReceived = (state: StateWriter, set: number, root: Uint8Array, received: readonly number[]): void =>
  incomplete.set(state, [...received], uint32Part(set), root)
export const deleteReceived = (state: StateWriter, set: number, root: Uint8Array): void => incomplete.delete(state, uint32Part(set), root)

export function* listReceived(state: StateReader): Iterable<{ readonly set: number; readonly root: Uint8Array; readonly received: readonly number[] }> {
  for (const { key, value } of incomplete.list(state)) {
    yield { set: new DataView(key.buffer, key.byteOffset, 4).getUint32(0), root: key.slice(4), received: value }
  }
}

/** Whole keys of facts, for proofs. */
export const custodyKeys = {
  set: (number: number): Uint8Array => sets.key(uint32Part(number)),
  current: (): Uint8Array => current.key(),
  log: (did: Did): Uint8Array => releaseLogs.key(didPart(did)),
}
