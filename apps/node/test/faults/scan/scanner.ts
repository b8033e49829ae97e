import { constants, inflateRawSync } from 'node:zlib'

/** Where a known value was found, and in which form. The value itself is not repeated. */
export interface Finding {
  readonly name: string
  readonly form: string
  readonly offset: number
}

interface Pattern {
  readonly name: string
  readonly form: string
  readonly bytes: Buffer
}

const KEY_BYTES = 4
const FILTER_BITS = 24
const INFLATE_LIMIT = 64 * 1024 * 1024

/**
 * Finds any of many known values in bytes: as UTF-8, UTF-16, hexadecimal and Base64 (at each of the three alignments), also
 * within gzip and zlib streams that begin anywhere. One pass, whatever the number of values.
 */
export class Scanner {
  readonly #patterns = new Map<number, Pattern[]>()
  readonly #filter = new Uint8Array(1 << (FILTER_BITS - 3))

  /** `value` has at least 6 bytes in UTF-8: fewer are found by chance. */
  add(name: string, value: string): void {
    const utf8 = Buffer.from(value)
    if (utf8.length < 6) throw new RangeError(`${name} is too short to be looked for`)
    this.#addPattern({ name, form: 'utf-8', bytes: utf8 })
    this.#addPattern({ name, form: 'utf-16', bytes: Buffer.from(value, 'utf16le') })
    this.#addPattern({ name, form: 'utf-16be', bytes: Buffer.from(value, 'utf16le').swap16() })
    this.#addPattern({ name, form: 'hex', bytes: Buffer.from(utf8.toString('hex')) })
    this.#addPattern({ name, form: 'hex', bytes: Buffer.from(utf8.toString('hex').toUpperCase()) })
    for (const [lead, form] of [[0, 'base64'], [1, 'base64 after 1'], [2, 'base64 after 2']] as const) {
      const whole = Buffer.concat([Buffer.alloc(lead), utf8])
      const from = Math.ceil((lead * 8) / 6)
      const to = Math.floor((whole.length * 8) / 6)
      for (const alphabet of ['base64', 'base64url'] as const) this.#addPattern({ name, form, bytes: Buffer.from(whole.toString(alphabet).slice(from, to)) })
    }
  }

  scan(bytes: Buffer): Finding[] {
    const findings = this.#scanRaw(bytes)
    for (const { offset, plain, form } of compressedParts(bytes)) {
      for (const found of this.#scanRaw(plain)) findings.push({ ...found, form: `${found.form} in ${form}`, offset })
    }
    return findings
  }

  #scanRaw(bytes: Buffer): Finding[] {
    const findings: Finding[] = []
    for (let offset = 0; offset + KEY_BYTES <= bytes.length; offset++) {
      const key = bytes.readInt32LE(offset)
      const bit = filterBit(key)
      if (((this.#filter[bit >>> 3] as number) & (1 << (bit & 7))) === 0) continue
      for (const { name, form, bytes: wanted } of this.#patterns.get(key) ?? []) {
        if (bytes.length - offset >= wanted.length && bytes.compare(wanted, 0, wanted.length, offset, offset + wanted.length) === 0) findings.push({ name, form, offset })
      }
    }
    return findings
  }

  #addPattern(pattern: Pattern): void {
    const key = pattern.bytes.readInt32LE(0)
    const bit = filterBit(key)
    this.#filter[bit >>> 3] = (this.#filter[bit >>> 3] as number) | (1 << (bit & 7))
    const known = this.#patterns.get(key) ?? []
    if (!known.some(({ bytes }) => bytes.equals(pattern.bytes))) this.#patterns.set(key, [...known, pattern])
  }
}

function filterBit(key: number): number {
  return Math.imul(key, 0x9e3779b1) >>> (32 - FILTER_BITS)
}

function* compressedParts(bytes: Buffer): Iterable<{ offset: number; plain: Buffer; form: string }> {
  const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: INFLATE_LIMIT }
  for (let offset = 0; offset + 2 < bytes.length; offset++) {
    const first = bytes[offset] as number
    const second = bytes[offset + 1] as number
    const isGzip = first === 0x1f && second === 0x8b && bytes[offset + 2] === 8
    const isZlib = first === 0x78 && (second === 0x01 || second === 0x5e || second === 0x9c || second === 0xda)
    if (!isGzip && !isZlib) continue
    const plain = attempt(() => inflateRawSync(bytes.subarray(offset + (isGzip ? gzipHeaderLength(bytes, offset) : 2)), options))
    if (plain !== undefined && plain.length > 0) yield { offset, plain, form: isGzip ? 'gzip' : 'zlib' }
  }
}

/** RFC 1952, 2.3: 10 bytes, then a name where flag 3 is set; headers with other fields are not made by Node. */
function gzipHeaderLength(bytes: Buffer, offset: number): number {
  const hasName = ((bytes[offset + 3] ?? 0) & 8) !== 0
  return hasName ? bytes.indexOf(0, offset + 10) + 1 - offset : 10
}

function attempt(work: () => Buffer): Buffer | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
