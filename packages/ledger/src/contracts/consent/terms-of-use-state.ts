import { schema, type Did } from '@chiron/protocol'
import type { StateReader, StateWriter } from '../../state/reader.ts'
import { didPart, factTable } from '../table.ts'

/** When an organisation accepted the terms of use with a SHA-256. */
const accepted = factTable('con/a/', schema.timeMs)

export const hasAccepted = (state: StateReader, organisation: Did, hash: Uint8Array): boolean => accepted.has(state, didPart(organisation), hash)
export const addAccepted = (state: StateWriter, organisation: Did, hash: Uint8Array, sinceMs: number): void =>
  accepted.set(state, sinceMs, didPart(organisation), hash)

/** SHA-256 of what the organisation accepted, in byte order. */
export function* listAccepted(state: StateReader, organisation: Did): Iterable<Uint8Array> {
  for (const { key } of accepted.list(state, didPart(organisation))) yield key.slice(20)
}

/** Whole key of an acceptance's fact, for proofs. */
export const acceptedKey = (organisation: Did, hash: Uint8Array): Uint8Array => accepted.key(didPart(organisation), hash)
