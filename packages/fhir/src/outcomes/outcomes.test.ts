import { beforeAll, describe, expect, it } from 'vitest'
import { useDefinitions } from '../../test/support.ts'
import { FhirError } from '../errors.ts'
import { validateOnWrite } from '../validation/validate.ts'
import { issueOf, outcome, outcomeOf } from './outcome.ts'
import { httpStatusOf, issueCodeOf } from './status.ts'

beforeAll(useDefinitions)

describe('outcomes', () => {
  it('are valid OperationOutcomes', () => {
    const all = [
      outcome([]),
      outcome([issueOf('error', 'value', 'bad', ['Patient.name']), { severity: 'warning', code: 'invariant', expression: [] }]),
      outcomeOf(new FhirError('ERR_FHIR_SEARCH_VALUE_INVALID', { parameter: 'date' })),
    ]
    for (const one of all) expect(validateOnWrite(one)).toEqual([])
    expect(all[2]?.issue?.[0]).toMatchObject({ severity: 'error', code: 'value', expression: ['date'] })
  })

  it('give each error a status', () => {
    expect(httpStatusOf('ERR_FHIR_SEARCH_VALUE_INVALID')).toBe(400)
    expect(httpStatusOf('ERR_FHIR_CONDITION_SEVERAL_MATCHES')).toBe(412)
    expect(httpStatusOf('ERR_FHIR_RESOURCE_INVALID')).toBe(422)
    expect(httpStatusOf('ERR_FHIR_TYPE_UNKNOWN')).toBe(404)
    expect(issueCodeOf('ERR_FHIR_CONDITION_SEVERAL_MATCHES')).toBe('multiple-matches')
  })
})
