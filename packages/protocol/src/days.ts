import { hmacSha256, utf8 } from './bytes.ts'
import { ProtocolError } from './errors.ts'

const ISO_DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const
/** Days from 0001-01-01 to 1970-01-01, and to the day after 9999-12-31, in the Gregorian calendar. */
const EPOCH = 719_162
const END = 3_652_059
/** More than any date lies before 1970, so that no shifted day is negative. */
const LEAST_OFFSET = 2 ** 20

/**
 * The shifted day of a date of care (`YYYY-MM-DD`, years 1 to 9999): days since 1970-01-01 plus the patient's offset, an
 * unsigned integer of 32 bits. Differences between a patient's days are true, the days themselves tell nothing to who
 * has not the tag key. SPEC-TAG-3.
 * @throws ProtocolError `ERR_PROTOCOL_ENCODING` for what is no date
 */
export function dayOf(tagKey: Uint8Array, isoDate: string): number {
  const [, year, month, day] = ISO_DATE.exec(isoDate)?.map(Number) ?? []
  if (year === undefined || month === undefined || day === undefined) throw notADate()
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysOfMonth(year, month)) throw notADate()
  return daysBeforeYear(year) + daysBeforeMonth(year, month) + day - 1 - EPOCH + offsetOf(tagKey)
}

/**
 * The date (`YYYY-MM-DD`) of a shifted day: the inverse of {@link dayOf}.
 * @throws ProtocolError `ERR_PROTOCOL_ENCODING` for a day that is no date of this patient
 */
export function dateOf(tagKey: Uint8Array, day: number): string {
  const days = day - offsetOf(tagKey) + EPOCH
  if (!Number.isInteger(days) || days < 0 || days >= END) throw notADate()
  let year = Math.floor((days * 400) / 146_097) + 1
  while (daysBeforeYear(year) > days) year--
  while (daysBeforeYear(year + 1) <= days) year++
  let month = 12
  while (daysBeforeYear(year) + daysBeforeMonth(year, month) > days) month--
  const rest = days - daysBeforeYear(year) - daysBeforeMonth(year, month)
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(rest + 1).padStart(2, '0')}`
}

/** 2^20 plus the first 31 bits of HMAC-SHA-256(tag key, `chiron/day/v1`). */
function offsetOf(tagKey: Uint8Array): number {
  const mac = hmacSha256(tagKey, utf8('chiron/day/v1'))
  return LEAST_OFFSET + (new DataView(mac.buffer, mac.byteOffset).getUint32(0) >>> 1)
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

function daysBeforeYear(year: number): number {
  const whole = year - 1
  return whole * 365 + Math.floor(whole / 4) - Math.floor(whole / 100) + Math.floor(whole / 400)
}

function daysOfMonth(year: number, month: number): number {
  return (MONTH_DAYS[month - 1] ?? 0) + (month === 2 && isLeap(year) ? 1 : 0)
}

function daysBeforeMonth(year: number, month: number): number {
  let days = 0
  for (let m = 1; m < month; m++) days += daysOfMonth(year, m)
  return days
}

function notADate(): ProtocolError {
  return new ProtocolError('ERR_PROTOCOL_ENCODING', 'not a date')
}
