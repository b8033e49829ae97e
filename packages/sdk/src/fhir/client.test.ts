import { describe, expect, test } from 'vitest'
import { json, receiptFor, recordingFetch, trust } from '../../test/member-node.ts'
import { verifyTxReceipt, type SdkError } from '../index.ts'
import { FhirClient } from './client.ts'
import type { FhirResource } from './resource.ts'

interface Patient extends FhirResource {
  readonly resourceType: 'Patient'
  readonly active?: boolean
}
const base = 'http://node.test/riverside/fhir'
const patient: Patient = { resourceType: 'Patient', id: 'p1', active: true }

describe('requests', () => {
  test('read asks for FHIR JSON with a token that is fetched each time', async () => {
    const { fetch, seen } = recordingFetch(() => json(patient, 200, { etag: 'W/"1"' }))
    let issued = 0
    const client = new FhirClient({ base: `${base}/`, token: async () => `t${++issued}` }, { fetch })
    await expect(client.read<Patient>('Patient', 'p1')).resolves.toEqual({ status: 200, resource: patient, etag: 'W/"1"' })
    await client.readVersion<Patient>('Patient', 'p1', '2')
    expect(seen.map((request) => [request.method, request.url, request.headers['authorization'], request.headers['accept']])).toEqual([
      ['GET', `${base}/Patient/p1`, 'Bearer t1', 'application/fhir+json'],
      ['GET', `${base}/Patient/p1/_history/2`, 'Bearer t2', 'application/fhir+json'],
    ])
  })

  test('search escapes, and repeats a parameter for each of its values', async () => {
    const { fetch, seen } = recordingFetch(() => json({ resourceType: 'Bundle', type: 'searchset', total: 0 }))
    await new FhirClient({ base }, { fetch }).search('Observation', { code: 'http://loinc.org|1234-5', date: ['ge2026-01-01', 'lt2027-01-01'], _count: 5 })
    expect(seen[0]?.url).toBe(`${base}/Observation?code=http%3A%2F%2Floinc.org%7C1234-5&date=ge2026-01-01&date=lt2027-01-01&_count=5`)
  })

  test('ids cannot lead out of the base', async () => {
    const { fetch, seen } = recordingFetch(() => json(patient))
    await new FhirClient({ base }, { fetch }).read('Patient', '../../lakeside/fhir/Patient/p2')
    expect(new URL(seen[0]?.url ?? '').pathname.startsWith('/riverside/fhir/Patient/')).toBe(true)
  })

  test('writes carry their conditions', async () => {
    const { fetch, seen } = recordingFetch(() => json(patient, 201))
    const client = new FhirClient({ base }, { fetch })
    await client.create(patient, { ifNoneExist: { identifier: 'a|b' } })
    await client.update({ ...patient, id: 'p1' }, { ifMatch: 'W/"1"' })
    expect(seen[0]).toMatchObject({ method: 'POST', url: `${base}/Patient`, body: JSON.stringify(patient) })
    expect(seen[0]?.headers).toMatchObject({ 'if-none-exist': 'identifier=a%7Cb', 'content-type': 'application/fhir+json' })
    expect(seen[1]).toMatchObject({ method: 'PUT', url: `${base}/Patient/p1` })
    expect(seen[1]?.headers).toMatchObject({ 'if-match': 'W/"1"' })
  })

  test('everything, history, delete and transaction go where FHIR says', async () => {
    const { fetch, seen } = recordingFetch((request) => (request.method === 'DELETE' ? new Response(null, { status: 204 }) : json({ resourceType: 'Bundle', type: 'history' })))
    const client = new FhirClient({ base }, { fetch })
    await client.everything('p1')
    await client.history('Patient', 'p1')
    await expect(client.delete('Patient', 'p1')).resolves.toEqual({ status: 204, resource: undefined })
    await client.transaction({ resourceType: 'Bundle', type: 'transaction', entry: [] })
    await client.capabilities()
    expect(seen.map((request) => `${request.method} ${request.url.slice(base.length)}`)).toEqual([
      'GET /Patient/p1/$everything', 'GET /Patient/p1/_history', 'DELETE /Patient/p1', 'POST /', 'GET /metadata',
    ])
  })
})

