import { describe } from './log.ts'

const EXIT_CODE = 70

/**
 * Ends the process on an error that nobody caught, a promise's too: what its parts think is true is no longer known, and
 * what is durable is sound at any instruction. Says the error's class and code, as the log does, not its words.
 */
export function endOnSurprise(): void {
  process.on('uncaughtException', (error, origin) => {
    process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level: 'error', event: 'surprise', origin, error: describe(error) })}\n`)
    process.exit(EXIT_CODE)
  })
}
