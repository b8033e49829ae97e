import { formatDuration as formatIso, parseDuration as parseIso, SdkError } from '@chiron/sdk'
import { CliError } from './errors.ts'

const LONGEST_MS = 100 * 366 * 24 * 3_600_000

/**
 * Milliseconds of an ISO 8601 duration of weeks, days, hours, minutes and seconds, such as `P1D`, `PT12H` or `P2W`.
 * @throws CliError `ERR_CLI_USAGE` for anything else, for no time at all and for more than a century
 */
export function parseDuration(text: string): number {
  const ms = parse(text)
  if (ms > LONGEST_MS) throw new CliError('ERR_CLI_USAGE', `'${text}' is longer than a century`)
  return ms
}

/** As {@link parseDuration} reads it; less than a second is shown as one. */
export function formatDuration(ms: number): string {
  return formatIso(Math.max(1000, ms))
}

function parse(text: string): number {
  try {
    return parseIso(text)
  } catch (cause) {
    if (!(cause instanceof SdkError)) throw cause
    const calendar = /^P\d+[YM]/.test(text) ? '; years and months differ in length, so say it in days (P30D)' : ''
    throw new CliError('ERR_CLI_USAGE', `'${text}' is not a duration such as P1D, PT12H or P2W${calendar}`, { cause })
  }
}
