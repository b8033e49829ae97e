import { Option, type Command } from 'commander'
import type { GranteeNames, RequestOf } from '../control/api.ts'
import { CliError } from './errors.ts'
import {
  actionsOption, categoriesOption, countriesOption, durationOption, labelsOption, obligationsOption, parseDay, parseGrantee, parseHash, purposesOption, recordsOption,
} from './options.ts'

type Terms = RequestOf<'order'>

/** What {@link addTermsOptions} reads. */
export interface TermsOptions {
  readonly to: GranteeNames
  readonly deny?: boolean
  readonly purpose: string[]
  readonly category: Terms['categories']
  readonly label: Terms['labels']
  readonly record: string[]
  readonly action: Terms['actions']
  readonly for?: number
  readonly end: boolean
  readonly dataFrom?: string
  readonly dataUntil?: string
  readonly country: string[]
  readonly notCountry: string[]
  readonly secondPerson?: boolean
  readonly acceptedTerms?: string
  readonly obligation: string[]
}

/** Adds the options that say what a rule or an order is about. */
export function addTermsOptions(command: Command): Command {
  return command
    .addOption(new Option('--to <grantee>', 'member, member/user, role:NAME, role:NAME@member, anyone-treating or anyone').argParser(parseGrantee).makeOptionMandatory())
    .addOption(categoriesOption())
    .addOption(purposesOption())
    .addOption(labelsOption())
    .addOption(recordsOption())
    .addOption(actionsOption())
    .addOption(durationOption())
    .option('--no-end', 'it has no end (instead of --for)')
    .option('--deny', 'a denial instead of a permit')
    .addOption(new Option('--data-from <day>', 'only what was measured, said or done from this day on').argParser(parseDay))
    .addOption(new Option('--data-until <day>', 'only what was measured, said or done before this day').argParser(parseDay))
    .addOption(countriesOption('--country', 'only through organisations under the law of these countries'))
    .addOption(countriesOption('--not-country', 'only through organisations under no law of these countries'))
    .option('--second-person', 'a permit that holds while a second professional stands by')
    .addOption(new Option('--accepted-terms <sha256>', 'a permit that holds for organisations which accepted these terms of use').argParser(parseHash))
    .addOption(obligationsOption())
}

/** @throws CliError `ERR_CLI_USAGE` for a time that is missing or said twice, and for what a denial does not have */
export function readTerms(options: TermsOptions): Omit<Terms, 'organisation' | 'patient' | 'basis'> {
  if (options.end === (options.for === undefined)) throw new CliError('ERR_CLI_USAGE', 'say for how long: either --for P1D (or another duration) or --no-end')
  return {
    effect: options.deny === true ? 'deny' : 'permit',
    to: options.to,
    purposes: options.purpose,
    categories: options.category,
    labels: options.label,
    records: options.record,
    actions: options.action.length === 0 ? ['read'] : options.action,
    forMs: options.for ?? null,
    ...readLimits(options),
  }
}

function readLimits({ dataFrom, dataUntil, country, notCountry, secondPerson, acceptedTerms, obligation, deny }: TermsOptions): Partial<Terms> {
  if (deny === true && (secondPerson === true || acceptedTerms !== undefined || obligation.length > 0)) {
    throw new CliError('ERR_CLI_USAGE', '--second-person, --accepted-terms and --obligation are for permits; a denial is limited by country alone')
  }
  if (country.length > 0 && notCountry.length > 0) throw new CliError('ERR_CLI_USAGE', 'say either --country or --not-country')
  if (dataFrom !== undefined && dataUntil !== undefined && dataFrom >= dataUntil) throw new CliError('ERR_CLI_USAGE', '--data-from must lie before --data-until')
  return {
    ...(dataFrom === undefined && dataUntil === undefined ? {} : { data: { ...(dataFrom === undefined ? {} : { from: dataFrom }), ...(dataUntil === undefined ? {} : { until: dataUntil }) } }),
    ...(country.length === 0 && notCountry.length === 0 ? {} : { countries: { within: country.length > 0, of: [...country, ...notCountry] } }),
    ...(secondPerson === true ? { secondPerson } : {}),
    ...(acceptedTerms === undefined ? {} : { acceptedTerms }),
    ...(obligation.length === 0 ? {} : { obligations: obligation }),
  }
}
