import { isObject, listOf, objectsOf, textOf } from '../json.ts'

/** Inclusive interval of UTC milliseconds. */
export interface DateRange {
  readonly lowMs: number
  readonly highMs: number
}

/** Bounds of an open period: the limits of an ECMAScript time value. */
export const MIN_MS = -8_640_000_000_000_000
export const MAX_MS = 8_640_000_000_000_000

const PATTERN = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/

/**
 * The interval a FHIR date, dateTime or instant stands for, by its precision. Without a zone it is read as UTC.
 *
 * @returns undefined if the text is not a date that exists
 */
export function parseDateRange(text: string): DateRange | undefined {
  const match = PATTERN.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction, zone] = match
  const y = Number(year)
  if (y === 0) return undefined
  if (month === undefined) return { lowMs: utc(y, 0, 1), highMs: utc(y + 1, 0, 1) - 1 }
  const m = Number(month) - 1
  if (m < 0 || m > 11) return undefined
  if (day === undefined) return { lowMs: utc(y, m, 1), highMs: utc(y, m + 1, 1) - 1 }
  const d = Number(day)
  const start = utc(y, m, d)
  if (d < 1 || new Date(start).getUTCMonth() !== m) return undefined
  if (hour === undefined) return { lowMs: start, highMs: start + 86_400_000 - 1 }
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second ?? 0) > 60) return undefined
  const offset = zoneOffset(zone)
  const whole = start + Number(hour) * 3_600_000 + Number(minute) * 60_000 - offset
  if (second === undefined) return { lowMs: whole, highMs: whole + 59_999 }
  const atSecond = whole + Number(second) * 1000
  if (fraction === undefined) return { lowMs: atSecond, highMs: atSecond + 999 }
  const digits = fraction.slice(0, 3)
  const step = 10 ** (3 - digits.length)
  const atFraction = atSecond + Number(digits) * step
  return { lowMs: atFraction, highMs: atFraction + step - 1 }
}

function utc(year: number, month: number, day: number): number {
  if (year >= 100) return Date.UTC(year, month, day)
  const date = new Date(0)
  return date.setUTCFullYear(year, month, day)
}

function zoneOffset(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000
}

/** The interval of a Period; a missing end is open. */
export function periodRange(period: unknown): DateRange | undefined {
  if (!isObject(period)) return undefined
  const start = textOf(period['start'])
  const end = textOf(period['end'])
  if (start === undefined && end === undefined) return undefined
  const low = start === undefined ? MIN_MS : parseDateRange(start)?.lowMs
  const high = end === undefined ? MAX_MS : parseDateRange(end)?.highMs
  return low === undefined || high === undefined ? undefined : { lowMs: low, highMs: high }
}

/** From the earliest to the latest moment a Timing names: its events and its bounds. */
export function timingRange(timing: unknown): DateRange | undefined {
  if (!isObject(timing)) return undefined
  const ranges: DateRange[] = []
  for (const event of listOf(timing['event'])) {
    const range = typeof event === 'string' ? parseDateRange(event) : undefined
    if (range) ranges.push(range)
  }
  for (const repeat of objectsOf(timing['repeat'])) {
    const range = periodRange(repeat['boundsPeriod'])
    if (range) ranges.push(range)
  }
  if (ranges.length === 0) return undefined
  return { lowMs: Math.min(...ranges.map((range) => range.lowMs)), highMs: Math.max(...ranges.map((range) => range.highMs)) }
}
