import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { printResult } from '../io.ts'
import { describeCommand, jsonOption } from '../options.ts'
import { formatFields, formatTime } from '../table.ts'

/** `chiron status`: what the running node is and how far its ledger has come. */
export function addStatus(program: Command, context: CommandContext): void {
  describeCommand(program.command('status'), 'what the running node is and how far its ledger has come', ['status', 'status --json'])
    .addOption(jsonOption())
    .action((options: { json?: boolean }) => status(context, options))
}

async function status({ io, client }: CommandContext, options: { readonly json?: boolean }): Promise<void> {
  const result = await client.call('status', {})
  printResult(io, options, result, () =>
    formatFields({
      node: `${result.version}${result.sample ? ' (sample network: not for production)' : ''}`,
      address: result.url,
      data: result.dataDirectory,
      chain: result.chainId,
      height: result.height,
      'block time': formatTime(result.timeMs),
      'state root': result.stateRoot,
      transactions: result.transactions,
      'view is fresh': result.fresh ? 'yes' : 'no',
      keyholders: `${result.keyholders.threshold} of ${result.keyholders.count}`,
      ...Object.fromEntries(result.organisations.map(({ name, base }) => [name, base])),
    }),
  )
}
