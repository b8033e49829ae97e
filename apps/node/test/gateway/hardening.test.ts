import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Bodies } from '../../src/gateway/http/body.ts'
import { answerFor } from '../../src/gateway/http/outcome.ts'
import type { Client } from './client.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { observation, patient } from './resources.ts'

const FHIR_JSON = { 'content-type': 'application/fhir+json' }
const CBOR = { 'content-type': 'application/cbor' }

let started: TestNode
let hospital: Client
let id: string

beforeAll(async () => {
  started = await startTestNode()
  hospital = await started.as('riverside', 'physician')
  id = (await hospital.create(patient())).expect(201).resource.id
  ;(await hospital.create(observation(id, 'laboratory'))).expect(201)
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

describe('a browser', () => {
  it('is told by every answer to keep nothing, sniff nothing and show nothing in a frame', async () => {
    const stranger = started.anonymous('riverside')
    const answers = [
      await hospital.get(`Patient/${id}`), await hospital.get('Observation'), await hospital.get('Patient/unknown'), await hospital.send('PATCH', `fhir/Patient/${id}`, '{}', FHIR_JSON),
      await hospital.post('fhir/Patient', { resourceType: 'Patient', birthDate: 7 }), await stranger.get('Patient'), await stranger.get('metadata'), await stranger.send('GET', 'chiron/network', undefined, {}),
      await stranger.send('GET', '', undefined, {}), await stranger.send('POST', 'chiron/session', Buffer.from([0xa0]), CBOR), await hospital.send('OPTIONS', 'fhir/Patient', undefined, {}),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 403, 405, 422, 401, 200, 200, 404, 400, 405])
    for (const { headers } of answers) {
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(headers.get('content-type')).toMatch(/^application\/(fhir\+)?json(; charset=utf-8)?$/i)
      expect(headers.get('set-cookie')).toBeNull()
    }
  })

  it('gets no leave for a script of another origin, neither before nor with a request', async () => {
    const origin = { origin: 'https://evil.example', 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' }
    const preflight = await hospital.send('OPTIONS', `fhir/Patient/${id}`, undefined, origin)
    expect(preflight.status).toBe(405)
    for (const { headers } of [preflight, await hospital.get(`Patient/${id}`, origin), await started.anonymous('riverside').get('metadata', origin)]) {
      expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
    }
  })

  it('cannot send a form, or anything else it sends unasked, as a write', async () => {
    for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain']) {
      ;(await hospital.send('POST', 'fhir/Patient', JSON.stringify(patient()), { 'content-type': type })).expect(415)
      ;(await hospital.send('POST', 'chiron/tx', Buffer.from('x'), { 'content-type': type })).expect(415)
      ;(await hospital.send('POST', 'chiron/claim', Buffer.from('x'), { 'content-type': type })).expect(415)
    }
  })
})

describe('the method of a request', () => {
  it('is the one it came with, whatever its headers and parameters say', async () => {
    const override = { ...FHIR_JSON, 'x-http-method-override': 'DELETE', 'x-http-method': 'DELETE', 'x-method-override': 'DELETE' }
    ;(await hospital.send('GET', `fhir/Patient/${id}?_method=DELETE`, undefined, override)).expect(200)
    ;(await hospital.send('POST', `fhir/Patient/${id}`, '{}', override)).expect(405)
    ;(await hospital.get(`Patient/${id}`)).expect(200)
  })

  it('is not followed from GET into anything that changes the chart', async () => {
    const before = (await hospital.get(`Patient/${id}`)).expect(200).resource.meta.versionId
    for (const path of [`Patient/${id}`, `Patient/${id}/_history`, 'Observation', `Patient/${id}/$everything`]) (await hospital.get(path)).expect(200)
    expect((await hospital.get(`Patient/${id}`)).resource.meta.versionId).toBe(before)
  })
})

describe('bodies of strangers', () => {
  it.each([['claim', 4 * 1024], ['session', 4 * 1024], ['tx', 4 * 1024 * 1024]])('for /%s may have %i bytes', async (route, limit) => {
    const stranger = started.anonymous('riverside')
    ;(await stranger.send('POST', `chiron/${route}`, Buffer.alloc(limit + 1), CBOR)).expect(413)
    ;(await stranger.send('POST', `chiron/${route}`, Buffer.alloc(limit), CBOR)).expect(400)
  })

  it('are not read where a token is needed', async () => {
    ;(await started.anonymous('riverside').send('POST', 'fhir/Patient', Buffer.alloc(30 * 1024 * 1024), FHIR_JSON).catch(() => ({ expect: () => undefined }))).expect(401)
  })
})

it('a search by POST has a megabyte for its parameters', async () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  ;(await hospital.send('POST', 'fhir/Observation/_search', `code=${'a,'.repeat(600_000)}`, form)).expect(413)
  ;(await hospital.send('POST', 'fhir/Observation/_search', `code=${'a,'.repeat(201)}`, form)).expect(400)
  ;(await hospital.send('POST', 'fhir/Observation/_search', `code=${'a,'.repeat(200)}`, form)).expect(200)
})

it('bodies that are too large together wait, and the room comes back when they have their answers', async () => {
  const bodies = new Bodies({ maxHeldBytes: 1000 })
  const reading = gate()
  const answered = gate()
  const app = new Hono()
  app.use('*', async (c, next) => {
    await next()
    bodies.release(c)
  })
  app.onError((error, c) => c.body(null, answerFor(error).status as 500))
  app.post('/', async (c) => {
    const { length } = await bodies.bytes(c, 800)
    reading.resolve()
    if (length === 700) await answered.promise
    return c.text(String(length))
  })
  const send = async (length: number): Promise<number> => (await app.request('/', { method: 'POST', body: Buffer.alloc(length) })).status
  const first = send(700)
  await reading.promise
  expect(await send(301)).toBe(503)
  expect(await send(300)).toBe(200)
  answered.resolve()
  expect(await first).toBe(200)
  expect(await send(799)).toBe(200)
  expect(await send(801)).toBe(413)
  expect(await send(799)).toBe(200)
})

/** A promise to be kept by hand. */
function gate(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((keep) => (resolve = keep))
  return { promise, resolve }
}
