import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from './client.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { observation, patient } from './resources.ts'

/** A value that no answer may repeat. */
const CANARY = 'Zanzibarovich'
const FHIR_JSON = { 'content-type': 'application/fhir+json' }

let started: TestNode
let other: TestNode
let hospital: Client
let clinic: Client
let id: string

beforeAll(async () => {
  started = await startTestNode()
  other = await startTestNode()
  hospital = await started.as('riverside', 'physician')
  clinic = await started.as('lakeside', 'physician')
  id = (await hospital.create(patient())).expect(201).resource.id
})
afterAll(async () => {
  await started.close()
  await other.close()
  expect(started.failures).toEqual([])
})

describe('bodies', () => {
  it.each([
    ['nothing', ''],
    ['no JSON', '<Patient/>'],
    ['half of it', '{"resourceType":"Patient"'],
    ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['a number', '1e400'],
    ['null', 'null'],
    ['a list', '[]'],
    ['a key twice removed', '{"__proto__":{"resourceType":"Patient"}}'],
  ])('that are %s are refused', async (_name, body) => {
    const answer = await hospital.send('POST', 'fhir/Patient', body, FHIR_JSON)
    expect([400, 422]).toContain(answer.status)
    const bundle = await hospital.send('POST', 'fhir', body, FHIR_JSON)
    expect(bundle.status).toBe(400)
    const update = await hospital.send('PUT', `fhir/Patient/${id}`, body, FHIR_JSON)
    expect([400, 422]).toContain(update.status)
  })

  it('of another media type are refused with 415', async () => {
    for (const type of ['text/plain', 'application/xml', 'application/fhir+xml', 'application/octet-stream', 'json']) {
      ;(await hospital.send('POST', 'fhir/Patient', '{}', { 'content-type': type })).expect(415)
    }
    ;(await hospital.send('POST', 'fhir/Patient', Buffer.from('{}'), {})).expect(415)
    ;(await hospital.send('POST', 'fhir/Patient/_search', '{}', FHIR_JSON)).expect(415)
    ;(await hospital.send('POST', 'fhir/Patient', JSON.stringify(patient()), { 'content-type': 'application/json; charset=utf-8' })).expect(201)
  })

  it('answer JSON only', async () => {
    for (const accept of ['application/fhir+xml', 'text/html', 'image/png']) (await hospital.get(`Patient/${id}`, { accept })).expect(406)
    for (const accept of ['*/*', 'application/*', 'application/json', 'text/html, application/fhir+json;q=0.5']) (await hospital.get(`Patient/${id}`, { accept })).expect(200)
    ;(await hospital.get(`Patient/${id}?_format=xml`)).expect(406)
    ;(await hospital.get(`Patient/${id}?_format=json`)).expect(200)
  })

  it('nested without end are refused', async () => {
    const deep = (levels: number): string => `{"resourceType":"Patient","extension":${'[{"extension":'.repeat(levels)}[]${'}]'.repeat(levels)}}`
    for (const levels of [100, 5_000, 200_000]) {
      ;(await hospital.send('POST', 'fhir/Patient', deep(levels), FHIR_JSON)).expect(422)
      const inBundle = `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":${deep(levels)},"request":{"method":"POST","url":"Patient"}}]}`
      const answer = await hospital.send('POST', 'fhir', inBundle, FHIR_JSON)
      expect([400, 422]).toContain(answer.status)
      const list = await hospital.send('POST', 'fhir/Patient', `${'['.repeat(levels)}${']'.repeat(levels)}`, FHIR_JSON)
      expect([400, 422]).toContain(list.status)
    }
  })
})

describe('50 MB', () => {
  const MEGABYTE = 1024 * 1024

  it('announced, are refused before they are read', async () => {
    const answer = await raw(started.url, [
      `POST /riverside/fhir/Patient HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${hospital.token}\r\ncontent-type: application/fhir+json\r\ncontent-length: ${50 * MEGABYTE}\r\n\r\n{`,
    ])
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer).toContain('OperationOutcome')
  })

  it('sent in chunks, are refused on the way', async () => {
    const chunk = Buffer.alloc(MEGABYTE, 0x20)
    for (const [path, type] of [['fhir/Patient', 'application/fhir+json'], ['fhir', 'application/fhir+json'], ['fhir/Patient/_search', 'application/x-www-form-urlencoded'], ['chiron/tx', 'application/cbor']] as const) {
      const head = `POST /riverside/${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${hospital.token}\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`
      const chunks = Array.from({ length: 50 }, () => [`${chunk.length.toString(16)}\r\n`, chunk, '\r\n']).flat()
      const answer = await raw(started.url, [head, ...chunks])
      expect([path, answer.split('\r\n')[0]]).toEqual([path, 'HTTP/1.1 413 Payload Too Large'])
      expect(answer).toContain('OperationOutcome')
    }
    ;(await hospital.get(`Patient/${id}`)).expect(200)
  })
})

