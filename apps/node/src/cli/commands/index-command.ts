import type { Command } from 'commander'
import type { IndexRow } from '../../control/api.ts'
import type { CommandContext } from '../context.ts'
import { printResult } from '../io.ts'
import { describeCommand, jsonOption, organisationOption } from '../options.ts'
import { createProgress } from '../progress.ts'
import { formatTable } from '../table.ts'

interface Options {
  readonly org?: string
  readonly json?: boolean
}

/** `chiron index [status] | rebuild`: the encrypted search index of each organisation. */
export function addIndex(program: Command, context: CommandContext): void {
  const index = describeCommand(program.command('index'), 'the encrypted search indexes of this node', ['index', 'index rebuild', 'index rebuild --org riverside'])
  describeCommand(index.command('status', { isDefault: true }), 'how far each index has come (what `index` does without a further word)', ['index --json'])
    .addOption(jsonOption())
    .action((options: Options) => status(context, options))
  describeCommand(index.command('rebuild'), 'make the index again from the ledger and the stored records', ['index rebuild', 'index rebuild --org riverside'])
    .addOption(organisationOption())
    .addOption(jsonOption())
    .action((options: Options) => rebuild(context, options))
}

async function status({ io, client }: CommandContext, options: Options): Promise<void> {
  const { indexes } = await client.call('indexes', {})
  printResult(io, options, indexes, () => formatIndexes(indexes))
}

async function rebuild({ io, client }: CommandContext, options: Options): Promise<void> {
  const progress = createProgress(io)
  const { indexes } = await client
    .rebuildIndex(options.org, (event) => {
      if (event.type === 'progress') progress.update(`index of ${event.organisation}`, event.done, event.total)
    })
    .finally(() => progress.end())
  printResult(io, options, indexes, () => formatIndexes(indexes))
}

function formatIndexes(indexes: readonly IndexRow[]): string {
  return formatTable(['ORGANISATION', 'ROWS', 'HEIGHT', 'STATE'], indexes.map((row) => [row.organisation, String(row.rows), String(row.height), row.state]))
}
