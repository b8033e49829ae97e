import { beforeAll, describe, expect, it } from 'vitest'
import { useDefinitions } from '../../test/support.ts'
import { validateOnWrite } from '../validation/validate.ts'
import { subsetResource } from './subset.ts'

beforeAll(useDefinitions)

const observation = {
  resourceType: 'Observation',
  id: 'x',
  text: { status: 'generated', div: '<div>a</div>' },
  status: 'final',
  code: { text: 'c' },
  valueString: 'v',
  note: [{ text: 'n' }],
  _valueString: { extension: [{ url: 'u', valueCode: 'a' }] },
  method: { text: 'm' },
}
const keys = (query: Parameters<typeof subsetResource>[1]): string[] => Object.keys(subsetResource(observation, query)).sort()

describe('subsetResource', () => {
  it('keeps the elements asked for and the mandatory ones', () => {
    expect(keys({ elements: ['method'] })).toEqual(['code', 'id', 'meta', 'method', 'resourceType', 'status'])
    expect(keys({ elements: ['value', 'Observation.note'] })).toEqual(['_valueString', 'code', 'id', 'meta', 'note', 'resourceType', 'status', 'valueString'])
    expect(keys({ summary: 'true' })).toEqual(['_valueString', 'code', 'id', 'meta', 'resourceType', 'status', 'valueString'])
    expect(keys({ summary: 'text' })).toEqual(['code', 'id', 'meta', 'resourceType', 'status', 'text'])
    expect(keys({ summary: 'data' })).not.toContain('text')
    expect(keys({ summary: 'data' })).toContain('note')
  })

  it('tags what it cut, and leaves alone what it need not cut', () => {
    const cut = subsetResource({ ...observation, meta: { versionId: '1', tag: [{ code: 't' }] } }, { summary: 'true' })
    expect(cut).toMatchObject({ meta: { versionId: '1', tag: [{ code: 't' }, { code: 'SUBSETTED' }] } })
    expect(validateOnWrite(cut)).toEqual([])
    expect(subsetResource(observation, {})).toBe(observation)
  })
})