/** Writes to a socket until there is an answer, as a client does that reads while it sends. */
async function raw(url: string, parts: readonly (string | Buffer)[]): Promise<string> {
  const { hostname, port } = new URL(url)
  return await new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    let answer = ''
    const finish = (): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('data', (data) => {
      answer += data.toString('latin1')
      const [head = '', body] = answer.split('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? NaN)
      if (body !== undefined && (body.length >= length || body.includes('0\r\n'))) finish()
    })
    socket.on('close', finish)
    socket.on('error', (error) => (answer === '' ? reject(error) : finish()))
    const write = (at: number): void => {
      const part = parts[at]
      if (part === undefined || socket.destroyed || answer !== '') return
      socket.write(part, () => write(at + 1))
    }
    socket.on('connect', () => write(0))
  })
}

describe('resources that are not valid', () => {
  it.each<[string, string, object]>([
    ['a wrong type', 'Patient.birthDate', { resourceType: 'Patient', birthDate: 1984 }],
    ['a bad value', 'Patient.birthDate', { resourceType: 'Patient', birthDate: `on the day of ${CANARY}` }],
    ['an unknown property', 'Patient', { resourceType: 'Patient', nickname: CANARY }],
    ['a code outside of a required set', 'Patient.gender', { resourceType: 'Patient', gender: CANARY }],
    ['an element that is missing', 'Observation.status', { resourceType: 'Observation', code: { text: CANARY } }],
    ['a value where a list belongs', 'Patient.name', { resourceType: 'Patient', name: { family: CANARY } }],
    ['an item deep inside', 'Patient.contact[1].name.given[0]', { resourceType: 'Patient', contact: [{ name: { text: 'a' } }, { name: { given: [7] } }] }],
    ['a reference to the wrong type', 'Observation.subject', { resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject: { reference: 'Practitioner/1' } }],
    ['scripts in its narrative', 'Patient.text.div', { resourceType: 'Patient', text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml"><script>${CANARY}</script></div>` } }],
  ])('because of %s are refused with the element', async (_name, element, resource) => {
    const answer = (await hospital.create(resource as { resourceType: string })).expect(422)
    expect(answer.expressions().some((path) => path === element || path.startsWith(`${element}.`))).toBe(true)
    expect(answer.text).not.toContain(CANARY)
  })

  it('because references lead nowhere are refused with each path', async () => {
    const hidden = (await hospital.create(observation(id, 'laboratory'))).expect(201).resource.id
    const { id: mine } = (await clinic.create(patient())).expect(201).resource
    const body = (reference: string) => observation(mine, 'laboratory', { hasMember: [{ display: 'none' }, { reference }] })
    const absent = (await clinic.create(body(`Observation/${randomUUID()}`))).expect(422)
    expect(absent.expressions()).toEqual(['Observation.hasMember[1].reference'])
    expect((await clinic.create(body(`Observation/${hidden}`))).expect(422).text).toBe(absent.text)
    expect((await clinic.create(body(`${clinic.base}/fhir/Observation/${hidden}`))).expect(422).text).toBe(absent.text)
    ;(await clinic.create(body('Observation/unknown-here'))).expect(422)
    const [about, nobody, unknown] = [await clinic.create(observation(id, 'laboratory')), await clinic.create(observation(randomUUID(), 'laboratory')), await clinic.create(observation('unknown-here', 'laboratory'))]
    expect(about.status).toBe(403)
    for (const other of [nobody, unknown]) expect([other.status, other.text]).toEqual([about.status, about.text])
    ;(await clinic.create(body('urn:uuid:not-a-uuid'))).expect(422)
    ;(await clinic.create(body('Observation?code=1'))).expect(422)
  })

  it('because they are another type than the address says', async () => {
    ;(await hospital.post('fhir/Patient', observation(id, 'laboratory'))).expect(400)
    ;(await hospital.post('fhir/AuditEvent', { resourceType: 'AuditEvent' })).expect(405)
    ;(await hospital.post('fhir/Consent', { resourceType: 'Consent' })).expect(403)
  })
})

describe('addresses', () => {
  it.each([
    ['GET', 'fhir/Nonsense', 404],
    ['GET', 'fhir/patient', 404],
    ['GET', 'fhir/Nonsense/1', 404],
    ['GET', 'fhir/__proto__', 404],
    ['GET', 'fhir/constructor', 404],
    ['GET', 'fhir/_history', 404],
    ['GET', 'fhir/Observation/%E0%A4%A', 400],
    ['GET', 'fhir/%', 400],
    ['GET', 'fhir/Observation/..%2F..%2Fetc%2Fpasswd', 404],
    ['GET', 'fhir/Observation%2F1', 404],
    ['GET', 'fhir/Observation/%00', 404],
    ['GET', `fhir/Observation/${'a'.repeat(5_000)}`, 404],
    ['GET', 'fhir/Observation/1/_history/1/2', 404],
    ['GET', 'fhir/Observation/1/$everything', 404],
    ['GET', 'fhir', 405],
    ['PUT', 'fhir', 405],
    ['PUT', 'fhir/Patient', 405],
    ['PATCH', 'fhir/Patient/1', 405],
    ['DELETE', 'fhir/Patient', 405],
    ['DELETE', 'fhir/Patient/1/_history/1', 405],
    ['POST', 'fhir/Patient/1', 405],
    ['POST', 'fhir/Patient/1/_history', 405],
    ['OPTIONS', 'fhir/Patient', 405],
    ['GET', '', 404],
    ['GET', 'nothing', 404],
    ['GET', '../atlantis/fhir/Patient', 404],
    ['DELETE', 'chiron/tx', 404],
  ])('%s %s', async (method, path, status) => {
    const answer = await hospital.send(method, path, method === 'GET' || method === 'DELETE' || method === 'OPTIONS' ? undefined : JSON.stringify({ resourceType: 'Patient' }), FHIR_JSON)
    answer.expect(status)
    if (status === 405) expect((answer.headers.get('allow') ?? '').split(', ')).not.toContain(method)
  })

  it('that climb stay in the organisation of the token', async () => {
    for (const path of ['/riverside/fhir/../../lakeside/fhir/Patient', '/riverside/fhir/%2e%2e/%2e%2e/lakeside/fhir/Patient', '/lakeside/fhir/Patient', '//lakeside/fhir/Patient', '/riverside/../lakeside/fhir/Patient']) {
      const answer = await raw(started.url, [`GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${hospital.token}\r\nconnection: close\r\n\r\n`])
      expect([path, answer.split('\r\n')[0]]).toEqual([path, expect.stringMatching(/ (401|404) /)])
      expect(answer).toContain('OperationOutcome')
    }
  })
})

describe('tokens', () => {
  const status = async (token: string | undefined, organisation: 'riverside' | 'lakeside' = 'riverside'): Promise<number> =>
    (await started.anonymous(organisation, token).get('Patient')).status

  it('are needed, of this node, of this organisation, and unexpired', async () => {
    const token = hospital.token as string
    expect(await status(token)).toBe(200)
    const missing = (await started.anonymous('riverside').get('Patient')).expect(401)
    expect(missing.headers.get('www-authenticate')).toBe('Bearer')
    for (const bad of ['nonsense', 'a.b.c', `${token}x`, token.slice(0, -8), token.split('.').toSpliced(2, 1, '').join('.'), unsigned(token), forged(token)]) expect(await status(bad)).toBe(401)
    expect(await status(token, 'lakeside')).toBe(401)
    expect(await status((await other.as('riverside', 'physician')).token)).toBe(401)
    await started.flush()
    started.setClockAhead(3_601_000)
    try {
      expect(await status(token)).toBe(401)
    } finally {
      started.setClockAhead(0)
    }
  })

  it('of a patient open the patient alone', async () => {
    const own = await started.asPatient(id)
    expect((await own.get('Patient')).expect(200).total).toBe(1)
    ;(await own.create(patient())).expect(403)
    ;(await own.send('GET', 'chiron/patient', undefined, {})).expect(200)
    ;(await hospital.send('GET', 'chiron/patient', undefined, {})).expect(403)
    ;(await started.anonymous('riverside').send('GET', 'chiron/audit', undefined, {})).expect(401)
  })
})

function unsigned(token: string): string {
  const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url')
  return `${header}.${token.split('.')[1]}.AA`
}

function forged(token: string): string {
  const [header, payload, signature] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload as string, 'base64url').toString()) as object
  return [header, Buffer.from(JSON.stringify({ ...claims, purpose: 'HOPERAT' })).toString('base64url'), signature].join('.')
}

it('errors repeat nothing of what was sent', async () => {
  for (const path of [`Patient?birthdate=${CANARY}`, `Observation?value-quantity=${CANARY}`, `Patient?name:${CANARY}=1`, `${CANARY}`, `Observation/${CANARY}`, `Patient/${CANARY}`, `Patient?_sort=${CANARY}`, `Patient?_include=${CANARY}`]) {
    const answer = await hospital.get(path, { prefer: 'handling=strict' })
    expect([path, answer.status >= 400]).toEqual([path, true])
    expect(answer.text).not.toContain(CANARY)
  }
})
