import { Argument, type Command } from 'commander'
import type { AccessRow } from '../../control/api.ts'
import type { CommandContext } from '../context.ts'
import { printResult } from '../io.ts'
import { describeCommand, jsonOption, parseObjectId, patientOption } from '../options.ts'
import { formatNames, formatTable, formatTime } from '../table.ts'

interface Options {
  readonly patient: string
  readonly json?: boolean
}

/** `chiron access [list] | close`: accesses that are open now. */
export function addAccess(program: Command, context: CommandContext): void {
  const access = describeCommand(program.command('access'), "list and end accesses to a patient's records that are open now", [
    'access --patient ID',
    'access close --patient ID ACCESS',
  ])
  describeCommand(access.command('list', { isDefault: true }), 'accesses that are open now (what `access` does without a further word)', ['access --patient ID --json'])
    .addOption(patientOption())
    .addOption(jsonOption())
    .action((options: Options) => list(context, options))
  describeCommand(access.command('close'), 'end an access at once; the rule it rests on stays', ['access close --patient ID ACCESS'])
    .addArgument(new Argument('<access>', 'id of the access').argParser(parseObjectId))
    .addOption(patientOption())
    .addOption(jsonOption())
    .action((id: string, options: Options) => close(context, id, options))
}

async function list({ io, client }: CommandContext, options: Options): Promise<void> {
  const { accesses } = await client.call('accesses', { patient: options.patient })
  printResult(io, options, accesses, () => formatAccesses(accesses))
}

async function close({ io, client }: CommandContext, access: string, options: Options): Promise<void> {
  const result = await client.call('closeAccess', { patient: options.patient, access })
  printResult(io, options, result, () => result.access)
}

function formatAccesses(accesses: readonly AccessRow[]): string {
  return formatTable(
    ['ACCESS', 'WHO', 'ORGANISATION', 'PURPOSE', 'ACTION', 'CATEGORIES', 'OPENED', 'UNTIL'],
    accesses.map((row) => [row.access, row.who, row.organisation, row.purpose, row.action, formatNames(row.categories), formatTime(row.openedMs), formatTime(row.untilMs)]),
  )
}
