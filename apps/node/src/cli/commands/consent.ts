import { Argument, Option, type Command } from 'commander'
import type { GranteeNames, RequestOf, RuleRow } from '../../control/api.ts'
import type { CommandContext } from '../context.ts'
import { CliError } from '../errors.ts'
import { printResult } from '../io.ts'
import {
  actionsOption, categoriesOption, describeCommand, durationOption, jsonOption, labelsOption, parseGrantee, parseObjectId, patientOption, purposesOption,
  recordsOption,
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
    'consent grant --patient ID --to role:nurse --deny --no-end',
  ])
    .addOption(patientOption())
    .addOption(new Option('--to <grantee>', 'member, member/user, role:NAME or anyone-treating').argParser(parseGrantee).makeOptionMandatory())
    .addOption(categoriesOption())
    .addOption(purposesOption())
    .addOption(labelsOption())
    .addOption(recordsOption())
    .addOption(actionsOption())
    .addOption(durationOption())
    .option('--no-end', 'the rule has no end (instead of --for)')
    .option('--deny', 'a denial instead of a permit')
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
  })
  printResult(io, options, result, () => result.rule)
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
    ['RULE', 'EFFECT', 'TO', 'CATEGORIES', 'PURPOSES', 'UNTIL', 'STATUS'],
    rules.map((rule) => [rule.rule, rule.effect, rule.to, formatNames(rule.categories), formatNames(rule.purposes, 'any'), formatTime(rule.untilMs), rule.status]),
  )
}
