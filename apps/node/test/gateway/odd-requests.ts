import { gzipSync } from 'node:zlib'
import { resourceTypes, searchParameters } from '@chiron/fhir'
import { mutateCbor, mutateJson } from '@chiron/testkit/fuzz'
import type { SeededRandom } from '@chiron/testkit/simulation'
import { vectorBytes } from '../fuzz/vectors.ts'
import { condition, labelled, observation, patient, practitioner } from './resources.ts'

export interface OddRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

export interface Surroundings {
  /** Ids of patients that are there. */
  readonly patients: readonly string[]
  /** Bearer tokens, good and bad. */
  readonly tokens: readonly string[]
}

/** Stands where a value of a person would; no error may repeat it. */
export const CANARY = 'Qzyxcanaryvalue'

const encoder = new TextEncoder()
const MODIFIERS = ['', '', '', ':not', ':missing', ':exact', ':contains', ':text', ':of-type', ':above', ':below', ':in', ':identifier', ':Patient', ':nonsense', ':iterate']
const VALUES = [
  CANARY, '', 'true', '1', 'a,b', 'a\\,b', 'a|b', '|', '||', 'ge2020', 'eq2020-02-30', 'ap5.4', 'gt5|http://u|g', '5e400', '-0', '\u0000', 'é😀', '%', '$', 'a$b', 'Patient/1', 'urn:uuid:x',
  'http://x.org/Patient/1', '9'.repeat(300), `${'a,'.repeat(400)}b`, '../..', "' OR 1=1 --", '{}', '__proto__',
]
const SPECIAL = ['_id', '_lastUpdated', '_sort', '_count', '_cursor', '_offset', '_include', '_revinclude', '_include:iterate', '_has:Observation:patient:code', '_total', '_elements', '_summary', '_format', '_type', '_tag', '_text', '_filter', '_list', '__proto__']
const IDS = ['x', '..', '%2e%2e', '%00', '_history', '_search', '$everything', '$validate', 'a'.repeat(65), '00000000-0000-4000-8000-000000000000', '%F0%9F', '%zz', CANARY, 'constructor']
const METHODS = ['GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'MKCOL', 'QUERY']
const TYPES_OF_BODY = ['application/fhir+json', 'application/fhir+json', 'application/json; charset=utf-8', 'application/x-www-form-urlencoded', 'application/cbor', 'text/plain', 'application/fhir+xml', '', 'application/json;', 'multipart/form-data; boundary=x']
const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  ['if-match', ['W/"1"', '*', '"', 'W/"999999999999999999999"', 'x']], ['if-none-match', ['W/"1"', '*', ',,,']], ['if-none-exist', ['identifier=a|1', '?', 'Patient?name=x', '%', `name=${CANARY}`]],
  ['if-modified-since', ['Sat, 21 Nov 2026 00:00:00 GMT', 'yesterday', '-1']], ['prefer', ['return=minimal', 'handling=strict', 'return=OperationOutcome', 'respond-async', ',;=']],
  ['accept', ['application/fhir+json', 'text/html', '*/*;q=0', 'application/fhir+xml', ',']], ['range', ['bytes=0-1', 'bytes=-1', 'bytes=5-1,9-', 'x']], ['accept-encoding', ['gzip', 'br, *;q=0']],
  ['x-http-method-override', ['DELETE']], ['x-forwarded-host', ['evil.example']], ['origin', ['https://evil.example']], ['cookie', ['a=b'.repeat(300)]], ['accept-charset', ['utf-16']], ['te', ['trailers']],
]
const LOG = ['checkpoint', 'tile/0/000', 'tile/0/000.p/1', 'tile/entries/000.p/3', 'tile/63/x001/000', 'tile/-1/000', 'tile/0/%30', 'tile/entries/../../health', 'tile/', '']
const CHIRON = ['network', 'tx', 'patient', 'audit', 'displays', 'requests', 'rules', 'claim', 'session', 'records', 'accesses', 'envelopes', 'release', 'copies', 'nothing']

/** Requests that a client would not make, and some that it would: the same ones for the same random numbers. */
export class OddRequests {
  readonly #random: SeededRandom
  readonly #around: Surroundings
  readonly #documents: readonly Uint8Array[]
  readonly #binary: readonly Uint8Array[]
  readonly #json = mutateJson([encoder.encode(CANARY)], [CANARY, 'Patient', 'reference', 'transaction', 'POST', 'PUT', 'urn:uuid:11111111-1111-4111-8111-111111111111'])
  readonly #cbor = mutateCbor([], ['TREAT', 'k1', 'identity.claim'])

