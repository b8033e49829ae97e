import type { OperationOutcome } from '@medplum/fhirtypes'
import type { FhirError } from '../errors.ts'
import type { Issue, IssueCode, IssueSeverity } from './issue.ts'
import { issueCodeOf } from './status.ts'

/** One issue; `expression` takes element paths or parameter names, `diagnostics` a fixed text. */
export function issueOf(severity: IssueSeverity, code: IssueCode, diagnostics?: string, expression?: readonly string[]): Issue {
  return {
    severity,
    code,
    ...(expression === undefined || expression.length === 0 ? {} : { expression: [...expression] }),
    ...(diagnostics === undefined ? {} : { diagnostics }),
  }
}

/** An OperationOutcome of these issues; without any it says that all is well. */
export function outcome(issues: readonly Issue[]): OperationOutcome {
  const kept = issues.length > 0 ? issues.map((issue) => ({ ...issue })) : [issueOf('information', 'informational')]
  return {
    resourceType: 'OperationOutcome',
    issue: kept.map((issue) => {
      const { expression, ...rest } = issue
      return expression === undefined || expression.length === 0 ? rest : { ...rest, expression: [...expression] }
    }),
  }
}

/** The OperationOutcome for an error of this package: its code, and the parameter or element it names. */
export function outcomeOf(error: FhirError): OperationOutcome {
  const where = error.context['parameter'] ?? error.context['element'] ?? error.context['path']
  return outcome([issueOf('error', issueCodeOf(error.code), error.message, where === undefined ? undefined : [String(where)])])
}