test('a write gives a receipt that verifies', async () => {
  const txId = new Uint8Array(32).fill(5)
  const { fetch } = recordingFetch(() => json(patient, 201, { 'chiron-receipt': receiptFor(txId), location: `${base}/Patient/p1/_history/1` }))
  const created = await new FhirClient({ base }, { fetch }).create(patient)
  expect(created.location).toBe(`${base}/Patient/p1/_history/1`)
  expect(created.receipt && verifyTxReceipt(created.receipt, trust).txId).toEqual(txId)
})

test('pages follow next links, below the base only', async () => {
  const page = (n: number, next?: string) => json({ resourceType: 'Bundle', type: 'searchset', total: n, ...(next === undefined ? {} : { link: [{ relation: 'next', url: next }] }) })
  const pagesOf = async (next: string): Promise<(number | undefined)[]> => {
    const { fetch } = recordingFetch((request) => (request.url.includes('page=2') ? page(2) : page(1, next)))
    const totals: (number | undefined)[] = []
    for await (const bundle of new FhirClient({ base }, { fetch }).searchPages('Patient')) totals.push(bundle.total)
    return totals
  }
  await expect(pagesOf(`${base}/Patient?page=2`)).resolves.toEqual([1, 2])
  for (const elsewhere of ['http://other.test/riverside/fhir/Patient?page=2', `${base}/../../lakeside/fhir/Patient?page=2`, 'http://node.test/riverside/fhirx?page=2', 'http://[', `${base}/Patient?page=1`]) {
    await expect(pagesOf(elsewhere)).rejects.toMatchObject({ code: 'ERR_SDK_RESPONSE' })
  }
})

describe('failures', () => {
  const outcome = { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'forbidden', details: { text: 'ask the patient' }, diagnostics: 'chiron request', expression: ['Patient.active'] }] }
  const failureOf = async (respond: () => Response): Promise<SdkError> => {
    const { fetch } = recordingFetch(respond)
    return await new FhirClient({ base }, { fetch }).read('Patient', 'canary').then(
      () => expect.unreachable('it should fail'),
      (error: unknown) => error as SdkError,
    )
  }

  test.each([
    [400, 'ERR_SDK_INVALID'], [401, 'ERR_SDK_UNAUTHORIZED'], [403, 'ERR_SDK_FORBIDDEN'], [404, 'ERR_SDK_NOT_FOUND'], [409, 'ERR_SDK_CONFLICT'], [410, 'ERR_SDK_GONE'],
    [412, 'ERR_SDK_CONFLICT'], [422, 'ERR_SDK_INVALID'], [429, 'ERR_SDK_UNAVAILABLE'], [500, 'ERR_SDK_SERVER'], [503, 'ERR_SDK_UNAVAILABLE'],
  ])('%d is %s, with the outcome', async (status, code) => {
    const error = await failureOf(() => json(outcome, status))
    expect(error).toMatchObject({
      code,
      context: { status, outcome: [{ severity: 'error', code: 'forbidden', text: 'ask the patient', diagnostics: 'chiron request', expression: ['Patient.active'] }] },
    })
    expect(error.message).toBe(`the server answered ${status}`)
  })

  test('a failure without an outcome is still one', async () => {
    expect(await failureOf(() => new Response('<html>', { status: 502 }))).toMatchObject({ code: 'ERR_SDK_SERVER', context: { status: 502 } })
    expect((await failureOf(() => new Response('', { status: 502 }))).context.outcome).toBeUndefined()
  })

  test('answers that are none', async () => {
    expect((await failureOf(() => new Response('{'))).code).toBe('ERR_SDK_RESPONSE')
    expect((await failureOf(() => json([1]))).code).toBe('ERR_SDK_RESPONSE')
    expect((await failureOf(() => json(patient, 200, { 'chiron-receipt': 'not a receipt' }))).code).toBe('ERR_SDK_RESPONSE')
    const network = await failureOf(() => {
      throw new TypeError('connection refused')
    })
    expect(network).toMatchObject({ code: 'ERR_SDK_NETWORK', message: 'no answer from the server' })
  })
})
