import { concatBytes, hmacSha256, utf8 } from './bytes.ts'
import type { Handle, RecordId, Tag } from './ids.ts'

/** Categories of consent: `docs/glossary.md` lists the resources of each. */
export const CATEGORIES = [
  'demographics', 'encounters', 'conditions', 'allergies', 'medications', 'immunizations', 'laboratory', 'imaging',
  'vital-signs', 'observations', 'procedures', 'documents', 'insurance', 'research', 'other', 'directory', 'internal',
] as const
export type Category = (typeof CATEGORIES)[number]

/** Sensitivity labels. */
export const LABELS = [
  'mental-health', 'substance-use', 'hiv', 'sexual-and-domestic-violence', 'genetics', 'minor-confidential',
] as const
export type Label = (typeof LABELS)[number]

/**
 * The key (32 bytes) under which a patient's categories and labels are written on the ledger. Whoever has it can
 * read that patient's tags, and nobody else's. `vocabularyKey` is the network's, known to its members. SPEC-TAG-1.
 */
export function patientTagKey(vocabularyKey: Uint8Array, handle: Handle): Uint8Array {
  return hmacSha256(vocabularyKey, concatBytes(utf8('chiron/tags/v1'), handle))
}

/** Tag of a category or label: first 8 bytes of HMAC-SHA-256(patient's tag key, kind ‖ `/` ‖ name). SPEC-TAG-2. */
export function tagOf(tagKey: Uint8Array, kind: 'category' | 'label', name: string): Tag {
  return hmacSha256(tagKey, utf8(`${kind}/${name}`)).subarray(0, 8) as Tag
}

/**
 * Handle of the patient whose Patient resource has the server-given id `patientId` (a random UUID, 122 bits):
 * HMAC-SHA-256(vocabularyKey, `chiron/handle/v1` ‖ id). SPEC-ID-4.
 */
export function handleOf(vocabularyKey: Uint8Array, patientId: string): Handle {
  return hmacSha256(vocabularyKey, utf8(`chiron/handle/v1/${patientId}`)) as Handle
}

/** Record id of a resource: first 16 bytes of HMAC-SHA-256(vocabularyKey, `chiron/record/v1` ‖ type ‖ id). SPEC-ID-5. */
export function recordIdOf(vocabularyKey: Uint8Array, type: string, id: string): RecordId {
  return hmacSha256(vocabularyKey, utf8(`chiron/record/v1/${type}/${id}`)).subarray(0, 16) as RecordId
}