  constructor(random: SeededRandom, around: Surroundings) {
    this.#random = random
    this.#around = around
    this.#binary = [...vectorBytes('tx-signed', 'tx'), ...vectorBytes('release-messages', 'request'), ...vectorBytes('tx-signed', 'bodyHex')]
    const [id = 'x'] = around.patients
    this.#documents = [
      patient({ contact: [{ name: { text: CANARY } }] }), observation(id, 'laboratory', labelled('HIV')), condition(id), practitioner(),
      { resourceType: 'Bundle', type: 'transaction', entry: [{ fullUrl: 'urn:uuid:11111111-1111-4111-8111-111111111111', resource: practitioner(), request: { method: 'POST', url: 'Practitioner', ifNoneExist: 'identifier=1' } }, { resource: observation(id, 'laboratory'), request: { method: 'POST', url: 'Observation' } }] },
      { resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: 'GET', url: `Patient?_id=${id}` } }, { resource: patient(), request: { method: 'PUT', url: 'Patient/x', ifMatch: 'W/"1"' } }, { request: { method: 'DELETE', url: 'Observation?code=x' } }] },
    ].map((document) => encoder.encode(JSON.stringify(document)))
  }

  next(): OddRequest {
    const random = this.#random
    const kind = random.weighted({ search: 44, instance: 18, write: 10, chiron: 17, log: 2, anything: 9 })
    const organisation = random.chance(0.97) ? random.pick(['riverside', 'lakeside']) : random.pick(['nowhere', '..', '%00', '__proto__'])
    if (kind === 'search') return this.#search(organisation)
    if (kind === 'instance') return this.#headed(random.chance(0.8) ? 'GET' : random.pick(METHODS), `/${organisation}/fhir/${random.pick(this.#types())}/${this.#id()}${random.pick(['', '', '/_history', '/_history/1', '/$everything', `/_history/${CANARY}`, '/a/b/c'])}`)
    if (kind === 'write') return this.#write(organisation)
    if (kind === 'chiron') return this.#chiron(organisation)
    if (kind === 'log') return this.#headed(random.chance(0.9) ? 'GET' : random.pick(METHODS), `/log/${random.pick(LOG)}`)
    return this.#headed(random.pick(METHODS), random.pick([`/${organisation}`, '/', '/health', `/${organisation}/fhir/metadata`, `/${organisation}/fhir//`, '//', `/${organisation}/fhir/%`, '/log/checkpoint', `/?${'a=b&'.repeat(500)}`, `/${organisation}/fhir/${'x/'.repeat(300)}`, `/${organisation}/fhir/Patient?${'%'.repeat(20)}`]), random.chance(0.3) ? this.#body() : undefined)
  }

  #search(organisation: string): OddRequest {
    const random = this.#random
    const type = random.pick(this.#types())
    const known = Object.keys(searchParameters(type))
    const query = Array.from({ length: random.below(5) }, () => {
      const name = known.length === 0 || random.chance(0.3) ? random.pick(SPECIAL) : random.pick(known) + random.pick(MODIFIERS) + (random.chance(0.1) ? '.name' : '')
      return `${encodeURIComponent(name)}=${encodeURIComponent(random.chance(0.15) ? random.pick(this.#around.patients) : random.pick(VALUES))}`
    }).join('&')
    if (!random.chance(0.1)) return this.#headed(random.chance(0.9) ? 'GET' : 'HEAD', `/${organisation}/fhir/${type}?${query}`)
    const form = this.#headed('POST', `/${organisation}/fhir/${type}/_search`, encoder.encode(query))
    return { ...form, headers: { ...form.headers, 'content-type': 'application/x-www-form-urlencoded' } }
  }

  #write(organisation: string): OddRequest {
    const random = this.#random
    const address = random.chance(0.3) ? `/${organisation}/fhir` : `/${organisation}/fhir/${random.pick(['Patient', 'Observation', 'Condition', 'Consent', 'Nonsense'])}${random.chance(0.3) ? `/${this.#id()}` : ''}`
    return this.#headed(random.pick(['POST', 'POST', 'PUT', 'PATCH']), address, this.#body())
  }

  #chiron(organisation: string): OddRequest {
    const random = this.#random
    const address = `/${organisation}/chiron/${random.pick(CHIRON)}${random.chance(0.2) ? `?handle=${random.pick(['00', 'zz', '0'.repeat(64), ''])}` : ''}`
    if (random.chance(0.4)) return this.#headed(random.pick(['GET', 'HEAD']), address)
    const odd = this.#headed(random.pick(['POST', 'POST', 'PUT']), address, random.chance(0.1) ? this.#body() : this.#cbor(random.pick(this.#binary), random, random.pick(this.#binary)))
    return { ...odd, headers: { ...odd.headers, ...(random.chance(0.9) ? { 'content-type': 'application/cbor' } : {}) } }
  }

  #headed(method: string, path: string, body?: Uint8Array): OddRequest {
    const random = this.#random
    const headers: Record<string, string> = {}
    for (const [name, values] of random.some(HEADERS, 0.06)) headers[name] = random.pick(values)
    const token = random.pick(this.#around.tokens)
    if (token !== '') headers['authorization'] = token
    if (body === undefined) return { method, path, headers }
    const type = random.pick(TYPES_OF_BODY)
    if (type !== '') headers['content-type'] = type
    if (random.chance(0.05)) headers['content-encoding'] = random.pick(['gzip', 'br', 'identity', 'x'])
    return { method, path, headers, body }
  }

  #body(): Uint8Array {
    const random = this.#random
    const document = random.pick(this.#documents)
    switch (random.below(12)) {
      case 0:
        return encoder.encode(`${'['.repeat(5000)}${']'.repeat(5000)}`)
      case 1:
        return encoder.encode(`{"resourceType":"Patient","a":${'{"a":'.repeat(300)}1${'}'.repeat(301)}`)
      case 2:
        return encoder.encode(`{"resourceType":"Patient","gender":"${CANARY}","gender":"female","__proto__":{"a":1}}`)
      case 3:
        return random.bytes(random.below(300))
      case 4:
        return Uint8Array.of(...document.subarray(0, 40), 0xff, 0xc0, ...document.subarray(40))
      case 5:
        return gzipSync(new Uint8Array(2_000_000))
      default:
        return this.#json(document, random, random.pick(this.#documents))
    }
  }

  #id(): string {
    return this.#random.chance(0.5) ? this.#random.pick(this.#around.patients) : this.#random.pick(IDS)
  }

  #types(): readonly string[] {
    return this.#random.chance(0.5) ? ['Patient', 'Observation', 'Condition', 'Consent', 'AuditEvent', 'Practitioner'] : [...resourceTypes()]
  }
}
