/**
 * Every failure this package raises, by stable code. Codes are never renamed or re-used;
 * `outcomes/status.ts` maps each to an HTTP status.
 */
export type FhirErrorCode =
  | 'ERR_FHIR_DEFINITIONS_MISSING'
  | 'ERR_FHIR_DEFINITIONS_INVALID'
  | 'ERR_FHIR_TYPE_UNKNOWN'
  | 'ERR_FHIR_RESOURCE_INVALID'
  | 'ERR_FHIR_REFERENCE_INVALID'
  | 'ERR_FHIR_SEARCH_PARAMETER_UNKNOWN'
  | 'ERR_FHIR_SEARCH_PARAMETER_UNSUPPORTED'
  | 'ERR_FHIR_SEARCH_MODIFIER_UNSUPPORTED'
  | 'ERR_FHIR_SEARCH_VALUE_INVALID'
  | 'ERR_FHIR_SEARCH_CURSOR_INVALID'
  | 'ERR_FHIR_SEARCH_TOO_COSTLY'
  | 'ERR_FHIR_BUNDLE_INVALID'
  | 'ERR_FHIR_BUNDLE_DUPLICATE'
  | 'ERR_FHIR_CONDITION_NO_MATCH'
  | 'ERR_FHIR_CONDITION_SEVERAL_MATCHES'
  | 'ERR_FHIR_CONSENT_NOT_EXPRESSIBLE'
  | 'ERR_FHIR_CONVERSION_INVALID'

/** Where an error lies: element paths, parameter names, type names and codes. Never a value out of a record. */
export type FhirErrorContext = Readonly<Record<string, string | number | boolean>>

/** The one error class of the package. `message` is built from `code` and `context` and holds no health data. */
export class FhirError extends Error {
  readonly code: FhirErrorCode
  readonly context: FhirErrorContext

  constructor(code: FhirErrorCode, context: FhirErrorContext = {}, options?: ErrorOptions) {
    const details = Object.entries(context)
      .map(([key, value]) => `${key}=${value}`)
      .join(' ')
    super(details ? `${code} ${details}` : code, options)
    this.name = 'FhirError'
    this.code = code
    this.context = context
  }
}
