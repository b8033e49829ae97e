import { encodeCanonical, schema } from '@chiron/protocol'
import * as v from 'valibot'
import { anyBytes, decodeStrict } from '../strict.ts'

const metaValue = v.union([v.string(), schema.uint, v.boolean(), v.array(v.string())])

function isMeta(value: unknown): boolean {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  return isMap && Object.values(value).every((each) => v.is(metaValue, each))
}

/**
 * What an envelope holds: the resource's bytes (FHIR JSON in UTF-8, exactly as the author wrote them), and facts about
 * the version that belong to it and not on the ledger (type, id, version, recorder, category, labels, time). SPEC-ENV-4.
 */
export const envelopeContent = v.strictObject({
  // To valibot's record, a list and a byte string are maps too, and some names are left out.
  meta: v.custom<Record<string, v.InferOutput<typeof metaValue>>>(isMeta),
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
