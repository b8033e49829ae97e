import { CommanderError } from 'commander'
import { cliEnvironment } from '../config/cli-environment.ts'
import type { CommandContext } from './context.ts'
import { ControlClient } from './control-client.ts'
import { CliError, ExitCode, exitCodeOf } from './errors.ts'
import { buildProgram } from './program.ts'
import { stopSignal } from './stop-signal.ts'

/** Runs one command line; resolves with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const environment = cliEnvironment()
  return run(args, {
    io: { stdout: process.stdout, stderr: process.stderr },
    environment,
    client: new ControlClient(environment),
    startNode: async (options) => {
      const [{ startNode }, { endOnSurprise }] = await Promise.all([import('../main.ts'), import('../last-resort.ts')])
      endOnSurprise()
      process.umask(0o077)
      return await startNode(options)
    },
    untilStopped: stopSignal,
  })
}

/** As {@link main}, with everything that a command uses given. */
export async function run(args: readonly string[], context: CommandContext): Promise<number> {
  try {
    await buildProgram(context).parseAsync([...args], { from: 'user' })
    return ExitCode.ok
  } catch (error) {
    if (error instanceof CommanderError) return usageCode(error)
    if (!(error instanceof CliError)) throw error
    context.io.stderr.write(`chiron: ${error.message}${error.nodeCode === undefined ? '' : ` (${error.nodeCode})`}\n`)
    return exitCodeOf(error)
  }
}

/** Commander has printed its message by now. Help that was asked for is no error. */
function usageCode(error: CommanderError): number {
  return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage
}
