import { Argument, Option, type Command } from 'commander'
import type { RuleRow } from '../../control/api.ts'
import type { CommandContext } from '../context.ts'
import { CliError } from '../errors.ts'
import { printResult } from '../io.ts'
import { describeCommand, jsonOption, parseObjectId, patientOption } from '../options.ts'
import { formatNames, formatTable, formatTime } from '../table.ts'
import { addTermsOptions, readTerms, type TermsOptions } from '../terms-options.ts'

interface GrantOptions extends TermsOptions {
  readonly patient: string
  readonly overrides?: string
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
  const grantCommand = describeCommand(consent.command('grant'), 'let somebody read (or, with --deny, keep somebody out); prints the id of the rule', [
    'consent grant --patient ID --to lakeside --category laboratory --purpose TREAT --for P1D',
    'consent grant --patient ID --to lakeside/physician --category medications --category allergies --for PT12H',
    'consent grant --patient ID --to role:nurse@lakeside --deny --no-end',
    'consent grant --patient ID --to anyone-treating --data-from 2024-01-01 --second-person --obligation NORDSCLCD --for P30D',
    'consent grant --patient ID --to anyone --label mental-health --deny --absolute --no-end',
  ])
  addTermsOptions(grantCommand.addOption(patientOption()))
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
  if (options.absolute === true && options.deny !== true) throw new CliError('ERR_CLI_USAGE', '--absolute is for denials: say --deny, too')
  const result = await client.call('grant', {
    patient: options.patient,
    ...readTerms(options),
    overrides: options.overrides ?? null,
    ...(options.absolute === true ? { absolute: true } : {}),
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
    ['RULE', 'EFFECT', 'TO', 'CATEGORIES', 'LABELS', 'PURPOSES', 'UNTIL', 'STATUS', 'LIMITS'],
    rules.map((rule) => [rule.rule, rule.effect, rule.to, formatNames(rule.categories), formatNames(rule.labels, 'none'), formatNames(rule.purposes, 'any'), formatTime(rule.untilMs), rule.status, rule.limits.join('; ')]),
  )
}
