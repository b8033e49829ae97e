import type { FhirErrorCode } from '../errors.ts'
import type { IssueCode } from './issue.ts'

interface Answer {
  readonly status: number
  readonly issue: IssueCode
}

const ANSWERS: Readonly<Record<FhirErrorCode, Answer>> = {
  ERR_FHIR_DEFINITIONS_MISSING: { status: 500, issue: 'exception' },
  ERR_FHIR_DEFINITIONS_INVALID: { status: 500, issue: 'exception' },
  ERR_FHIR_TYPE_UNKNOWN: { status: 404, issue: 'not-supported' },
  ERR_FHIR_RESOURCE_INVALID: { status: 422, issue: 'processing' },
  ERR_FHIR_REFERENCE_INVALID: { status: 422, issue: 'value' },
  ERR_FHIR_SEARCH_PARAMETER_UNKNOWN: { status: 400, issue: 'not-supported' },
  ERR_FHIR_SEARCH_PARAMETER_UNSUPPORTED: { status: 400, issue: 'not-supported' },
  ERR_FHIR_SEARCH_MODIFIER_UNSUPPORTED: { status: 400, issue: 'not-supported' },
  ERR_FHIR_SEARCH_VALUE_INVALID: { status: 400, issue: 'value' },
  ERR_FHIR_SEARCH_CURSOR_INVALID: { status: 400, issue: 'value' },
  ERR_FHIR_SEARCH_TOO_COSTLY: { status: 400, issue: 'too-costly' },
  ERR_FHIR_BUNDLE_INVALID: { status: 400, issue: 'invalid' },
  ERR_FHIR_BUNDLE_DUPLICATE: { status: 400, issue: 'duplicate' },
  ERR_FHIR_CONDITION_NO_MATCH: { status: 412, issue: 'not-found' },
  ERR_FHIR_CONDITION_SEVERAL_MATCHES: { status: 412, issue: 'multiple-matches' },
  ERR_FHIR_CONSENT_NOT_EXPRESSIBLE: { status: 422, issue: 'not-supported' },
  ERR_FHIR_CONVERSION_INVALID: { status: 422, issue: 'value' },
}

/** The HTTP status with which an error of this package is answered. */
export function httpStatusOf(code: FhirErrorCode): number {
  return ANSWERS[code].status
}

/** The code of http://hl7.org/fhir/issue-type for an error of this package. */
export function issueCodeOf(code: FhirErrorCode): IssueCode {
  return ANSWERS[code].issue
}
