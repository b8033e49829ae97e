import type { LogLevel } from './config/config.ts'
import type { EngineError } from './engine/errors.ts'
import type { RequestLine } from './gateway/http/app.ts'
import type { StorageError } from './storage/errors.ts'

/** The node's log: JSON lines on stderr. Names and codes of errors, never their words about data, never addresses with ids. */
export interface Log {
  request(line: RequestLine): void
  failure(part: string, error: unknown): void
  /** What an operator should change: words of this program only. */
  warning(message: string): void
  /** Says why the ledger or a store stopped, and ends the process: going on would acknowledge what is not durable. */
  halt(error: EngineError | StorageError): void
}

const RANK: Readonly<Record<LogLevel, number>> = { silent: 0, error: 1, warn: 2, info: 3, debug: 4 }
const HALT_EXIT_CODE = 70

export function createLog(level: LogLevel, now: () => number = () => Date.now()): Log {
  const write = (at: LogLevel, fields: object): void => {
    if (RANK[at] > RANK[level]) return
    process.stderr.write(`${JSON.stringify({ time: new Date(now()).toISOString(), level: at, ...fields })}\n`)
  }
  return {
    request: (line) => write(levelOf(line), { event: 'request', ...line }),
    failure: (part, error) => write('error', { event: 'failure', part, error: describe(error) }),
    warning: (message) => write('warn', { event: 'warning', message }),
    halt: (error) => {
      write('error', { event: 'halt', error: describe(error), message: error.message })
      process.stderr.write(`chiron: ${error.message}\n`)
      process.exit(HALT_EXIT_CODE)
    },
  }
}

/** Refusals are for an operator to see, and who signed in or took an identity over; what went well else is not. */
function levelOf({ status, error, route }: RequestLine): LogLevel {
  if (status >= 500) return 'error'
  if (error !== undefined) return 'warn'
  return route === 'chiron/session' || route === 'chiron/claim' ? 'info' : 'debug'
}

/** Class, stable code and causes of an error, and where an unexpected one was thrown: no message, which may hold data. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const space = 'codespace' in error && typeof error.codespace === 'string' ? `${error.codespace}/` : ''
  const code = 'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? ` ${space}${error.code}` : ''
  const at = code === '' ? ` ${/\n\s+at (.+)/.exec(error.stack ?? '')?.[1] ?? ''}` : ''
  const cause = error.cause === undefined ? '' : ` <- ${describe(error.cause)}`
  return `${error.name}${code}${at}${cause}`
}
