import type { OperationOutcomeIssue } from '@medplum/fhirtypes'

export type IssueSeverity = 'fatal' | 'error' | 'warning' | 'information'

/** Codes of http://hl7.org/fhir/issue-type that this package gives. */
export type IssueCode =
  | 'invalid'
  | 'structure'
  | 'required'
  | 'value'
  | 'invariant'
  | 'security'
  | 'login'
  | 'expired'
  | 'forbidden'
  | 'processing'
  | 'not-supported'
  | 'duplicate'
  | 'multiple-matches'
  | 'not-found'
  | 'deleted'
  | 'too-long'
  | 'code-invalid'
  | 'too-costly'
  | 'business-rule'
  | 'conflict'
  | 'transient'
  | 'throttled'
  | 'exception'
  | 'timeout'
  | 'incomplete'
  | 'informational'

/** One issue of an OperationOutcome. `expression` is an element path or parameter name; no part holds a value out of a record. */
export interface Issue extends OperationOutcomeIssue {
  readonly severity: IssueSeverity
  readonly code: IssueCode
  readonly expression?: string[]
  readonly diagnostics?: string
}
