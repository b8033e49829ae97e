import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { compareServers, type CompareOptions } from './compare.ts'
import { WrongAnswer } from './measure.ts'
import { codesOf } from './population.ts'
import { readSources, SAMPLE_PATIENTS, type Json } from './samples.ts'
import type { MeasuredNode } from './start-node.ts'

const OPTIONS: CompareOptions = {
  sources: readSources(SAMPLE_PATIENTS, 2), patients: 2, observations: 3, connections: 2, transactionConnections: 1, transactionEntries: 5,
  windows: 2, windowSeconds: 0.05, warmUpSeconds: 0.01, steadySeconds: 0.01,
}

const servers: Server[] = []
afterEach(() => servers.splice(0).forEach((server) => server.close()))

type Answer = readonly [status: number, body: Json, location?: string]

/** The least of a FHIR server, in memory; `spoil` may answer instead. */
async function fhirServer(spoil: (method: string, path: string) => Answer | undefined = () => undefined): Promise<string> {
  const stored = new Map<string, Json>()
  const create = (resource: Json): string => {
    const path = `${String(resource['resourceType'])}/${stored.size + 1}`
    stored.set(path, { ...resource, id: String(stored.size + 1) })
    return path
  }
  const answer = (method: string, path: string, query: URLSearchParams, body: string): Answer => {
    if (method === 'GET' && query.has('code')) {
      const found = [...stored.values()].filter((one) => codesOf(one).includes(query.get('code') ?? '') && (one['subject'] as { reference: string }).reference === `Patient/${query.get('patient')}`)
      return [200, { resourceType: 'Bundle', type: 'searchset', entry: found.slice(0, 20).map((resource) => ({ resource })) }]
    }
    if (method === 'GET') return stored.has(path) ? [200, stored.get(path) as Json] : [404, {}]
    const resource = JSON.parse(body) as Json & { readonly entry?: { resource: Json }[] }
    if (resource.entry === undefined) return [201, resource, create(resource)]
    return [200, { resourceType: 'Bundle', entry: resource.entry.map((entry) => ({ response: { status: '201', location: create(entry.resource) } })) }]
  }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
    const path = pathname.replace(/^\/fhir\/?/, '')
    const method = request.method ?? ''
    const [status, body, location] = spoil(method, path) ?? answer(method, path, searchParams, Buffer.concat(chunks).toString())
    response.writeHead(status, location === undefined ? {} : { location }).end(JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`
}

/** Stands for our node: a server in this process, and a profile in which all time is spent on validation. */
async function nodeAt(base: string): Promise<MeasuredNode> {
  const callFrame = { functionName: 'validate', scriptId: '1', url: 'file:///packages/fhir/src/validation/validate.ts', lineNumber: 1, columnNumber: 1 }
  const profile = { nodes: [{ id: 1, callFrame }], startTime: 0, endTime: 2, samples: [1, 1], timeDeltas: [1, 1] }
  return { base, token: '', pid: process.pid, dataDirectory: '', profile: () => () => Promise.resolve(profile), stop: () => Promise.resolve() }
}

test('servers take turns; a peer that fails, or is not there, has its reason in the place of figures', async () => {
  const turns: string[] = []
  const [ours, theirs, failing] = await Promise.all([fhirServer(), fhirServer(), fhirServer((method, path) => (method === 'POST' && path === '' ? [503, {}] : undefined))])
  const result = await compareServers(
    await nodeAt(ours),
    [{ name: 'Other', base: theirs, pids: [process.pid] }, { name: 'Failing', base: failing, pids: [process.pid] }, { name: 'Away', base: 'http://127.0.0.1:9/fhir', pids: [] }],
    [{ name: 'Missing', why: 'no Java here' }],
    OPTIONS,
    (step) => turns.push(step),
  )
  expect(turns.filter((step) => step.startsWith('GET Observation: ')).slice(0, 6).map((step) => step.split(': ')[1])).toEqual(['Chiron', 'Other', 'Failing', 'Away', 'Missing', 'Chiron'])
  expect(result.scenarios.map(({ name, connections }) => [name, connections])).toEqual([['GET Observation', 2], ['search patient+code', 2], ['POST Observation', 2], ['transaction of 5 entries', 1]])
  for (const { servers: by, stages } of result.scenarios) {
    for (const name of ['Chiron', 'Other']) expect(by[name]).toMatchObject({ failures: 0, cpuMsOfWindows: { length: 2 } })
    expect([by['Missing'], by['Away']]).toEqual(['no Java here', expect.stringContaining('ECONNREFUSED')])
    expect(stages.map(({ stage }) => stage)).toEqual(['validation', 'other threads'])
  }
  const failed = result.scenarios.map(({ servers: by }) => by['Failing'])
  expect(failed.slice(0, 3).map((load) => typeof load)).toEqual(['object', 'object', 'object'])
  expect(failed[3]).toMatch(/requests failed, first with 503/)
})

test('a peer that answers wrongly ends the run; so does our failing', async () => {
  const ours = await nodeAt(await fhirServer())
  const liar = await fhirServer((method, path) => (method === 'GET' && path === 'Observation' ? [200, { resourceType: 'Bundle', type: 'searchset' }] : undefined))
  await expect(compareServers(ours, [{ name: 'Liar', base: liar, pids: [process.pid] }], [], OPTIONS, () => undefined)).rejects.toThrow(WrongAnswer)
  const failing = await nodeAt(await fhirServer((method, path) => (method === 'GET' && path.startsWith('Observation/') ? [503, {}] : undefined)))
  await expect(compareServers(failing, [], [], OPTIONS, () => undefined)).rejects.toThrow('GET Observation: ')
})
