import { join, resolve } from 'node:path'
import { readEnvironment, type Environment } from './env.ts'

/** Where a command finds the running node and what it trusts. */
export interface CliEnvironment {
  readonly dataDirectory: string
  readonly socketPath: string
  readonly trustPath: string
}

/** From `CHIRON_DATA`, by default `data` below the working directory. */
export function cliEnvironment(env: Environment = readEnvironment()): CliEnvironment {
  const given = env['CHIRON_DATA']
  const dataDirectory = resolve(given ?? 'data')
  return { dataDirectory, socketPath: join(dataDirectory, 'chiron.sock'), trustPath: join(dataDirectory, 'trust.json') }
}
