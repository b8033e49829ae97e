import { Agent } from 'node:http'
import fc from 'fast-check'
import { SeededRandom } from '@chiron/testkit/simulation'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ask, faultsOf } from '../http/driver.ts'
import type { Client } from './client.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { CANARY, OddRequests } from './odd-requests.ts'
import { condition, labelled, observation, patient, practitioner } from './resources.ts'

/** The client itself fails on a server error, on an error without an OperationOutcome, and on traces of the program. */
let started: TestNode
let hospital: Client
let clinic: Client
let id: string

beforeAll(async () => {
  started = await startTestNode()
  hospital = await started.as('riverside', 'physician')
  clinic = await started.as('lakeside', 'physician')
  id = (await hospital.create(patient())).expect(201).resource.id
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

const oddText = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom('', 'Patient', '../x', '__proto__', 'constructor', 'Patient/1', 'urn:uuid:x', '#a', '%', '\u0000', 'W/"1"', '_history', '$everything', '2026-02-30', 'gt', '|', '\\', ',', '9'.repeat(400), 'a:b:c'),
)
const oddValue: fc.Arbitrary<unknown> = fc.oneof(oddText, fc.double(), fc.integer(), fc.boolean(), fc.constantFrom(null, [], {}, [null], [[]], { a: 1 }, 1e308, -0, { reference: '' }, { reference: 7 }, { coding: 'x' }))

/** Replaces, removes or doubles one part of a valid document. */
function mutate(document: unknown, path: readonly number[], value: unknown, how: number): unknown {
  const [step, ...rest] = path
  if (document === null || typeof document !== 'object' || step === undefined) return value
  const keys = Object.keys(document)
  if (keys.length === 0) return value
  const key = keys[step % keys.length] as string
  const copy = structuredClone(document) as Record<string, unknown>
  if (rest.length > 0) copy[key] = mutate(copy[key], rest, value, how)
  else if (how === 0) delete copy[key]
  else if (how === 1) copy[key] = [copy[key], copy[key]]
  else copy[key] = value
  return Array.isArray(document) && how === 0 ? Object.values(copy) : copy
}

const mutation = fc.record({ path: fc.array(fc.nat(9), { minLength: 1, maxLength: 6 }), value: oddValue, how: fc.nat(3) })

it('survives resources and bundles that are slightly wrong', async () => {
  const documents = [
    ['fhir/Patient', patient({ identifier: [{ system: 'urn:x', value: '1' }], contact: [{ name: { text: 'x' } }] })],
    ['fhir/Observation', observation(id, 'laboratory', labelled('HIV'))],
    ['fhir/Condition', condition(id)],
    ['fhir', { resourceType: 'Bundle', type: 'transaction', entry: [{ fullUrl: 'urn:uuid:11111111-1111-4111-8111-111111111111', resource: practitioner(), request: { method: 'POST', url: 'Practitioner', ifNoneExist: 'identifier=1' } }, { resource: observation(id, 'laboratory'), request: { method: 'POST', url: 'Observation' } }] }],
    ['fhir', { resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: 'GET', url: `Patient?_id=${id}` } }, { resource: patient(), request: { method: 'PUT', url: 'Patient/x', ifMatch: 'W/"1"' } }] }],
  ] as const
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...documents), fc.array(mutation, { minLength: 1, maxLength: 3 }), async ([path, document], mutations) => {
      let body: unknown = document
      for (const { path: at, value, how } of mutations) body = mutate(body, at, value, how)
      const answer = await hospital.send('POST', path, JSON.stringify(body) ?? '', { 'content-type': 'application/fhir+json' })
      expect(answer.text).not.toContain('the server failed')
    }),
    { numRuns: 250 },
  )
})

