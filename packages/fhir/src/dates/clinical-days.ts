import type { JsonObject } from '../json.ts'
import { isObject, listOf, objectsOf, textOf } from '../json.ts'
import { parseDateRange } from '../search/dates.ts'
import { DATED_ELEMENTS } from './elements.ts'

/**
 * First and last day (`YYYY-MM-DD`) that data is about, both included; `until` null: it goes on, no end is known.
 */
export interface ClinicalDays {
  readonly from: string
  readonly until: string | null
}

/** A value that is there but tells no day, such as an age or a text. */
const UNCLEAR = 'unclear'
type Told = ClinicalDays | typeof UNCLEAR

const CHOICES = ['DateTime', 'Instant', 'Date', 'Period', 'Timing', 'Age', 'Range', 'String'] as const

/**
 * The days that a resource's data is about, as it says itself and what it contains: days as they are written, in the zone
 * they are written in; a year or month is all its days. Null when it does not say, or not clearly (an age, a text, a
 * period without a start, a date that does not exist): whoever decides by days must then fail closed.
 */
export function clinicalDays(resource: object): ClinicalDays | null {
  const source = resource as JsonObject
  const own = ownDays(source)
  if (own === null) return null
  const contained = objectsOf(source['contained']).filter((inner) => DATED_ELEMENTS[textOf(inner['resourceType']) ?? ''] !== undefined)
  const found: ClinicalDays[] = [own]
  for (const inner of contained) {
    const days = ownDays(inner)
    if (days !== null) found.push(days)
  }
  return hull(found)
}

function ownDays(source: JsonObject): ClinicalDays | null {
  const elements = DATED_ELEMENTS[textOf(source['resourceType']) ?? '']
  if (elements === undefined) return null
  const { first, also = [], endsBy } = elements
  const chosen = first.find((path) => toldAt(source, path).length > 0)
  if (chosen === undefined) return null
  const told = [chosen, ...also].flatMap((path) => toldAt(source, path))
  const clear = told.filter((days) => days !== UNCLEAR)
  if (clear.length < told.length) return null
  const days = hull(clear)
  const ended = endsBy === undefined || endsBy.some((path) => toldAt(source, path).length > 0)
  return ended ? days : { from: days.from, until: null }
}

/** The smallest interval that holds all of a list that is not empty. */
function hull(all: readonly ClinicalDays[]): ClinicalDays {
  const from = all.map((days) => days.from).sort()[0] as string
  const ends = all.flatMap(({ until }) => until ?? [])
  return { from, until: ends.length < all.length ? null : (ends.sort().at(-1) as string) }
}

function toldAt(source: JsonObject, path: string): Told[] {
  const names = path.split('.')
  const last = names.pop() as string
  let holders: readonly JsonObject[] = [source]
  for (const name of names) holders = holders.flatMap((holder) => objectsOf(holder[name]))
  return holders.flatMap((holder) => valuesOf(holder, last)).flatMap(told)
}

function valuesOf(holder: JsonObject, name: string): readonly unknown[] {
  if (!name.endsWith('[x]')) return listOf(holder[name])
  return CHOICES.flatMap((type) => listOf(holder[`${name.slice(0, -3)}${type}`]))
}

function told(value: unknown): Told[] {
  if (typeof value === 'string') return [writtenDays(value) ?? UNCLEAR]
  if (!isObject(value)) return [UNCLEAR]
  if (value['start'] !== undefined || value['end'] !== undefined) return [periodDays(value)]
  if (value['event'] !== undefined || value['repeat'] !== undefined || value['code'] !== undefined) return timingDays(value)
  return [UNCLEAR]
}

function periodDays(period: JsonObject): Told {
  const start = writtenDays(textOf(period['start']) ?? '')
  if (start === undefined) return UNCLEAR
  if (period['end'] === undefined) return { from: start.from, until: null }
  const end = writtenDays(textOf(period['end']) ?? '')
  return end === undefined || end.until < start.from ? UNCLEAR : { from: start.from, until: end.until }
}

/** A timing that names no days, such as twice daily, tells nothing. */
function timingDays(timing: JsonObject): Told[] {
  const events = listOf(timing['event']).map((event) => (typeof event === 'string' ? writtenDays(event) : undefined) ?? UNCLEAR)
  const bounds = objectsOf(timing['repeat']).flatMap((repeat) => objectsOf(repeat['boundsPeriod'])).map(periodDays)
  return [...events, ...bounds]
}

/** The days of a date, dateTime or instant as it is written. */
function writtenDays(text: string): { from: string; until: string } | undefined {
  if (parseDateRange(text) === undefined) return undefined
  const day = text.slice(0, 10)
  if (day.length === 10) return { from: day, until: day }
  const [year, month] = day.split('-') as [string, string?]
  if (month === undefined) return { from: `${year}-01-01`, until: `${year}-12-31` }
  const last = parseDateRange(text)?.highMs ?? 0
  return { from: `${day}-01`, until: new Date(last).toISOString().slice(0, 10) }
}
