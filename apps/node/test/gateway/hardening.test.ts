import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
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

  it('answers no TRACE', async () => {
    const { hostname, port } = new URL(started.url)
    const statuses = ['', '/', `/riverside/fhir/Patient/${id}`].map(async (path) => await new Promise<string>((resolve, reject) => {
      let answer = ''
      const socket = connect(Number(port), hostname, () => socket.write(`TRACE ${path === '' ? '*' : path} HTTP/1.1\r\nhost: x\r\nx-secret: Zanzibarovich\r\nauthorization: Bearer ${hospital.token}\r\nconnection: close\r\n\r\n`))
      socket.on('data', (data) => (answer += data.toString('latin1')))
      socket.on('error', reject)
      socket.on('close', () => resolve(answer))
    }))
    for (const answer of await Promise.all(statuses)) {
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /)
      expect(answer).not.toContain('Zanzibarovich')
    }
  })

  it('is not followed from GET into anything that changes the chart', async () => {
    const before = (await hospital.get(`Patient/${id}`)).expect(200).resource.meta.versionId
    for (const path of [`Patient/${id}`, `Patient/${id}/_history`, 'Observation', `Patient/${id}/$everything`]) (await hospital.get(path)).expect(200)
    expect((await hospital.get(`Patient/${id}`)).resource.meta.versionId).toBe(before)
  })
})

it('a body cannot reach the prototype of anything', async () => {
  const poisons = ['{"resourceType":"Patient","__proto__":{"polluted":true}}', '{"resourceType":"Patient","constructor":{"prototype":{"polluted":true}}}', '{"resourceType":"Patient","name":[{"__proto__":{"polluted":true}}]}']
  for (const body of poisons) {
    ;(await hospital.send('POST', 'fhir/Patient', body, FHIR_JSON)).expect(422)
    const bundle = `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":${body},"request":{"method":"POST","url":"Patient"}}]}`
    expect([400, 422]).toContain((await hospital.send('POST', 'fhir', bundle, FHIR_JSON)).status)
  }
  expect('polluted' in {}).toBe(false)
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

describe('searches that ask for much at once', () => {
  const words = (count: number): string => Array.from({ length: count }, (_, number) => `w${number}`).join(',')
  const times = (count: number, text: string): string => Array.from({ length: count }, () => text).join('&')
  const form = { 'content-type': 'application/x-www-form-urlencoded' }

  it.each<[string, string]>([
    ['many values in many conditions', times(50, `code:not=${words(200)}`)],
    ['conditions that multiply', times(10, `code=${words(20)}`)],
    ['texts that multiply', times(10, `code:text=${words(20)}`)],
    ['a chain through everything', times(10, `encounter.reason-reference.code=${words(20)}`)],
    ['a deep chain', times(50, 'subject:Patient._has:Condition:patient:encounter:Encounter._has:Observation:encounter:code:not=a')],
    ['more than the database nests', 'has-member:Observation.has-member:Observation.has-member:Observation.has-member:Observation.code:not=a'],
    ['includes without end', times(21, '_include:iterate=*')],
  ])('are refused as such: %s', async (_name, body) => {
    const before = process.cpuUsage()
    const { issue } = (await hospital.send('POST', 'fhir/Observation/_search', body, form)).expect(400).outcome
    expect(['too-costly', 'invalid']).toContain(issue[0]?.code)
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1000).toBeLessThan(2000)
  })

  it('are answered up to their limits', async () => {
    for (const body of [`code:not=${words(200)}`, `code=${words(200)}`, times(50, 'code:not=a'), 'has-member:Observation.has-member:Observation.code=a', times(20, '_include:iterate=*')]) {
      ;(await hospital.send('POST', 'fhir/Observation/_search', body, form)).expect(200)
    }
  })
})

it('a token opens nothing from the block on in which its user is suspended', async () => {
  const nurse = await started.as('riverside', 'nurse')
  const { did } = started.node.identities.users.find(({ organisation, user }) => organisation === 'riverside' && user === 'nurse')?.identity ?? {}
  if (did === undefined) throw new TypeError('no nurse')
  const suspend = async (suspended: boolean): Promise<void> => await started.submit('riverside', [{ type: 'identity.suspend', salt: randomBytes(16), did, suspended }])
  const statuses = async (): Promise<number[]> => [(await nurse.get(`Patient/${id}`)).status, (await nurse.get(`Observation?patient=${id}`)).status, (await nurse.get('Organization')).status, (await nurse.create(observation(id, 'laboratory'))).status]
  expect(await statuses()).toEqual([200, 200, 200, 201])
  await suspend(true)
  expect(await statuses()).toEqual([401, 401, 401, 401])
  await suspend(false)
  expect((await nurse.get(`Patient/${id}`)).status).toBe(200)
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
