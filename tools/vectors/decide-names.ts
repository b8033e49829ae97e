/** Names of a small world: each the same bytes everywhere, different from all others. */
import type { Did, Handle, ObjectId, RecordId, Tag } from '@chiron/protocol'

const bytesNamed = (length: number, kind: number, n: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i === 0 ? kind : n))

/** The letter (of base32's alphabet) repeated to a DID's 32 characters. */
export const didNamed = (letter: string): Did => `did:chiron:${letter.repeat(31)}a` as Did
export const tagNumbered = (n: number): Tag => bytesNamed(8, 1, n) as Tag
export const labelNumbered = (n: number): Tag => bytesNamed(8, 2, n) as Tag
export const recordNumbered = (n: number): RecordId => bytesNamed(16, 3, n) as RecordId
export const ruleNumbered = (n: number): ObjectId => bytesNamed(16, 4, n) as ObjectId
export const HANDLE = bytesNamed(32, 5, 0) as Handle
export const termsNumbered = (n: number): Uint8Array => bytesNamed(32, 6, n)
export const orderNumbered = (n: number): ObjectId => bytesNamed(16, 7, n) as ObjectId
export const delegationNumbered = (n: number): ObjectId => bytesNamed(16, 8, n) as ObjectId
export const emergencyNumbered = (n: number): ObjectId => bytesNamed(16, 9, n) as ObjectId

export const NOW = 1_000
