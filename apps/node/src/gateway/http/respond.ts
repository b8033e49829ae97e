import type { Context } from 'hono'
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
