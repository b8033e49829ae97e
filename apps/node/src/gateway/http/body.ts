import type { Context } from 'hono'
import { GatewayError } from '../errors.ts'

/** Largest request body that a gateway reads, in bytes. */
export const MAX_BODY_BYTES = 20 * 1024 * 1024

/** Deepest nesting of brackets that is read: FHIR needs a tenth of it, and whatever walks a resource must not run out of stack. */
const MAX_NESTING = 256

const FORM_TYPES = new Set(['application/x-www-form-urlencoded'])
const JSON_TYPES = new Set(['application/fhir+json', 'application/json', 'application/json+fhir', 'text/json'])

/**
 * Reads a JSON body up to {@link MAX_BODY_BYTES}.
 * @throws GatewayError `ERR_GATEWAY_MEDIA_TYPE`, `ERR_GATEWAY_TOO_LARGE`, `ERR_GATEWAY_INVALID`, `ERR_GATEWAY_UNPROCESSABLE`
 */
export async function readJson(c: Context): Promise<unknown> {
  requireMediaType(c, JSON_TYPES)
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })
  const bytes = await readBytes(c)
  if (isNestedDeeper(bytes, MAX_NESTING)) throw new GatewayError('ERR_GATEWAY_UNPROCESSABLE', 'the body is nested too deeply')
  try {
    return JSON.parse(text.decode(bytes)) as unknown
  } catch (cause) {
    throw new GatewayError('ERR_GATEWAY_INVALID', 'the body is not JSON in UTF-8', { cause })
  }
}

/** Reads the parameters of a search by POST. @throws GatewayError `ERR_GATEWAY_MEDIA_TYPE`, `ERR_GATEWAY_TOO_LARGE` */
export async function readForm(c: Context): Promise<[string, string][]> {
  requireMediaType(c, FORM_TYPES)
  return [...new URLSearchParams(new TextDecoder().decode(await readBytes(c)))]
}

/** Reads a body of bytes up to {@link MAX_BODY_BYTES}. @throws GatewayError `ERR_GATEWAY_TOO_LARGE` */
export async function readBytes(c: Context): Promise<Uint8Array> {
  const announced = Number(c.req.header('content-length') ?? '0')
  if (announced > MAX_BODY_BYTES) throw tooLarge()
  const stream = c.req.raw.body
  if (stream === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

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

function tooLarge(): GatewayError {
  return new GatewayError('ERR_GATEWAY_TOO_LARGE', `bodies may have ${MAX_BODY_BYTES / 1024 / 1024} MiB; split the bundle`)
}
