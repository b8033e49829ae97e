import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { importOrder } from '../import-documents.ts'
import { ControlDouble } from '../testing/control-double.ts'

let node: ControlDouble
beforeEach(() => {
  node = new ControlDouble()
})
afterEach(() => node.close())

function file(name: string, content: string | Buffer): string {
  const path = join(node.dataDirectory, name)
  writeFileSync(path, content)
  return path
}

const patient = (id: string): string => JSON.stringify({ resourceType: 'Patient', id })
const done = (status: 'imported' | 'skipped', resources = 1) => ({ lines: [{ type: 'progress', done: 1, total: 1 }, { type: 'done', status, resources, patients: ['p'], refused: [] }] })

describe('chiron import', () => {
  it('sends each document unpacked, those first that others refer to, and sums up', async () => {
    await node.listen((seen) => done((seen.body as { id?: string }).id === 'old' ? 'skipped' : 'imported'))
    const files = [file('b.json', patient('b')), file('_hospital1.json.gz', gzipSync(patient('old')))]
    const { code, stdout, stderr } = await node.chiron(['import', '--org', 'riverside', ...files])
    expect({ code, stdout }).toEqual({ code: 0, stdout: '1 imported (1 resources), 1 skipped, 0 failed\n' })
    expect(stderr).toContain('b.json: 1 of 1')
    expect(node.seen.map(({ url, body }) => [url, (body as { id: string }).id])).toEqual([['/import?organisation=riverside', 'old'], ['/import?organisation=riverside', 'b']])
  })

  it('cuts NDJSON into bundles, the same ones each time', async () => {
    await node.listen(() => done('imported', 200))
    const lines = Array.from({ length: 450 }, (_, n) => patient(`p${n}`)).join('\n')
    const path = file('Patient.ndjson.gz', gzipSync(`${lines}\n\n`))
    expect((await node.chiron(['import', path])).stdout).toBe('1 imported (600 resources), 0 skipped, 0 failed\n')
    await node.chiron(['import', path])
    const bundles = node.seen.map(({ body }) => body as { entry: { request: { method: string; url: string }; resource: { id: string } }[] })
    expect(bundles.map(({ entry }) => entry.length)).toEqual([200, 200, 50, 200, 200, 50])
    expect(bundles[0]?.entry[0]).toEqual({ resource: { resourceType: 'Patient', id: 'p0' }, request: { method: 'PUT', url: 'Patient/p0' } })
    expect(bundles.slice(0, 3)).toEqual(bundles.slice(3))
  })

  it('goes on after a refused file, and fails in the end', async () => {
    await node.listen((seen) => ((seen.body as { id: string }).id === 'bad' ? { lines: [{ type: 'failed', code: 'ERR_X', message: 'Patient.birthDate is wrong' }] } : done('imported')))
    const { code, stdout, stderr } = await node.chiron(['import', '--json', file('a.json', patient('bad')), file('b.json', patient('b')), file('c.json', '{'), join(node.dataDirectory, 'none.json')])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ imported: 1, failed: 3, resources: 1 })
    expect(stderr).toMatch(/a\.json: Patient\.birthDate is wrong\n[^]*c\.json is not JSON[^]*none\.json: there is no such file/)
  })

  it('goes on with the other parts of NDJSON after lines were refused', async () => {
    const refused = { lines: [{ type: 'done', status: 'imported', resources: 199, patients: [], refused: [{ entry: 7, type: 'Patient', reason: 'not valid' }] }] }
    await node.listen((seen) => ((seen.body as { entry: { resource: { id: string } }[] }).entry[0]?.resource.id === 'p200' ? refused : done('imported', 200)))
    const path = file('Patient.ndjson', Array.from({ length: 450 }, (_, n) => patient(`p${n}`)).join('\n'))
    const { code, stdout, stderr } = await node.chiron(['import', path])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '0 imported (599 resources), 0 skipped, 1 failed\n' })
    expect(stderr).toContain(`${path}: entry 207 (Patient): not valid\n`)
    expect(node.seen).toHaveLength(3)
  })

  it('sends an array of resources as it is', async () => {
    await node.listen(() => done('imported'))
    await node.chiron(['import', file('a.json', `[${patient('a')}]`)])
    expect(node.seen.map(({ body }) => body)).toEqual([[{ resourceType: 'Patient', id: 'a' }]])
  })

  it('stops when the node is gone, and says how to resume', async () => {
    await node.listen(() => ({ lines: [{ type: 'progress', done: 1, total: 2 }], cut: true }))
    const { code, stdout, stderr } = await node.chiron(['import', file('a.json', patient('a')), file('b.json', patient('b'))])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/repeat the command/)
    expect(node.seen).toHaveLength(1)
  })

  it('orders files by what refers to what', () => {
    expect(importOrder(['x/Zoe.json', 'Observation.ndjson', 'Patient.000.ndjson', '_practitioner1.json', 'Adam.json', 'Location.ndjson', 'Claim.ndjson', '_hospital1.json'])).toEqual([
      '_hospital1.json', '_practitioner1.json', 'Location.ndjson', 'Patient.000.ndjson', 'Observation.ndjson', 'Adam.json', 'x/Zoe.json', 'Claim.ndjson',
    ])
  })
})
