import { setImmediate } from 'node:timers/promises'
import type { Context } from 'hono'
import { stream } from 'hono/streaming'
import type { FhirResponse } from '../fhir/request.ts'

/** Writes a FHIR response. `base` is the organisation's FHIR base, without a trailing slash. */
export function respond(c: Context, base: string, response: FhirResponse): Response {
  const headers: Record<string, string> = {}
  if (response.etag !== undefined) headers['etag'] = response.etag
  if (response.lastModified !== undefined) headers['last-modified'] = new Date(response.lastModified).toUTCString()
  if (response.location !== undefined) headers['location'] = `${base}/${response.location}`
  if (response.receipt !== undefined) headers['chiron-receipt'] = response.receipt
  const text = response.text ?? (response.resource === undefined ? undefined : JSON.stringify(response.resource))
  if (text === undefined) return c.body(null, response.status as 204, headers)
  headers['content-type'] = 'application/fhir+json; charset=utf-8'
  return c.body(text, response.status as 200, headers)
}

/** Characters of JSON that are made in one turn of the event loop. */
const PIECE = 64 * 1024

/**
 * Writes a list in JSON while it is made: however long it is, it takes the memory of a piece, and others are answered in
 * between. Who goes away ends it.
 */
export function respondWithRows(c: Context, rows: Iterable<unknown>): Response {
  c.header('content-type', 'application/json')
  // What goes wrong on the way cuts the list, which then is no JSON; the library would print it.
  const cut = async (): Promise<void> => undefined
  const write = async (out: StreamingApi): Promise<void> => {
    let text = '['
    let isFirst = true
    for (const row of rows) {
      text += `${isFirst ? '' : ','}${JSON.stringify(row)}`
      isFirst = false
      if (text.length < PIECE) continue
      await out.write(text)
      text = ''
      await setImmediate()
      if (out.aborted) return
    }
    await out.write(`${text}]`)
  }
  return stream(c, write, cut)
}

type StreamingApi = Parameters<Parameters<typeof stream>[1]>[0]
