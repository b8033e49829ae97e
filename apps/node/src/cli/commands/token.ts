import { Option, type Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { CliError } from '../errors.ts'
import { printResult } from '../io.ts'
import { describeCommand, jsonOption, organisationOption, parsePatientId, parsePurpose, userOption } from '../options.ts'

interface Options {
  readonly org?: string
  readonly user?: string
  readonly patient?: string
  readonly purpose: string
  readonly json?: boolean
}

/** `chiron token`: a bearer token of a sample network. */
export function addToken(program: Command, context: CommandContext): void {
  describeCommand(program.command('token'), 'print a bearer token for a user or a patient (sample networks only)', [
    'token --org lakeside --user physician',
    'token --org lakeside --user nurse --purpose HOPERAT',
    'token --patient ID',
  ])
    .addOption(organisationOption())
    .addOption(userOption())
    .addOption(new Option('--patient <id>', 'FHIR id of the patient who reads').argParser(parsePatientId))
    .addOption(new Option('--purpose <code>', 'purpose of use').argParser(parsePurpose).default('TREAT'))
    .addOption(jsonOption())
    .action((options: Options) => token(context, options))
}

async function token({ io, client }: CommandContext, options: Options): Promise<void> {
  const result = await client.call('token', subject(options))
  printResult(io, options, result, () => result.token)
}

function subject({ org, user, patient, purpose }: Options) {
  if (patient !== undefined && org === undefined && user === undefined) return { for: 'patient', patient, purpose } as const
  if (patient === undefined && org !== undefined && user !== undefined) return { for: 'user', organisation: org, user, purpose } as const
  throw new CliError('ERR_CLI_USAGE', 'say whose token: either --org and --user, or --patient')
}
