import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OperationOutcome } from '@medplum/fhirtypes'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ChildNode } from '../crash/child-node.ts'
import { clientOf } from '../crash/workload.ts'
import { LaunchedNode } from './launched-node.ts'
import { flipByte, makeTemplate, valuesSeen, type Template } from './template.ts'
import { filesBelow } from './scan/files.ts'

let template: Template
let node: ChildNode | undefined
beforeAll(async () => {
  template = await makeTemplate()
})
afterEach(async () => {
  await node?.kill()
  node = undefined
})
afterAll(() => template.remove())

/** What lakeside is told when it reads the chart under a grant. */
async function readElsewhere(reading: ChildNode): Promise<{ status: number; text: string }> {
  await reading.ask('grant', { patient: template.patient, to: 'lakeside', categories: ['laboratory'] })
  const { status, body } = await clientOf(reading, 'lakeside').send('GET', `Observation?patient=${template.patient}&_count=100`)
  return { status, text: (body as OperationOutcome).issue?.[0]?.diagnostics ?? '' }
}

function packs(directory: string): string[] {
  return [...filesBelow(join(directory, 'blobs'))].map(({ path }) => join(directory, 'blobs', path)).filter((path) => path.endsWith('.pack'))
}

describe('a flipped byte of ciphertext', () => {
  it('is told to whoever reads it elsewhere, by record; the author reads on from its index', async () => {
    const directory = template.copy()
    node = await ChildNode.start(directory)
    for (const pack of packs(directory)) flipByte(pack, -1)
    const { status, text } = await readElsewhere(node)
    expect(status).toBe(500)
    expect(text).toMatch(/^the ciphertext of record [0-9a-f]{32} is damaged; restore the blob directory from a backup$/)
    expect(await valuesSeen(clientOf(node, 'riverside'), template.patient)).toEqual(template.values)
  })

  it('stops the index from being made anew: nothing is answered from half of one, and the node does not start', async () => {
    const directory = template.copy()
    node = await ChildNode.start(directory)
    const [pack] = packs(directory)
    flipByte(pack as string, -1)
    await expect(node.ask('rebuild', { organisation: 'riverside' })).rejects.toThrow(/the ciphertext of record [0-9a-f]{32} is damaged/)
    const { status, body } = await clientOf(node, 'riverside').send('GET', 'Observation')
    expect(status).toBe(500)
    expect((body as OperationOutcome).issue[0]?.diagnostics).toMatch(/^the ciphertext of record [0-9a-f]{32} is damaged; restore the blob directory from a backup$/)
    await node.kill()
    const launched = new LaunchedNode(directory)
    expect(await launched.ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/^chiron: the ciphertext of record [0-9a-f]{32} is damaged; restore the blob directory from a backup \(ERR_GATEWAY_DAMAGED\)\n$/m) })
    flipByte(pack as string, -1)
    node = await ChildNode.start(directory)
    expect(await valuesSeen(clientOf(node, 'riverside'), template.patient)).toEqual(template.values)
  })

  it('is told apart from ciphertext that is gone', async () => {
    const directory = template.copy()
    for (const pack of packs(directory)) rmSync(pack)
    node = await ChildNode.start(directory)
    const { status, text } = await readElsewhere(node)
    expect(status).toBe(500)
    expect(text).toMatch(/^the ciphertext of record [0-9a-f]{32} is missing; restore the blob directory from a backup$/)
  })
})

