import type { OperationOutcome } from '@medplum/fhirtypes'
import { GatewayError, type GatewayErrorCode, type Problem } from '../errors.ts'
import { translate } from './translate.ts'

interface Answer {
  readonly status: number
  readonly code: string
}

const ANSWERS: Readonly<Record<GatewayErrorCode, Answer>> = {
  ERR_GATEWAY_TOKEN: { status: 401, code: 'login' },
  ERR_GATEWAY_SCOPE: { status: 403, code: 'forbidden' },
  ERR_GATEWAY_NO_ACCESS: { status: 403, code: 'forbidden' },
  ERR_GATEWAY_NOT_FOUND: { status: 404, code: 'not-found' },
  ERR_GATEWAY_GONE: { status: 410, code: 'deleted' },
  ERR_GATEWAY_CONFLICT: { status: 409, code: 'conflict' },
  ERR_GATEWAY_PRECONDITION: { status: 412, code: 'conflict' },
  ERR_GATEWAY_MULTIPLE_MATCHES: { status: 412, code: 'multiple-matches' },
  ERR_GATEWAY_INVALID: { status: 400, code: 'invalid' },
  ERR_GATEWAY_UNPROCESSABLE: { status: 422, code: 'processing' },
  ERR_GATEWAY_METHOD: { status: 405, code: 'not-supported' },
  ERR_GATEWAY_MEDIA_TYPE: { status: 415, code: 'not-supported' },
  ERR_GATEWAY_NOT_ACCEPTABLE: { status: 406, code: 'not-supported' },
  ERR_GATEWAY_TOO_LARGE: { status: 413, code: 'too-long' },
  ERR_GATEWAY_UNKNOWN_TYPE: { status: 404, code: 'not-supported' },
  ERR_GATEWAY_UNAVAILABLE: { status: 503, code: 'transient' },
  ERR_GATEWAY_DAMAGED: { status: 500, code: 'exception' },
  ERR_GATEWAY_LEDGER: { status: 422, code: 'business-rule' },
  ERR_GATEWAY_SAMPLE_ONLY: { status: 403, code: 'forbidden' },
  ERR_GATEWAY_CLAIM: { status: 403, code: 'forbidden' },
  ERR_GATEWAY_TOO_MANY: { status: 429, code: 'throttled' },
  ERR_GATEWAY_UNLISTED: { status: 500, code: 'exception' },
}

export interface ErrorAnswer {
  readonly status: number
  readonly outcome: OperationOutcome
  /** The error itself when nobody expected it: for the log, which takes its name and code only. */
  readonly unexpected?: unknown
}

/** The one place where an error becomes a status and an OperationOutcome. Unknown errors say nothing about themselves. */
export function answerFor(error: unknown): ErrorAnswer {
  const known = error instanceof GatewayError ? error : translate(error)
  if (known === undefined) {
    return {
      status: 500,
      outcome: outcomeOf('exception', 'the server failed to answer; its log has the details', []),
      unexpected: error,
    }
  }
  const answer = ANSWERS[known.code]
  return {
    status: answer.status,
    outcome: outcomeOf(answer.code, known.message, known.problems),
    ...(answer.status >= 500 ? { unexpected: error } : {}),
  }
}

function outcomeOf(code: string, message: string, problems: readonly Problem[]): OperationOutcome {
  const issues = problems.length === 0 ? [{ code, diagnostics: message }] : problems
  return {
    resourceType: 'OperationOutcome',
    issue: issues.map((problem) => ({
      severity: ('severity' in problem ? problem.severity : undefined) ?? 'error',
      code: problem.code as 'invalid',
      details: { text: message },
      diagnostics: problem.diagnostics,
      ...('expression' in problem && problem.expression !== undefined ? { expression: [problem.expression] } : {}),
    })),
  }
}
