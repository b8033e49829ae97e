import { Argument, Option, type Command } from 'commander'
import type { AccessRow } from '../../control/api.ts'
import type { CommandContext } from '../context.ts'
import { printResult } from '../io.ts'
import { describeCommand, durationOption, jsonOption, organisationOption, parseObjectId, parsePurpose, parseUser, patientOption, userOption } from '../options.ts'
import { formatNames, formatTable, formatTime } from '../table.ts'

interface Options {
  readonly patient: string
  readonly json?: boolean
}

const HALF_DAY_MS = 12 * 3_600_000

interface EndorseOptions extends Options {
  readonly org: string
  readonly user: string
  readonly reader: string
  readonly purpose: string
  readonly for: number
}

/** `chiron access [list] | close | endorse`: accesses that are open now. */
export function addAccess(program: Command, context: CommandContext): void {
  const access = describeCommand(program.command('access'), "list and end accesses to a patient's records that are open now", [
    'access --patient ID',
    'access close --patient ID ACCESS',
    'access endorse --org lakeside --user nurse --reader physician --patient ID',
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
  describeCommand(access.command('endorse'), "stand by a colleague's access, where a patient's rule asks for a second person; prints until when", [
    'access endorse --org lakeside --user nurse --reader physician --patient ID --for PT4H',
  ])
    .addOption(organisationOption().makeOptionMandatory())
    .addOption(userOption().makeOptionMandatory())
    .addOption(new Option('--reader <name>', 'colleague who reads').argParser(parseUser).makeOptionMandatory())
    .addOption(patientOption())
    .addOption(new Option('--purpose <code>', 'purpose of use of that reading').argParser(parsePurpose).default('TREAT'))
    .addOption(durationOption().default(HALF_DAY_MS, 'PT12H'))
    .addOption(jsonOption())
    .action((options: EndorseOptions) => endorse(context, options))
}

async function list({ io, client }: CommandContext, options: Options): Promise<void> {
  const { accesses } = await client.call('accesses', { patient: options.patient })
  printResult(io, options, accesses, () => formatAccesses(accesses))
}

async function close({ io, client }: CommandContext, access: string, options: Options): Promise<void> {
  const result = await client.call('closeAccess', { patient: options.patient, access })
  printResult(io, options, result, () => result.access)
}

async function endorse({ io, client }: CommandContext, options: EndorseOptions): Promise<void> {
  const { org, user, reader, patient, purpose } = options
  const result = await client.call('endorse', { organisation: org, user, reader, patient, purpose, forMs: options.for })
  printResult(io, options, result, () => formatTime(result.untilMs))
}

function formatAccesses(accesses: readonly AccessRow[]): string {
  return formatTable(
    ['ACCESS', 'WHO', 'ORGANISATION', 'PURPOSE', 'ACTION', 'CATEGORIES', 'OPENED', 'UNTIL'],
    accesses.map((row) => [row.access, row.who, row.organisation, row.purpose, row.action, formatNames(row.categories), formatTime(row.openedMs), formatTime(row.untilMs)]),
  )
}