it('a flipped byte of a share names the keyholder, and what to do', async () => {
  const directory = template.copy()
  const path = join(directory, 'keyholders/keyholder-1/shares/data.mdb')
  rmSync(`${path}.sum`)
  node = await ChildNode.start(directory)
  const { records, keyholders } = await node.ask('internals', { patient: template.patient })
  await node.kill()
  const bytes = readFileSync(path)
  let flipped = 0
  for (const record of records) {
    const key = Buffer.from(record, 'hex')
    // A share's key (record, version, share root: 52 bytes) is followed by its epoch (4) and the sealed share.
    for (let at = bytes.indexOf(key); at >= 0; at = bytes.indexOf(key, at + 1)) {
      const inShare = at + 52 + 4 + 20
      bytes[inShare] = (bytes[inShare] as number) ^ 0xff
      flipped++
    }
  }
  expect(flipped).toBeGreaterThan(0)
  writeFileSync(path, bytes)
  node = await ChildNode.start(directory)
  const { status, text } = await readElsewhere(node)
  expect(status).toBe(500)
  expect(text).toMatch(/^the key of record [0-9a-f]{32} was not released by /)
  expect(text).toContain(keyholders[0])
  expect(text).toMatch(/restore its directory from a backup$/)
  expect(await valuesSeen(clientOf(node, 'riverside'), template.patient)).toEqual(template.values)
})

describe('a flipped byte of the index', () => {
  const indexFiles = (directory: string): string[] => readdirSync(join(directory, 'orgs/riverside/index')).filter((name) => name.startsWith('index-')).map((name) => join(directory, 'orgs/riverside/index', name))

  it('while no node runs: it is made anew at the start, and answers as before', async () => {
    for (const part of [0, 1]) {
      const directory = template.copy()
      const path = indexFiles(directory).filter((name) => /\.(db|manifest)$/.test(name))[part] as string
      flipByte(path, readFileSync(path).length >> 1)
      node = await ChildNode.start(directory)
      expect(node.output).toContain('index of riverside, which is made anew')
      expect(await valuesSeen(clientOf(node, 'riverside'), template.patient)).toEqual(template.values)
      await node.stop()
    }
  })

  it('while a node runs: right answers or 503, and right answers soon', async () => {
    const directory = template.copy()
    node = await ChildNode.start(directory)
    const fhir = clientOf(node, 'riverside')
    const path = indexFiles(directory).find((name) => name.endsWith('.db')) as string
    for (let offset = 100; offset < readFileSync(path).length; offset += 8192) flipByte(path, offset)
    const statuses: number[] = []
    while (statuses.at(-1) !== 200 || !node.output.includes('ERR_INDEX_CORRUPT')) {
      const { status, body } = await fhir.send('GET', `Observation?patient=${template.patient}&_summary=count`)
      statuses.push(status)
      if (status === 200) expect((body as { total?: number }).total).toBe(template.values.length)
      else expect({ status, retry: (body as OperationOutcome).issue[0]?.diagnostics }).toEqual({ status: 503, retry: 'the search index is being made anew; try again in a moment' })
    }
    expect(await valuesSeen(fhir, template.patient)).toEqual(template.values)
  })

  it('in the way of a write that is committed: the answer says so, and it is there once', async () => {
    const directory = template.copy()
    node = await ChildNode.start(directory)
    const fhir = clientOf(node, 'riverside')
    const patient = { resourceType: 'Patient', name: [{ family: 'Once' }] }
    const path = indexFiles(directory).find((name) => name.endsWith('.db')) as string
    for (let offset = 100; offset < readFileSync(path).length; offset += 8192) flipByte(path, offset)
    const { status, body } = await fhir.send('POST', 'Patient', patient)
    expect({ status, text: (body as OperationOutcome).issue[0]?.diagnostics }).toEqual({ status: 503, text: 'the write is on the ledger, but could not be taken into the search index yet; look for it before you send it again' })
    let found = await fhir.send('GET', 'Patient?family=Once&_summary=count')
    while (found.status === 503) found = await fhir.send('GET', 'Patient?family=Once&_summary=count')
    expect((found.body as { total?: number }).total).toBe(1)
  })

  it('a whole index that is gone is made anew, by opening accesses that are listed', async () => {
    const directory = template.copy()
    rmSync(join(directory, 'orgs/riverside/index'), { recursive: true })
    rmSync(join(directory, 'orgs/lakeside/index'), { recursive: true })
    node = await ChildNode.start(directory)
    expect(await valuesSeen(clientOf(node, 'riverside'), template.patient)).toEqual(template.values)
    const { ledger, indexes } = await node.ask('heights', {})
    expect(indexes).toEqual({ riverside: ledger, lakeside: ledger })
    expect(node.output).toBe('')
  })
})
