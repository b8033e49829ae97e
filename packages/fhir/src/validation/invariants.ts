import { evalFhirPathTyped, parseFhirPath, toTypedValue } from '@medplum/core'
import type { FhirPathAtom } from '@medplum/core'
import { indexForMedplum, medplumName } from '../definitions/medplum.ts'
import type { JsonObject } from '../json.ts'
import { nativeInvariants } from './native-invariants.ts'

/** What an invariant may look at besides the node it belongs to. */
export interface InvariantScope {
  /** The innermost resource, which may be contained. */
  readonly resource: JsonObject
  /** The resource that is not contained. */
  readonly root: JsonObject
  readonly type: string
}

/** `unknown` means the expression could not be evaluated, which never refuses a resource. */
export type InvariantResult = 'holds' | 'broken' | 'unknown'

export interface Invariant {
  readonly key: string
  readonly check: (node: unknown, scope: InvariantScope) => InvariantResult
}

/**
 * Checked while walking (references, contained resources, narrative), or not decidable here: `ctm-1` resolves
 * references; `sdf-*` and `eld-*` concern authors of definitions and cost a walk of every snapshot.
 */
const SKIPPED = /^(?:ref-1|dom-2|dom-3|txt-1|txt-2|ctm-1|sdf-\d+[ab]?|eld-\d+|sqty-1)(?:@|$)/
const UCUM = 'http://unitsofmeasure.org'

/** The check for an invariant: hand-written where resources of care use it, else its FHIRPath. */
export function invariantFor(key: string, expression: string): Invariant | undefined {
  if (key.startsWith('sqty-1'))
    return { key: 'sqty-1', check: (node) => (nativeInvariants['sqty-1']?.(node as JsonObject, node as JsonObject) ? 'holds' : 'broken') }
  if (SKIPPED.test(key)) return undefined
  const native = nativeInvariants[key]
  if (native) return { key, check: (node, scope) => (native(node as JsonObject, scope.resource) ? 'holds' : 'broken') }
  return fhirPathInvariant(key.split('@')[0] ?? key, expression)
}

function fhirPathInvariant(key: string, expression: string): Invariant {
  let parsed: FhirPathAtom | undefined
  return {
    key,
    check: (node, scope) => {
      try {
        if (parsed === undefined) {
          // Without type information the evaluator takes `responseCode` for `response` of type code.
          indexForMedplum()
          parsed = parseFhirPath(expression)
        }
        const context = { type: medplumName(scope.type), value: node }
        const result = evalFhirPathTyped(parsed, [context], {
          '%context': context,
          '%resource': toTypedValue(scope.resource),
          '%rootResource': toTypedValue(scope.root),
          '%ucum': toTypedValue(UCUM),
        })
        if (result.length === 0) return 'unknown'
        return result[0]?.value === true ? 'holds' : 'broken'
      } catch {
        return 'unknown'
      }
    },
  }
}
