import type { Issue } from '../outcomes/issue.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { ValidationLimits } from './limits.ts'
import { Walk } from './walk.ts'

export interface ValidationOptions {
  readonly limits?: Partial<ValidationLimits>
  /** Whether `Type?query` is accepted as a reference: in a transaction, before it is resolved. */
  readonly allowConditionalReferences?: boolean
}

/**
 * Checks a resource before it is written: known type, structure, cardinality, primitive formats, required bindings,
 * reference syntax and targets, contained resources, narrative, invariants, size. Unknown properties are errors.
 *
 * Issues name element paths (choice elements without their type: `Observation.value`), never values. The resource
 * may be written if no issue has severity `error`.
 *
 * @throws FhirError ERR_FHIR_DEFINITIONS_MISSING
 */
export function validateOnWrite(resource: unknown, options: ValidationOptions = {}): Issue[] {
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  return new Walk(limits, options.allowConditionalReferences ?? false).run(resource)
}
