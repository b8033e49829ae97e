/** Why a primitive is refused. */
export type PrimitiveFault = 'json-type' | 'format' | 'range' | 'too-long'

/** FHIR strings hold at most 1 MiB (R4 datatypes, string). */
const MAX_STRING = 1024 * 1024
const YEAR = '(?!0000)\\d{4}'
const DATE = `${YEAR}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\\d|3[01]))?)?`
const DAY = `${YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])`
const TIME = '(?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60)(?:\\.\\d{1,9})?'
const ZONE = '(?:Z|[+-](?:(?:0\\d|1[0-3]):[0-5]\\d|14:00))'
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/

const FORMATS: Readonly<Record<string, RegExp>> = {
  code: /^\S+(?: \S+)*$/,
  id: /^[A-Za-z0-9\-.]{1,64}$/,
  date: new RegExp(`^${DATE}$`),
  dateTime: new RegExp(`^(?:${DATE}|${DAY}T${TIME}${ZONE})$`),
  instant: new RegExp(`^${DAY}T${TIME}${ZONE}$`),
  time: new RegExp(`^${TIME}$`),
  uri: /^\S*$/,
  url: /^\S*$/,
  canonical: /^\S*$/,
  oid: /^urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+$/,
  uuid: /^urn:uuid:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/,
}

const INTEGER_RANGES: Readonly<Record<string, readonly [number, number]>> = {
  integer: [-2147483648, 2147483647],
  unsignedInt: [0, 2147483647],
  positiveInt: [1, 2147483647],
}

/**
 * Checks the JSON form of a primitive value (R4 datatypes; json.html). Dates must exist in the calendar.
 *
 * @returns undefined if it is well-formed
 */
export function primitiveFault(type: string, value: unknown, maxBase64Length: number): PrimitiveFault | undefined {
  if (type === 'boolean') return typeof value === 'boolean' ? undefined : 'json-type'
  if (type === 'decimal') return typeof value === 'number' && Number.isFinite(value) ? undefined : 'json-type'
  const range = INTEGER_RANGES[type]
  if (range) {
    if (typeof value !== 'number') return 'json-type'
    if (!Number.isInteger(value)) return 'format'
    return value < range[0] || value > range[1] ? 'range' : undefined
  }
  if (typeof value !== 'string') return 'json-type'
  if (type === 'base64Binary') {
    if (value.length > maxBase64Length) return 'too-long'
    return isBase64(value) ? undefined : 'format'
  }
  if (value.length > MAX_STRING) return 'too-long'
  if (value.length === 0 || value.trim() === '' || CONTROL.test(value)) return 'format'
  const format = FORMATS[type]
  if (format && !format.test(value)) return 'format'
  if ((type === 'date' || type === 'dateTime' || type === 'instant') && !dayExists(value)) return 'range'
  return undefined
}

function isBase64(text: string): boolean {
  const compact = /\s/.test(text) ? text.replaceAll(/\s+/g, '') : text
  if (compact.length === 0 || compact.length % 4 !== 0) return false
  return /^[A-Za-z0-9+/]*={0,2}$/.test(compact)
}

function dayExists(text: string): boolean {
  const day = Number(text.slice(8, 10))
  if (day <= 28) return true
  const year = Number(text.slice(0, 4))
  const month = Number(text.slice(5, 7))
  if (month === 2) return day === 29 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day <= 30 || ![4, 6, 9, 11].includes(month)
}
