import * as v from 'valibot'
import { CATEGORIES, LABELS, schema } from '@chiron/protocol'

/** Number of 16 bytes (a rule, request or access) in hexadecimal. */
export const objectIdText = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/))
/** Id of a transaction: 32 bytes in hexadecimal. */
export const txIdText = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
/** SHA-256 in hexadecimal. */
export const hashText = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
/** A day of the calendar, `YYYY-MM-DD`. */
export const isoDay = v.pipe(v.string(), v.regex(/^\d{4}-\d{2}-\d{2}$/), v.check((text) => isDay(text)))
/** FHIR Patient id. */
export const patientId = v.pipe(v.string(), v.regex(/^[A-Za-z0-9.-]{1,64}$/))
export const category = v.picklist(CATEGORIES)
export const label = v.picklist(LABELS)
/** Name of a user within its organisation, such as `physician`. */
export const userName = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,30}$/))
/** `Type/id` of a FHIR resource. */
export const recordReference = v.pipe(v.string(), v.regex(/^[A-Z][A-Za-z]{1,63}\/[A-Za-z0-9.-]{1,64}$/))
/** Length of time in milliseconds, more than none. */
export const forMs = v.pipe(schema.uint, v.minValue(1))

export const strings = v.array(v.string())

function isDay(text: string): boolean {
  const time = Date.parse(text)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}

/** A question with a single answer. */
export interface Operation<Request extends v.GenericSchema, Response extends v.GenericSchema> {
  readonly method: 'GET' | 'POST'
  /** `:name` stands for the field of that name of the request, which then is not repeated in query or body. */
  readonly path: string
  readonly request: Request
  readonly response: Response
}

export function operation<Q extends v.GenericSchema, R extends v.GenericSchema>(method: 'GET' | 'POST', path: string, request: Q, response: R): Operation<Q, R> {
  return { method, path, request, response }
}
