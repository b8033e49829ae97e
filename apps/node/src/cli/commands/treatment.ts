import type { Command } from 'commander'
import type { TreatmentRow } from '../../control/api.ts'
import type { CommandContext } from '../context.ts'
import { printResult } from '../io.ts'
import { describeCommand, durationOption, jsonOption, organisationOption, patientOption } from '../options.ts'
import { formatTable, formatTime } from '../table.ts'

const NINETY_DAYS_MS = 90 * 86_400_000

interface Options {
  readonly org: string
  readonly patient: string
  readonly json?: boolean
}

/** `chiron treatment register | contest | list`: who states that it treats a patient. */
export function addTreatment(program: Command, context: CommandContext): void {
  const treatment = describeCommand(program.command('treatment'), 'who states that it treats a patient, and so may write into the chart', [
    'treatment register --org lakeside --patient ID --for P90D',
    'treatment contest --org lakeside --patient ID',
    'treatment list --patient ID',
  ])
  describeCommand(treatment.command('register'), 'an organisation states that it treats the patient; the patient sees it; prints until when', [
    'treatment register --org lakeside --patient ID',
    'treatment register --org lakeside --patient ID --for P3D',
  ])
    .addOption(organisationOption().makeOptionMandatory())
    .addOption(patientOption())
    .addOption(durationOption().default(NINETY_DAYS_MS, 'P90D'))
    .addOption(jsonOption())
    .action((options: Options & { readonly for: number }) => register(context, options))
  describeCommand(treatment.command('contest'), 'the patient ends it, in the next block', ['treatment contest --org lakeside --patient ID'])
    .addOption(organisationOption().makeOptionMandatory())
    .addOption(patientOption())
    .addOption(jsonOption())
    .action((options: Options) => contest(context, options))
  describeCommand(treatment.command('list'), 'treating relationships of a patient, also those that ended', ['treatment list --patient ID', 'treatment list --patient ID --json'])
    .addOption(patientOption())
    .addOption(jsonOption())
    .action((options: Omit<Options, 'org'>) => list(context, options))
}

async function register({ io, client }: CommandContext, options: Options & { readonly for: number }): Promise<void> {
  const result = await client.call('treat', { organisation: options.org, patient: options.patient, forMs: options.for })
  printResult(io, options, result, () => formatTime(result.untilMs))
}

async function contest({ io, client }: CommandContext, options: Options): Promise<void> {
  const result = await client.call('contest', { organisation: options.org, patient: options.patient })
  printResult(io, options, result, () => result.organisation)
}

async function list({ io, client }: CommandContext, options: Omit<Options, 'org'>): Promise<void> {
  const { treatments } = await client.call('treatments', { patient: options.patient })
  printResult(io, options, treatments, () => formatTreatments(treatments))
}

function formatTreatments(treatments: readonly TreatmentRow[]): string {
  return formatTable(
    ['ORGANISATION', 'SINCE', 'UNTIL', 'STATUS'],
    treatments.map((row) => [row.organisation, formatTime(row.sinceMs), formatTime(row.untilMs), row.status]),
  )
}
