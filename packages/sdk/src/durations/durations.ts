import { SdkError } from '../errors.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Milliseconds of a number of days, hours or minutes. */
export const days = (n: number): number => n * DAY
export const hours = (n: number): number => n * HOUR
export const minutes = (n: number): number => n * MINUTE

const PATTERN = /^P(?:(\d{1,4})W|(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?)$/

/**
 * Milliseconds of an ISO 8601 duration of weeks, days, hours, minutes and seconds, such as `P1D`, `P2W`, `PT12H`.
 * Months and years are refused: they have no fixed length.
 * @throws SdkError `ERR_SDK_DURATION`, also for nothing at all (`P`, `PT`, `P0D`)
 */
export function parseDuration(text: string): number {
  const match = PATTERN.exec(text)
  if (match === null || text.endsWith('T')) throw refusal()
  const [weeks, inDays, inHours, inMinutes, inSeconds] = match.slice(1).map((digits) => Number(digits ?? 0)) as [number, number, number, number, number]
  const ms = weeks * 7 * DAY + inDays * DAY + inHours * HOUR + inMinutes * MINUTE + inSeconds * 1000
  if (ms === 0) throw refusal()
  return ms
}

/** The duration in ISO 8601, in days, hours, minutes and whole seconds: what {@link parseDuration} reads. */
export function formatDuration(ms: number): string {
  if (!Number.isSafeInteger(ms) || ms < 1000) throw refusal()
  const parts = [[Math.floor(ms / HOUR) % 24, 'H'], [Math.floor(ms / MINUTE) % 60, 'M'], [Math.floor(ms / 1000) % 60, 'S']] as const
  const time = parts.map(([n, unit]) => (n === 0 ? '' : `${n}${unit}`)).join('')
  const inDays = Math.floor(ms / DAY)
  return `P${inDays === 0 ? '' : `${inDays}D`}${time === '' ? '' : `T${time}`}`
}

function refusal(): SdkError {
  return new SdkError('ERR_SDK_DURATION', 'give a duration like P1D, P2W or PT12H')
}
