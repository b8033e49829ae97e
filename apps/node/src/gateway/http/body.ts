import type { Context } from 'hono'
import { GatewayError } from '../errors.ts'

/** Largest request body that a gateway reads, in bytes. */
export const MAX_BODY_BYTES = 20 * 1024 * 1024

/** Deepest nesting of brackets that is read: FHIR needs a tenth of it, and whatever walks a resource must not run out of stack. */
const MAX_NESTING = 256

const CBOR_TYPES = new Set(['application/cbor'])
const FORM_TYPES = new Set(['application/x-www-form-urlencoded'])
const JSON_TYPES = new Set(['application/fhir+json', 'application/json', 'application/json+fhir', 'text/json'])

/** Parameters of a search: 50 of them with 200 values each fit. */
const MAX_FORM_BYTES = 1024 * 1024

/** Bytes of bodies that are being read, or worked on, at once: what clients together may take of the memory. */
const MAX_HELD_BYTES = 256 * 1024 * 1024

/** Reads the bodies of one server's requests, each up to its limit and all together up to one. */
export class Bodies {
  readonly #maxHeld: number
  #held = 0

  constructor({ maxHeldBytes = MAX_HELD_BYTES }: { readonly maxHeldBytes?: number } = {}) {
    this.#maxHeld = maxHeldBytes
  }

  /**
   * Reads a JSON body up to {@link MAX_BODY_BYTES}.
   * @throws GatewayError `ERR_GATEWAY_MEDIA_TYPE`, `ERR_GATEWAY_INVALID`, `ERR_GATEWAY_UNPROCESSABLE`; as {@link Bodies.bytes}
   */
  async json(c: Context): Promise<unknown> {
    requireMediaType(c, JSON_TYPES)
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })
    const bytes = await this.bytes(c, MAX_BODY_BYTES)
    if (isNestedDeeper(bytes, MAX_NESTING)) throw new GatewayError('ERR_GATEWAY_UNPROCESSABLE', 'the body is nested too deeply')
    try {
      return JSON.parse(text.decode(bytes)) as unknown
    } catch (cause) {
      throw new GatewayError('ERR_GATEWAY_INVALID', 'the body is not JSON in UTF-8', { cause })
    }
  }

  /** Reads the parameters of a search by POST, at most 1 MiB. @throws GatewayError `ERR_GATEWAY_MEDIA_TYPE`; as {@link Bodies.bytes} */
  async form(c: Context): Promise<[string, string][]> {
    requireMediaType(c, FORM_TYPES)
    return [...new URLSearchParams(new TextDecoder().decode(await this.bytes(c, MAX_FORM_BYTES)))]
  }

  /** Reads a body in canonical CBOR. @throws GatewayError `ERR_GATEWAY_MEDIA_TYPE`; as {@link Bodies.bytes} */
  async cbor(c: Context, limit: number): Promise<Uint8Array> {
    requireMediaType(c, CBOR_TYPES)
    return await this.bytes(c, limit)
  }

  /**
   * Reads a body of at most `limit` bytes. What it takes counts until the request has its answer.
   * @throws GatewayError `ERR_GATEWAY_TOO_LARGE`; `ERR_GATEWAY_INVALID` when it ends too early; `ERR_GATEWAY_UNAVAILABLE` while all bodies together are too large
   */
  async bytes(c: Context, limit: number): Promise<Uint8Array> {
    const announced = Number(c.req.header('content-length') ?? '0')
    if (announced > limit) throw tooLarge(limit)
    const stream = c.req.raw.body
    if (stream === null) return new Uint8Array()
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of whole(stream as unknown as AsyncIterable<Uint8Array>)) {
      size += chunk.length
      if (size > limit) throw tooLarge(limit)
      this.#hold(c, chunk.length)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  }

  /** Forgets what a request's body took: to be called once it has its answer. */
  release(c: Context): void {
    const held = c.get(HELD as never) as number | undefined
    if (held !== undefined) this.#held -= held
  }

  #hold(c: Context, bytes: number): void {
    if (this.#held + bytes > this.#maxHeld) throw new GatewayError('ERR_GATEWAY_UNAVAILABLE', 'too much is being sent at once; try again in a moment')
    this.#held += bytes
    c.set(HELD as never, (((c.get(HELD as never) as number | undefined) ?? 0) + bytes) as never)
  }
}

/** Clients go away in the middle, or end a body otherwise than HTTP does: that is their fault and not the server's. */
async function* whole(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* stream
  } catch (cause) {
    throw new GatewayError('ERR_GATEWAY_INVALID', 'the body ended before it was whole', { cause })
  }
}

const HELD = 'heldBytes'

function requireMediaType(c: Context, accepted: ReadonlySet<string>): void {
  const mediaType = (c.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (!accepted.has(mediaType)) throw new GatewayError('ERR_GATEWAY_MEDIA_TYPE', `send the body as ${[...accepted][0]}`)
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPENING = new Set([0x5b, 0x7b])
const CLOSING = new Set([0x5d, 0x7d])

/** Whether JSON text opens more brackets than `limit` inside each other. Text that is no JSON may be judged either way. */
function isNestedDeeper(text: Uint8Array, limit: number): boolean {
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const byte = text[at] as number
    if (inString) {
      if (byte === BACKSLASH) at++
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) inString = true
    else if (OPENING.has(byte) && ++depth > limit) return true
    else if (CLOSING.has(byte)) depth--
  }
  return false
}

function tooLarge(limit: number): GatewayError {
  return new GatewayError('ERR_GATEWAY_TOO_LARGE', `bodies may have ${limit / 1024} KiB here; send less at once`)
}
