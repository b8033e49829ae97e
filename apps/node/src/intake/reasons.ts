import { FhirError, type FhirErrorCode } from '@chiron/fhir'
import { GatewayError } from '../gateway/errors.ts'
import { answerFor } from '../gateway/http/outcome.ts'
import { translate } from '../gateway/http/translate.ts'

const WORDS: Partial<Readonly<Record<FhirErrorCode, string>>> = {
  ERR_FHIR_BUNDLE_INVALID: 'this is missing or not valid',
  ERR_FHIR_BUNDLE_DUPLICATE: 'another entry names the same',
  ERR_FHIR_CONDITION_NO_MATCH: 'the condition finds nothing here: import first what it refers to',
  ERR_FHIR_CONDITION_SEVERAL_MATCHES: 'the condition finds several resources here: make it more specific',
  ERR_FHIR_REFERENCE_INVALID: 'the reference leads to no entry of the bundle',
  ERR_FHIR_TYPE_UNKNOWN: 'FHIR R4 has no such resource type',
}

/** Whether the fault lies in what was sent, so that other entries may well be taken. */
export function isRefusal(error: unknown): boolean {
  return answerFor(error).status < 500
}

/** Why a write was refused, in words: what is wrong, and at which element. Undefined for errors that nobody foresaw. */
export function reasonFor(error: unknown): string | undefined {
  if (error instanceof FhirError) return at(WORDS[error.code] ?? error.message, error.context['element'] ?? error.context['path'])
  const known = error instanceof GatewayError ? error : translate(error)
  if (known === undefined) return undefined
  const [first, ...more] = known.problems
  if (first === undefined) return known.message
  const words = first.diagnostics === known.message ? known.message : `${known.message}: ${first.diagnostics}`
  return `${at(words, first.expression)}${more.length === 0 ? '' : `, and ${more.length} more`}`
}

function at(words: string, element: unknown): string {
  return element === undefined ? words : `${words} (${String(element)})`
}
