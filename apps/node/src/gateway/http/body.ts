import type { Context } from 'hono'
import { GatewayError } from '../errors.ts'

/** Largest request body that a gateway reads, in bytes. */
export const MAX_BODY_BYTES = 20 * 1024 * 1024

const JSON_TYPES = new Set(['application/fhir+json', 'application/json', 'application/json+fhir', 'text/json'])

/**
 * Reads a JSON body up to {@link MAX_BODY_BYTES}.
 * @throws GatewayError `ERR_GATEWAY_MEDIA_TYPE`, `ERR_GATEWAY_TOO_LARGE`, `ERR_GATEWAY_INVALID`
 */
export async function readJson(c: Context, accepted: ReadonlySet<string> = JSON_TYPES): Promise<unknown> {
  const mediaType = (c.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (!accepted.has(mediaType)) {
    throw new GatewayError('ERR_GATEWAY_MEDIA_TYPE', `send the body as ${[...accepted][0]}`)
  }
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })
  const bytes = await readBytes(c)
  try {
    return JSON.parse(text.decode(bytes)) as unknown
  } catch (cause) {
    throw new GatewayError('ERR_GATEWAY_INVALID', 'the body is not JSON in UTF-8', { cause })
  }
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

function tooLarge(): GatewayError {
  return new GatewayError('ERR_GATEWAY_TOO_LARGE', `bodies may have ${MAX_BODY_BYTES / 1024 / 1024} MiB; split the bundle`)
}
