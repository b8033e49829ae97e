import { Argument, Option, type Command } from 'commander'
import type { GranteeNames, RequestOf, RuleRow } from '../../control/api.ts'
import type { CommandContext } from '../context.ts'
import { CliError } from '../errors.ts'
import { printResult } from '../io.ts'
import {
  actionsOption, categoriesOption, countriesOption, describeCommand, durationOption, jsonOption, labelsOption, obligationsOption, parseDay, parseGrantee, parseHash,
  parseObjectId, patientOption, purposesOption, recordsOption,
} from '../options.ts'
import { formatNames, formatTable, formatTime } from '../table.ts'

interface GrantOptions {
  readonly patient: string
  readonly to: GranteeNames
  readonly deny?: boolean
  readonly overrides?: string
  readonly purpose: string[]
  readonly category: RequestOf<'grant'>['categories']
  readonly label: RequestOf<'grant'>['labels']
  readonly record: string[]
  readonly action: RequestOf<'grant'>['actions']
  readonly for?: number
  readonly end: boolean
  readonly dataFrom?: string
  readonly dataUntil?: string
  readonly country: string[]
  readonly notCountry: string[]
  readonly secondPerson?: boolean
  readonly acceptedTerms?: string
  readonly obligation: string[]
  readonly absolute?: boolean
  readonly json?: boolean
}

interface PatientOptions {
  readonly patient: string
  readonly json?: boolean
}

/** `chiron consent grant | revoke | list`: the patient's rules. */
export function addConsent(program: Command, context: CommandContext): void {
  const consent = describeCommand(program.command('consent'), "make, end and list a patient's rules", [
    'consent grant --patient ID --to lakeside --category laboratory --for P1D',
    'consent revoke --patient ID RULE',
    'consent list --patient ID',
  ])
  describeCommand(consent.command('grant'), 'let somebody read (or, with --deny, keep somebody out); prints the id of the rule', [
    'consent grant --patient ID --to lakeside --category laboratory --purpose TREAT --for P1D',
    'consent grant --patient ID --to lakeside/physician --category medications --category allergies --for PT12H',
    'consent grant --patient ID --to role:nurse@lakeside --deny --no-end',
    'consent grant --patient ID --to anyone-treating --data-from 2024-01-01 --second-person --obligation NORDSCLCD --for P30D',
    'consent grant --patient ID --to anyone --label mental-health --deny --absolute --no-end',
  ])
    .addOption(patientOption())
    .addOption(new Option('--to <grantee>', 'member, member/user, role:NAME, role:NAME@member, anyone-treating or anyone').argParser(parseGrantee).makeOptionMandatory())
    .addOption(categoriesOption())
    .addOption(purposesOption())
    .addOption(labelsOption())
    .addOption(recordsOption())
    .addOption(actionsOption())
    .addOption(durationOption())
    .option('--no-end', 'the rule has no end (instead of --for)')
    .option('--deny', 'a denial instead of a permit')
    .addOption(new Option('--data-from <day>', 'only what was measured, said or done from this day on').argParser(parseDay))
    .addOption(new Option('--data-until <day>', 'only what was measured, said or done before this day').argParser(parseDay))
    .addOption(countriesOption('--country', 'only through organisations under the law of these countries'))
    .addOption(countriesOption('--not-country', 'only through organisations under no law of these countries'))
    .option('--second-person', 'a permit that holds while a second professional stands by')
    .addOption(new Option('--accepted-terms <sha256>', 'a permit that holds for organisations which accepted these terms of use').argParser(parseHash))
    .addOption(obligationsOption())
    .option('--absolute', 'a denial that also stands in an emergency')
    .addOption(new Option('--overrides <rule>', 'denial that this narrower permit overrides').argParser(parseObjectId))
    .addOption(jsonOption())
    .action((options: GrantOptions) => grant(context, options))

  describeCommand(consent.command('revoke'), 'end a rule; effective with the next block', ['consent revoke --patient ID RULE'])
    .addArgument(new Argument('<rule>', 'id of the rule').argParser(parseObjectId))
    .addOption(patientOption())
    .addOption(jsonOption())
    .action((rule: string, options: PatientOptions) => revoke(context, rule, options))

  describeCommand(consent.command('list'), "the patient's rules, newest first", ['consent list --patient ID', 'consent list --patient ID --json'])
    .addOption(patientOption())
    .addOption(jsonOption())
    .action((options: PatientOptions) => list(context, options))
}

