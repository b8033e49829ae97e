import { beforeAll, describe, expect, it } from 'vitest'
import { useDefinitions } from '../../test/support.ts'
import { parseSearch } from '../search/parse.ts'
import { validateOnWrite } from '../validation/validate.ts'
import { capabilityStatement } from './capability-statement.ts'

beforeAll(useDefinitions)

const options = { base: 'https://a.org/fhir', version: '0.1.0', date: '2026-01-01' }

describe('capabilityStatement', () => {
  it('is valid R4', () => {
    expect(validateOnWrite(capabilityStatement({ ...options, oauth: { authorize: 'https://a.org/auth', token: 'https://a.org/token' } }))).toEqual([])
  })

  it('names only search parameters and includes that are answered', () => {
    const resources = capabilityStatement(options).rest?.[0]?.resource ?? []
    expect(resources).toHaveLength(146)
    const sample: Record<string, string> = { date: '2020', number: '1', quantity: '1', reference: 'https://x.org/1', uri: 'u', token: 'a', string: 'a' }
    for (const { type = '', searchParam, searchInclude } of resources) {
      for (const { name = '', type: kind = '' } of searchParam ?? [])
        expect(parseSearch(type, [[name, sample[kind] ?? '']], { handling: 'strict' }).clauses, `${type}.${name}`).toHaveLength(1)
      for (const include of searchInclude ?? []) expect(parseSearch(type, [['_include', include]], { handling: 'strict' }).includes).toHaveLength(1)
    }
    expect(resources.find((resource) => resource.type === 'Location')?.searchParam?.map((parameter) => parameter.name)).not.toContain('near')
    expect(resources.find((resource) => resource.type === 'Observation')?.searchParam?.map((parameter) => parameter.name)).not.toContain('code-value-quantity')
  })

  it('claims of a type only the interactions that it has', () => {
    const [event] = capabilityStatement({ ...options, types: ['AuditEvent'], interactions: { AuditEvent: ['read', 'search-type'] }, features: { updateCreate: true } }).rest?.[0]?.resource ?? []
    expect(event).toMatchObject({ interaction: [{ code: 'read' }, { code: 'search-type' }], readHistory: false, updateCreate: false, conditionalCreate: false })
  })

  it('claims features only when told', () => {
    const [plain] = capabilityStatement({ ...options, types: ['Patient'] }).rest?.[0]?.resource ?? []
    expect(plain).toMatchObject({ updateCreate: false, conditionalUpdate: false, conditionalDelete: 'not-supported', operation: [{ name: 'everything' }] })
    const [more] = capabilityStatement({ ...options, types: ['Patient'], features: { patch: true, conditionalDelete: true } }).rest?.[0]?.resource ?? []
    expect(more?.interaction?.map((interaction) => interaction.code)).toContain('patch')
    expect(more?.conditionalDelete).toBe('single')
  })
})
