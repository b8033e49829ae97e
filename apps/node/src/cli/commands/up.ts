import { InvalidArgumentError, type Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { printResult, say } from '../io.ts'
import { describeCommand, jsonOption } from '../options.ts'
import { createProgress } from '../progress.ts'

interface Options {
  readonly port?: number
  readonly json?: boolean
}

/** `chiron up`: runs a node in this process until it is told to stop. */
export function addUp(program: Command, context: CommandContext): void {
  describeCommand(program.command('up'), 'start a node and run it until Ctrl-C', ['up', 'up --port 9000', 'up --json    (prints {url, firstStart} when it is ready)'])
    .option('--port <number>', 'port of the FHIR server (default: $PORT or 8080)', parsePort)
    .addOption(jsonOption())
    .action((options: Options) => up(context, options))
}

async function up({ io, environment, startNode, untilStopped }: CommandContext, options: Options): Promise<void> {
  const stopped = untilStopped()
  const progress = createProgress(io)
  const node = await startNode({
    dataDirectory: environment.dataDirectory,
    ...(options.port === undefined ? {} : { port: options.port }),
    onProgress: ({ step, done, total }) => progress.update(step, done, total),
  }).finally(() => progress.end())
  const { url, firstStart, tour } = node
  printResult(io, options, { url, firstStart }, () => (tour === '' ? `Chiron is running at ${url}` : tour))
  await stopped
  say(io, 'stopping')
  await node.close()
}

function parsePort(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('Expected a port from 0 to 65535.')
  return port
}