async function grant({ io, client }: CommandContext, options: GrantOptions): Promise<void> {
  if (options.end === (options.for === undefined)) throw new CliError('ERR_CLI_USAGE', 'say for how long: either --for P1D (or another duration) or --no-end')
  const result = await client.call('grant', {
    patient: options.patient,
    effect: options.deny === true ? 'deny' : 'permit',
    to: options.to,
    purposes: options.purpose,
    categories: options.category,
    labels: options.label,
    records: options.record,
    actions: options.action.length === 0 ? ['read'] : options.action,
    forMs: options.for ?? null,
    overrides: options.overrides ?? null,
    ...limitsOf(options),
  })
  printResult(io, options, result, () => result.rule)
}

/** What limits the rule further. @throws CliError `ERR_CLI_USAGE` for what a denial, or a permit, does not have */
function limitsOf(options: GrantOptions): Partial<RequestOf<'grant'>> {
  const { dataFrom, dataUntil, country, notCountry, secondPerson, acceptedTerms, obligation, absolute, deny } = options
  if (deny === true && (secondPerson === true || acceptedTerms !== undefined || obligation.length > 0)) {
    throw new CliError('ERR_CLI_USAGE', '--second-person, --accepted-terms and --obligation are for permits; a denial is limited by country alone')
  }
  if (absolute === true && deny !== true) throw new CliError('ERR_CLI_USAGE', '--absolute is for denials: say --deny, too')
  if (country.length > 0 && notCountry.length > 0) throw new CliError('ERR_CLI_USAGE', 'say either --country or --not-country')
  if (dataFrom !== undefined && dataUntil !== undefined && dataFrom >= dataUntil) throw new CliError('ERR_CLI_USAGE', '--data-from must lie before --data-until')
  return {
    ...(dataFrom === undefined && dataUntil === undefined ? {} : { data: { ...(dataFrom === undefined ? {} : { from: dataFrom }), ...(dataUntil === undefined ? {} : { until: dataUntil }) } }),
    ...(country.length === 0 && notCountry.length === 0 ? {} : { countries: { within: country.length > 0, of: [...country, ...notCountry] } }),
    ...(secondPerson === true ? { secondPerson } : {}),
    ...(acceptedTerms === undefined ? {} : { acceptedTerms }),
    ...(obligation.length === 0 ? {} : { obligations: obligation }),
    ...(absolute === true ? { absolute } : {}),
  }
}

async function revoke({ io, client }: CommandContext, rule: string, options: PatientOptions): Promise<void> {
  const result = await client.call('revoke', { patient: options.patient, rule })
  printResult(io, options, result, () => result.rule)
}

async function list({ io, client }: CommandContext, options: PatientOptions): Promise<void> {
  const { rules } = await client.call('rules', { patient: options.patient })
  printResult(io, options, rules, () => formatRules(rules))
}

function formatRules(rules: readonly RuleRow[]): string {
  return formatTable(
    ['RULE', 'EFFECT', 'TO', 'CATEGORIES', 'LABELS', 'PURPOSES', 'UNTIL', 'STATUS', 'LIMITS'],
    rules.map((rule) => [rule.rule, rule.effect, rule.to, formatNames(rule.categories), formatNames(rule.labels, 'none'), formatNames(rule.purposes, 'any'), formatTime(rule.untilMs), rule.status, rule.limits.join('; ')]),
  )
}
