import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import type { SeededRandom } from '@chiron/testkit/simulation'
import { patient } from '../gateway/resources.ts'

/** Bytes on a connection of their own, as no HTTP library would send them. */
export interface OddStream {
  readonly kind: string
  readonly chunks: readonly Uint8Array[]
  /** What the client does once all is sent: waits for the answer, says that it sends no more, or is gone. */
  readonly ending: 'wait' | 'half' | 'gone'
  /** `refused`: exactly one answer, of 4xx, and the connection ends; a number: so many answers; `any`: nothing but no 5xx. */
  readonly expected: 'refused' | 'any' | number
}

export interface StreamSurroundings {
  /** Bearer tokens of people who may write at riverside. */
  readonly tokens: readonly string[]
  /** Id of a patient. */
  readonly patient: string
}

type Make = (random: SeededRandom, token: string, around: StreamSurroundings) => Omit<OddStream, 'kind'>

const encoder = new TextEncoder()
const bytes = (text: string): Uint8Array => encoder.encode(text)
const document = JSON.stringify(patient())

/** Head of a request at riverside; `more` are its other lines. */
function head(method: string, path: string, token: string, ...more: readonly string[]): string {
  return [`${method} ${path} HTTP/1.1`, 'host: x', `authorization: ${token}`, ...more, '', ''].join('\r\n')
}

const closing = 'connection: close'
const json = 'content-type: application/fhir+json'
const POST = '/riverside/fhir/Patient'
const once = (text: string, expected: OddStream['expected'], ending: OddStream['ending'] = 'wait'): Omit<OddStream, 'kind'> => ({ chunks: [bytes(text)], ending, expected })
/** A second request inside what a lenient reader takes for a body, or a strict one for a request. */
const smuggled = (token: string): string => head('DELETE', '/riverside/fhir/Patient/smuggled', token)

/** Two readers of these would not agree where the request ends. RFC 9112 §6.3, §11.2. */
const AMBIGUOUS: readonly (readonly string[])[] = [
  ['content-length: 6', 'transfer-encoding: chunked'], ['transfer-encoding: chunked', 'content-length: 6'], ['content-length: 6', 'content-length: 7'], ['content-length: +6'], ['content-length: 0x6'],
  ['content-length: 6,6'], ['content-length: -6'], ['content-length: 6 6'], ['content-length: 99999999999999999999'], ['content-length: '], ['transfer-encoding: chunked, identity'],
  ['transfer-encoding: identity, xchunked'], ['transfer-encoding : chunked'], ['content-length : 6'], ['transfer-encoding:\tchunked\u000b'], ['x: y\n content-length: 6'],
  ['transfer-encoding: chunked', 'transfer-encoding: identity'], ['x: a\u0000b'], ['x: a\rb'], [' folded: 1'], ['x'], [': x'], ['content-length: 6', 'content-length: 6'],
]
const BAD_CHUNKS = ['zz\r\nabc\r\n0\r\n\r\n', 'fffffffffffffffff\r\nabc\r\n', '-3\r\nabc\r\n0\r\n\r\n', '3\r\nabcX\r\n0\r\n\r\n', '3;\n\nabc\r\n0\r\n\r\n', ' 3\r\nabc\r\n0\r\n\r\n', '0x3\r\nabc\r\n0\r\n\r\n', '3\nabc\n0\n\n']
const BOMBS = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync }

