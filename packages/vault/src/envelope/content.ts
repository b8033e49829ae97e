import { encodeCanonical, schema } from '@chiron/protocol'
import * as v from 'valibot'
import { anyBytes, decodeStrict } from '../strict.ts'

const metaValue = v.union([v.string(), schema.uint, v.boolean(), v.array(v.string())])

/**
 * What an envelope holds: the resource's bytes (FHIR JSON in UTF-8, exactly as the author wrote them), and facts about
 * the version that belong to it and not on the ledger (type, id, version, recorder, category, labels, time). SPEC-ENV-4.
 */
export const envelopeContent = v.strictObject({
  meta: v.record(v.string(), metaValue),
  resource: anyBytes,
})
export type EnvelopeContent = v.InferOutput<typeof envelopeContent>

export function encodeContent(content: EnvelopeContent): Uint8Array {
  return encodeCanonical(content)
}

/** @throws VaultError `ERR_VAULT_ENVELOPE_INVALID` */
export function decodeContent(bytes: Uint8Array): EnvelopeContent {
  return decodeStrict(envelopeContent, bytes, 'ERR_VAULT_ENVELOPE_INVALID', 'the content of an envelope')
}
