import { Argument, Option, type Command } from 'commander'
import { emergencyReason } from '@chiron/protocol'
import { emergencyOutcome, type EmergencyRow } from '../../control/emergency-operations.ts'
import type { CommandContext } from '../context.ts'
import { CliError } from '../errors.ts'
import { printResult, say } from '../io.ts'
import { describeCommand, jsonOption, organisationOption, parseObjectId, parsePatientId, patientOption, userOption } from '../options.ts'
import { formatTable, formatTime } from '../table.ts'

interface ByUser {
  readonly org: string
  readonly user: string
  readonly json?: boolean
}

interface ListOptions {
  readonly org?: string
  readonly patient?: string
  readonly json?: boolean
}

/** `chiron emergency declare | confirm | review | contest | list`: breaking the glass, and who looks at it afterwards. */
export function addEmergency(program: Command, context: CommandContext): void {
  const emergency = describeCommand(program.command('emergency'), 'break the glass: declare an emergency, confirm it, review it, contest it', [
    'emergency declare --org lakeside --user physician --patient ID --reason danger-to-life',
    'emergency confirm --org lakeside --user nurse EMERGENCY',
    'emergency review --org riverside --user admin EMERGENCY --outcome justified',
    'emergency contest --patient ID EMERGENCY',
    'emergency list --patient ID',
  ])
  byUser(emergency, 'declare', "open a patient's records at once, for minutes until another clinician confirms; the patient sees it; prints the id of the emergency", [
    'emergency declare --org lakeside --user physician --patient ID --reason danger-to-life',
    'token --org lakeside --user physician --purpose BTG',
  ])
    .addOption(patientOption())
    .addOption(new Option('--reason <code>', 'why').choices(emergencyReason.options).makeOptionMandatory())
    .action((options: ByUser & { readonly patient: string; readonly reason: EmergencyRow['reason'] }) => declare(context, options))
  byUser(emergency, 'confirm', 'a second clinician of the organisation stands by it: it goes on, for a day at most; prints until when', ['emergency confirm --org lakeside --user nurse EMERGENCY'])
    .addArgument(emergencyArgument())
    .action((id: string, options: ByUser) => confirm(context, id, options))
  byUser(emergency, 'review', 'a privacy officer of another organisation judges it; what was not justified ends', [
    'emergency review --org riverside --user admin EMERGENCY --outcome justified',
    'emergency review --org riverside --user admin EMERGENCY --outcome unjustified',
  ])
    .addArgument(emergencyArgument())
    .addOption(new Option('--outcome <outcome>', 'what the review found').choices(emergencyOutcome.options).makeOptionMandatory())
    .action((id: string, options: ByUser & { readonly outcome: 'justified' | 'unjustified' }) => review(context, id, options))
  describeCommand(emergency.command('contest'), 'the patient does not agree, within 90 days: it ends, and somebody else reviews it', ['emergency contest --patient ID EMERGENCY'])
    .addArgument(emergencyArgument())
    .addOption(patientOption())
    .addOption(jsonOption())
    .action((id: string, options: { readonly patient: string; readonly json?: boolean }) => contest(context, id, options))
  describeCommand(emergency.command('list'), 'emergencies about a patient; or what an organisation has to confirm and review', [
    'emergency list --patient ID',
    'emergency list --org riverside --json',
  ])
    .addOption(organisationOption())
    .addOption(new Option('--patient <id>', 'FHIR id of the patient').argParser(parsePatientId))
    .addOption(jsonOption())
    .action((options: ListOptions) => list(context, options))
}

function byUser(parent: Command, name: string, description: string, examples: readonly string[]): Command {
  return describeCommand(parent.command(name), description, examples)
    .addOption(organisationOption().makeOptionMandatory())
    .addOption(userOption().makeOptionMandatory())
    .addOption(jsonOption())
}

const emergencyArgument = (): Argument => new Argument('<emergency>', 'id of the emergency').argParser(parseObjectId)

async function declare({ io, client }: CommandContext, { org, user, patient, reason, json }: ByUser & { readonly patient: string; readonly reason: EmergencyRow['reason'] }): Promise<void> {
  const row = await client.call('declareEmergency', { organisation: org, user, patient, reason })
  printResult(io, { json }, row, () => row.emergency)
  if (row.status === 'unconfirmed') say(io, `ends ${formatTime(row.untilMs)} unless a second clinician confirms it; read with: chiron token --org ${org} --user ${user} --purpose BTG`)
}

async function confirm({ io, client }: CommandContext, emergency: string, { org, user, json }: ByUser): Promise<void> {
  const row = await client.call('confirmEmergency', { organisation: org, user, emergency })
  printResult(io, { json }, row, () => formatTime(row.untilMs))
}

async function review({ io, client }: CommandContext, emergency: string, { org, user, outcome, json }: ByUser & { readonly outcome: 'justified' | 'unjustified' }): Promise<void> {
  const row = await client.call('reviewEmergency', { organisation: org, user, emergency, outcome })
  printResult(io, { json }, row, () => row.emergency)
}

async function contest({ io, client }: CommandContext, emergency: string, { patient, json }: { readonly patient: string; readonly json?: boolean }): Promise<void> {
  const row = await client.call('contestEmergency', { patient, emergency })
  printResult(io, { json }, row, () => row.emergency)
}

async function list({ io, client }: CommandContext, { org, patient, json }: ListOptions): Promise<void> {
  if ((org === undefined) === (patient === undefined)) throw new CliError('ERR_CLI_USAGE', 'say whose: either --patient, or --org for what an organisation has to confirm and review')
  const { emergencies } = patient === undefined ? await client.call('emergenciesOfOrganisation', { organisation: org as string }) : await client.call('emergenciesOfPatient', { patient })
  printResult(io, { json }, emergencies, () => formatEmergencies(emergencies))
}

function formatEmergencies(rows: readonly EmergencyRow[]): string {
  return formatTable(
    ['EMERGENCY', 'WHO', 'REASON', 'DECLARED', 'UNTIL', 'STATUS', 'CONFIRMED BY', 'REVIEW'],
    rows.map((row) => [row.emergency, row.who, row.reason, formatTime(row.declaredMs), formatTime(row.untilMs), row.status, row.confirmedBy ?? 'nobody', formatReview(row)]),
  )
}

function formatReview({ review, reviewedBy, contested }: EmergencyRow): string {
  const words = reviewedBy === null ? 'waiting for another organisation' : `${review}, says ${reviewedBy}`
  return contested ? `${words}; the patient contested it` : words
}