const KINDS: Readonly<Record<string, Make>> = {
  ambiguous: (random, token) => once(`${head('POST', POST, token, json, ...random.pick(AMBIGUOUS))}0\r\n\r\n${smuggled(token)}`, 'refused'),
  'bad chunks': (random, token) => once(`${head('POST', POST, token, json, 'transfer-encoding: chunked')}${random.pick(BAD_CHUNKS)}`, 'refused'),
  'long chunk extension': (_, token) => once(`${head('POST', POST, token, json, 'transfer-encoding: chunked')}3;${'a'.repeat(40_000)}\r\nabc\r\n0\r\n\r\n`, 'refused'),
  'bare line feeds': (_, token) => once(head('GET', '/health', token, closing).replaceAll('\r\n', '\n'), 'any', 'half'),
  versions: (random, token) => once(head('GET', '/health', token, closing).replace('HTTP/1.1', random.pick(['HTTP/1.0', 'HTTP/1.2', 'HTTP/9.9', 'HTTP/2.0', 'http/1.1', 'HTTP/1.1.1', 'RTSP/1.0', ''])), 'any', 'half'),
  hosts: (random, token) => once(head('GET', '/health', token, closing).replace('host: x\r\n', random.pick(['', 'host: x\r\nhost: y\r\n', 'host: \r\n', 'host: a/b?c#d\r\n', 'host: [::1\r\n', 'host: user@x:99999\r\n'])), 'any'),
  targets: (random, token) => once(head(random.pick(['GET', 'OPTIONS', 'POST']), random.pick(['*', 'http://evil.example/riverside/fhir/Patient', 'riverside/fhir', '//evil.example//riverside/fhir/Patient', '/riverside/fhir/../../lakeside/fhir/Patient', '/\\evil', '/riverside/fhir/Patient#x', '/riverside/fhir/Patient?a=\u0001', 'http://', '/%', '/riverside%2ffhir%2fPatient', '/riverside/fhir/Patient;jsessionid=1']), token, closing), 'any'),
  tunnels: (random, token) => once(head('CONNECT', random.pick(['evil.example:443', '/riverside/fhir', '']), token, closing), 'any', 'half'),
  upgrades: (random, token) => once(head('GET', '/health', token, `upgrade: ${random.pick(['websocket', 'h2c', 'TLS/1.0', 'x'])}`, 'connection: upgrade', 'sec-websocket-key: eA==', 'sec-websocket-version: 13', 'http2-settings: AAMAAABk'), 'any', 'half'),
  'another protocol': (random) => once(random.pick(['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\u0016\u0003\u0001\u0002\u0000', 'EHLO x\r\n', '\r\n\r\n\r\n', '{"jsonrpc":"2.0"}', '*1\r\n$4\r\nPING\r\n', 'GET /health']), 'any', 'half'),
  noise: (random) => ({ chunks: [random.bytes(1 + random.below(2000))], ending: 'half', expected: 'any' }),
  'request line': (random, token) => once(head(random.pick(['', 'get', 'G ET', 'GET\u0000', 'A'.repeat(300), 'GET,POST', 'M-SEARCH']), '/health', token, closing), 'any', 'half'),
  pipelined: (random, token, { patient: id }) => {
    const count = 2 + random.below(10)
    const request = (last: boolean): string => head('GET', `/riverside/fhir/Patient/${id}`, token, ...(last ? [closing] : []))
    return once(Array.from({ length: count }, (_, at) => request(at === count - 1)).join(''), count)
  },
  'pipelined after a body': (random, token) => once(`${head('POST', POST, token, json, `content-length: ${random.pick([0, 2, 5])}`)}{}   `.slice(0, -3) + head('GET', '/health', token, closing), 'any'),
  expectations: (random, token) => once(`${head('POST', POST, token, json, closing, `expect: ${random.pick(['100-continue', '200-ok', 'x'.repeat(500)])}`, `content-length: ${document.length}`)}${document}`, 'any'),
  'long head': (random, token) => once(head('GET', random.chance(0.5) ? `/riverside/fhir/Patient?name=${'a'.repeat(20_000)}` : '/health', token, closing, `x: ${'a'.repeat(17_000)}`), 'refused'),
  'long address': (_, token) => once(head('GET', `/riverside/fhir/Patient?name=${'a'.repeat(15_000)}`, token, closing), 1),
  'many parameters': (random, token) => once(head('GET', `/riverside/fhir/Observation?${random.pick(['a&', 'code=x&', '_sort=&', '%20=1&', 'a[]=b&', '__proto__[x]=1&']).repeat(1500)}`, token, closing), 1),
  'many headers': (random, token) => once(head('GET', '/health', token, closing, ...Array.from({ length: 1 + random.below(2500) }, (_, at) => `x${at}:1`)), 'any'),
  'cut head': (random, token) => once(head('POST', POST, token, json).slice(0, 1 + random.below(120)), 'any', random.chance(0.5) ? 'gone' : 'half'),
  'cut body': (random, token) => once(`${head('POST', POST, token, json, `content-length: ${document.length + 1 + random.below(5000)}`)}${document.slice(0, random.below(document.length))}`, 'any', random.chance(0.5) ? 'gone' : 'half'),
  'cut chunks': (random, token) => once(`${head('POST', POST, token, json, 'transfer-encoding: chunked')}${document.length.toString(16)}\r\n${document.slice(0, random.below(document.length))}`, 'any', random.chance(0.5) ? 'gone' : 'half'),
  'cut transaction': (random, token) => once(`${head('POST', '/riverside/chiron/tx', token, 'content-type: application/cbor', 'content-length: 4000000')}${'a'.repeat(random.below(3000))}`, 'any', 'gone'),
  'not waited for': (random, token, { patient: id }) => once(head('GET', `/riverside/fhir/${random.pick([`Patient/${id}/$everything`, 'Observation?_count=100', `Patient?_id=${id}&_revinclude=*`, 'metadata'])}`, token), 'any', 'gone'),
  'slow head': (random, token) => ({ chunks: pieces(bytes(head('GET', '/health', token, closing)), 1 + random.below(4)), ending: 'wait', expected: 1 }),
  'slow body': (random, token) => ({ chunks: pieces(bytes(`${head('POST', POST, token, json, closing, `content-length: ${document.length}`)}${document}`), 8 + random.below(24)), ending: 'wait', expected: 1 }),
  'small chunks': (_, token) => once(`${head('POST', POST, token, json, closing, 'transfer-encoding: chunked', 'trailer: x')}${[...document].map((letter) => `1;x=y\r\n${letter}\r\n`).join('')}0\r\nx: y\r\ncontent-length: 5\r\n\r\n`, 1),
  bombs: (random, token) => {
    const coding = random.pick(Object.keys(BOMBS) as (keyof typeof BOMBS)[])
    const body = BOMBS[coding](Buffer.alloc(random.pick([1, 4, 16]) * 1_000_000, ' '))
    return { chunks: [bytes(head('POST', random.pick([POST, '/riverside/fhir', '/riverside/fhir/Patient/_search', '/riverside/chiron/tx', '/riverside/chiron/claim']), token, random.pick([json, 'content-type: application/cbor', 'content-type: application/x-www-form-urlencoded']), `content-encoding: ${random.pick([coding, `${coding}, ${coding}`])}`, closing, `content-length: ${body.length}`)), body], ending: 'wait', expected: 1 }
  },
  'deep documents': (random, token) => {
    const depth = random.pick([200, 256, 257, 5000, 200_000])
    const body = random.chance(0.5) ? `{"resourceType":"Bundle","type":"batch","entry":${'['.repeat(depth)}${']'.repeat(depth)}}` : `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
    return once(`${head('POST', '/riverside/fhir', token, json, closing, `content-length: ${body.length}`)}${body}`, 1)
  },
  'repeated names': (random, token) => {
    const body = `{"resourceType":"Patient","resourceType":"Observation",${'"gender":"male",'.repeat(1 + random.below(2000))}"__proto__":{"gender":"x"},"gender":"female"}`
    return once(`${head('POST', POST, token, json, closing, `content-length: ${body.length}`)}${body}`, 1)
  },
  'large form': (random, token) => {
    const body = random.pick(['a=b&', 'code=%zz&', '&', '=', 'code=a,', '%00=%00&']).repeat(20_000)
    return once(`${head('POST', '/riverside/fhir/Observation/_search', token, 'content-type: application/x-www-form-urlencoded', closing, `content-length: ${body.length}`)}${body}`, 1)
  },
  'event stream': (_, token) => once(head('GET', '/riverside/fhir/Observation', token, 'accept: text/event-stream', 'last-event-id: 1', closing), 'refused'),
}

export const STREAM_KINDS: readonly string[] = Object.keys(KINDS)

/** A stream of one kind; the same for the same random numbers. */
export function oddStream(kind: string, random: SeededRandom, around: StreamSurroundings): OddStream {
  const make = KINDS[kind] as Make
  return { kind, ...make(random, random.pick(around.tokens), around) }
}

function pieces(whole: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(whole.length / size) }, (_, at) => whole.subarray(at * size, (at + 1) * size))
}
