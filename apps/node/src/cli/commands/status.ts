import type { Command } from 'commander'
import type { ResponseOf } from '../../control/api.ts'
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
      log: formatLog(result.log),
      ...Object.fromEntries(result.log.witnesses.map(({ name, state, size, reason }) => [`witness ${name}`, `${state}, at ${size}${reason === null ? '' : ` (${reason})`}`])),
      ...(result.log.alarm === null ? {} : { ALARM: result.log.alarm }),
      ...Object.fromEntries(result.organisations.map(({ name, base }) => [name, base])),
      ...Object.fromEntries(result.organisations.flatMap(({ name, unlisted }) => (unlisted.refusals + unlisted.displays === 0 ? [] : [[`ALARM of ${name}`, formatUnlisted(unlisted)]]))),
    }),
  )
}

function formatUnlisted({ refusals, displays }: ResponseOf<'status'>['organisations'][number]['unlisted']): string {
  return `the ledger refused ${refusals} refusals and ${displays} displays that patients' lists should have: the log says why`
}

function formatLog({ size, published, quorum, witnesses }: ResponseOf<'status'>['log']): string {
  const newest = `${size} leaves, checkpoint of ${published}`
  return witnesses.length === 0 ? `${newest}, no witness: nobody else would notice a second history` : `${newest}, cosigned by ${quorum} of ${witnesses.length} at least`
}
