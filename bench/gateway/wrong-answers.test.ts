import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { FhirHttp } from './fhir-http.ts'
import { getObservation } from './load-get.ts'
import { postObservation } from './load-post.ts'
import { searchObservations } from './load-search.ts'
import { postTransaction } from './load-transaction.ts'
import { measureWindow, resultOf, WrongAnswer, type Scenario } from './measure.ts'
import type { Population } from './population.ts'
import type { Json } from './samples.ts'

const CODE = { coding: [{ system: 'http://loinc.org', code: '8867-4' }] }
const template: Json = { resourceType: 'Observation', status: 'final', code: CODE, effectiveDateTime: '2024-01-01T10:00:00+02:00' }
const about = (id: string): Json => ({ ...template, subject: { reference: `Patient/${id}` } })
const population: Population = {
  templates: [template],
  patients: [{ id: 'p', observations: [{ id: 'a', resource: about('p') }, { id: 'b', resource: about('p') }], codes: ['http://loinc.org|8867-4'] }],
}
const matches = (...resources: Json[]): Json => ({ resourceType: 'Bundle', type: 'searchset', entry: resources.map((resource) => ({ resource })) })
const source = { entries: [{ fullUrl: 'urn:uuid:00000000-0000-4000-8000-000000000001', resource: { resourceType: 'Patient' } }] }
const made = (...statuses: string[]): Json => ({ resourceType: 'Bundle', type: 'transaction-response', entry: statuses.map((status) => ({ response: { status, location: 'Patient/1' } })) })

let server: Server | undefined
afterEach(() => server?.close())

interface Reply {
  readonly status: number
  readonly body: Json
  readonly location?: string
}

async function windowAgainst(scenario: Scenario, reply: (method: string, path: string) => Reply) {
  server = createServer((request, response) => {
    request.resume()
    const { status, body, location } = reply(request.method ?? '', request.url ?? '')
    response.writeHead(status, location === undefined ? {} : { location }).end(JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = new FhirHttp(`http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`, undefined, 2)
  try {
    return await measureWindow(client, scenario, { connections: 2, pids: [process.pid], seconds: 0.05, warmUpSeconds: 0.01 })
  } finally {
    client.close()
  }
}

const ok = (body: Json): Reply => ({ status: 200, body })
const idIn = (path: string): string => path.split('/').at(-1) ?? ''

test.each<[string, Scenario, (method: string, path: string) => Reply]>([
  ['GET', getObservation(population), (_, path) => ok({ ...about('p'), id: idIn(path), meta: { versionId: '1' }, effectiveDateTime: '2024-01-01T08:00:00Z' })],
  ['search', searchObservations(population), () => ok(matches({ ...about('p'), id: 'a' }, { ...about('p'), id: 'b' }))],
  ['POST', postObservation(population), (method) => (method === 'POST' ? { status: 201, body: {}, location: 'Observation/new' } : ok({ ...about('p'), id: 'new' }))],
  ['transaction', postTransaction([source], 1), (method) => ok(method === 'POST' ? made('201 Created') : { resourceType: 'Patient' })],
])('right answers to %s are counted', async (_, scenario, reply) => {
  const window = await windowAgainst(scenario, reply)
  expect(window).toMatchObject({ failures: 0, checked: expect.toSatisfy((n: number) => n > 0) })
  expect(resultOf([window, window])).toMatchObject({ requests: window.times.length * 2, percentiles: { length: 100 } })
})

test.each<[string, Scenario, (method: string, path: string) => Reply]>([
  ['another resource', getObservation(population), () => ok({ ...about('p'), id: 'other' })],
  ['another content', getObservation(population), (_, path) => ok({ ...about('p'), id: idIn(path), status: 'amended' })],
  ['too few matches', searchObservations(population), () => ok(matches({ ...about('p'), id: 'a' }))],
  ['a match twice', searchObservations(population), () => ok(matches({ ...about('p'), id: 'a' }, { ...about('p'), id: 'a' }))],
  ['another patient\'s match', searchObservations(population), () => ok(matches({ ...about('p'), id: 'a' }, { ...about('q'), id: 'b' }))],
  ['another code', searchObservations(population), () => ok(matches({ ...about('p'), id: 'a' }, { ...about('p'), id: 'b', code: {} }))],
  ['a write that does not last', postObservation(population), (method) => (method === 'POST' ? { status: 201, body: {}, location: 'Observation/new' } : { status: 404, body: {} })],
  ['a write that changes', postObservation(population), (method) => (method === 'POST' ? { status: 201, body: {}, location: 'Observation/new' } : ok(about('q')))],
  ['a write without an id', postObservation(population), () => ({ status: 201, body: {} })],
  ['entries left out', postTransaction([source], 1), () => ok(made())],
  ['entries not created', postTransaction([source], 1), () => ok(made('200 OK'))],
  ['entries that do not last', postTransaction([source], 1), (method) => (method === 'POST' ? ok(made('201 Created')) : { status: 404, body: {} })],
])('%s ends the run', async (_, scenario, reply) => {
  await expect(windowAgainst(scenario, reply)).rejects.toThrow(WrongAnswer)
})

test('a refusal is a failure, and said', async () => {
  const window = await windowAgainst(getObservation(population), () => ({ status: 503, body: { resourceType: 'OperationOutcome' } }))
  expect(window.times).toEqual([])
  expect(window.failures).toBeGreaterThan(0)
  expect(window.failed).toEqual({ 503: '{"resourceType":"OperationOutcome"}' })
})
