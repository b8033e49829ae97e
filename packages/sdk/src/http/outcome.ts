import * as v from 'valibot'
import { SdkError, type OutcomeIssue, type SdkErrorCode } from '../errors.ts'

const text = v.pipe(v.string(), v.maxLength(2000))
const outcome = v.object({
  resourceType: v.literal('OperationOutcome'),
  issue: v.pipe(
    v.array(
      v.object({
        severity: text,
        code: text,
        details: v.exactOptional(v.object({ text: v.exactOptional(text) })),
        diagnostics: v.exactOptional(text),
        expression: v.exactOptional(v.array(text)),
      }),
    ),
    v.maxLength(1000),
  ),
})

/** The issues of an OperationOutcome (FHIR R4), or undefined for any other body. */
export function parseOutcome(body: unknown): OutcomeIssue[] | undefined {
  const parsed = v.safeParse(outcome, body)
  if (!parsed.success) return undefined
  return parsed.output.issue.map(({ severity, code, details, diagnostics, expression }) => ({
    severity,
    code,
    ...(details?.text === undefined ? {} : { text: details.text }),
    ...(diagnostics === undefined ? {} : { diagnostics }),
    ...(expression === undefined ? {} : { expression }),
  }))
}

const CODES: ReadonlyMap<number, SdkErrorCode> = new Map([
  [401, 'ERR_SDK_UNAUTHORIZED'],
  [403, 'ERR_SDK_FORBIDDEN'],
  [404, 'ERR_SDK_NOT_FOUND'],
  [410, 'ERR_SDK_GONE'],
  [409, 'ERR_SDK_CONFLICT'],
  [412, 'ERR_SDK_CONFLICT'],
  [429, 'ERR_SDK_UNAVAILABLE'],
  [503, 'ERR_SDK_UNAVAILABLE'],
  [504, 'ERR_SDK_UNAVAILABLE'],
])

/** The error for an answer that is not a success. */
export function errorOf(status: number, body: unknown): SdkError {
  const code = CODES.get(status) ?? (status >= 500 ? 'ERR_SDK_SERVER' : status >= 400 ? 'ERR_SDK_INVALID' : 'ERR_SDK_RESPONSE')
  const issues = parseOutcome(body)
  return new SdkError(code, `the server answered ${status}`, { context: { status, ...(issues === undefined ? {} : { outcome: issues }) } })
}