it('survives searches and addresses that make no sense', async () => {
  const name = fc.oneof(oddText, fc.constantFrom('_id', '_sort', '_include', '_revinclude', '_count', '_cursor', '_offset', '_total', '_elements', '_summary', 'patient', 'subject:Patient.name', 'code', 'date', 'value-quantity', '_has:Observation:patient:code', '_lastUpdated', 'identifier:of-type', '_type', '_since', '_format'))
  const address = fc.oneof(
    fc.constantFrom('Observation', 'Patient', 'AuditEvent', 'Consent', `Patient/${id}/$everything`, `Patient/${id}/_history`, 'Group'),
    fc.array(oddText, { maxLength: 4 }).map((parts) => parts.map(encodeURIComponent).join('/')),
  )
  await fc.assert(
    fc.asyncProperty(address, fc.array(fc.tuple(name, oddText), { maxLength: 3 }), fc.constantFrom('GET', 'GET', 'HEAD', 'DELETE'), fc.boolean(), async (path, query, method, strict) => {
      const client = strict ? hospital : clinic
      await client.send(method, `fhir/${path}?${new URLSearchParams(query)}`, undefined, strict ? { prefer: 'handling=strict' } : {})
    }),
    { numRuns: 400 },
  )
})

it('survives headers that make no sense', async () => {
  const header = fc.constantFrom('if-match', 'if-none-match', 'if-none-exist', 'prefer', 'accept', 'content-type', 'authorization')
  const text = fc.string({ unit: fc.constantFrom(...'aZ09"/;=,?&*W-_ .:|'), maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(header, text, fc.boolean(), async (key, value, write) => {
      const headers = { 'content-type': 'application/fhir+json', [key]: value.trim() }
      if (write) await hospital.send('PUT', 'fhir/Patient/fuzz', JSON.stringify({ ...patient(), id: 'fuzz' }), headers)
      else await hospital.send('POST', 'fhir/Patient', JSON.stringify(patient()), headers)
    }),
    { numRuns: 150 },
  )
})

const REQUESTS = 10_000
const TOGETHER = 8
const MAX_GROWTH = 500 * 2 ** 20

it(`answers ${REQUESTS} requests that were made up, and goes on as before`, async () => {
  const ids = [id, ...(await Promise.all([patient(), patient()].map(async (each) => (await hospital.create(each)).expect(201).resource.id)))]
  const own = await started.asPatient(id)
  const tokens = [hospital, hospital, clinic, own].map(({ token }) => `Bearer ${token}`)
  const odd = new OddRequests(new SeededRandom('requests'), { patients: ids, tokens: [...tokens, ...tokens, '', 'Bearer', 'Bearer x.y.z', `Basic ${CANARY}`, `${tokens[0]}x`] })
  const agent = new Agent({ keepAlive: true, maxSockets: TOGETHER })
  const before = process.memoryUsage.rss()
  const faults: string[] = []
  const statuses = new Map<number, number>()
  let left = REQUESTS
  await Promise.all(Array.from({ length: TOGETHER }, async () => {
    while (left-- > 0 && faults.length < 5) {
      const asked = odd.next()
      const answer = await ask({ port: Number(new URL(started.url).port) }, agent, asked).catch((error: unknown) => String(error))
      if (typeof answer === 'string') faults.push(`${answer}: ${asked.method} ${asked.path.slice(0, 200)}`)
      else {
        faults.push(...faultsOf(asked, answer))
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      }
    }
  }))
  agent.destroy()
  await started.flush()
  expect(faults).toEqual([])
  // Made up, and yet not all refused at the door.
  for (const status of [200, 400, 401, 403, 404, 405, 415, 422]) expect([status, (statuses.get(status) ?? 0) > 5]).toEqual([status, true])
  expect(process.memoryUsage.rss() - before).toBeLessThan(MAX_GROWTH)
  const written = (await hospital.create(observation(id, 'laboratory'))).expect(201).resource
  expect((await hospital.get(`Observation/${written.id}`)).expect(200).resource.id).toBe(written.id)
}, 600_000)
