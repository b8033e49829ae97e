import { InvalidArgumentError, Option, type Command } from 'commander'
import { isDid } from '@chiron/protocol'
import type { RequestOf } from '../../control/api.ts'
import type { DelegateRow } from '../../control/delegate-operations.ts'
import type { CommandContext } from '../context.ts'
import { printResult } from '../io.ts'
import { categoriesOption, describeCommand, durationOption, jsonOption, labelsOption, parsePatientId, patientOption } from '../options.ts'
import { formatNames, formatTable, formatTime } from '../table.ts'

const YEAR_MS = 365 * 86_400_000

interface Options {
  readonly patient: string
  readonly delegate: string
  readonly json?: boolean
}

interface AppointOptions extends Options {
  readonly category: RequestOf<'appointDelegate'>['categories']
  readonly label: RequestOf<'appointDelegate'>['labels']
  readonly for: number
}

/** `chiron delegate appoint | dismiss | list`: who reads in the patient's place, such as a carer or parent. */
export function addDelegate(program: Command, context: CommandContext): void {
  const delegate = describeCommand(program.command('delegate'), "who reads in a patient's place, such as a carer or parent", [
    'delegate appoint --patient ID --delegate PARENT --for P365D',
    'delegate dismiss --patient ID --delegate PARENT',
    'delegate list --patient ID',
  ])
  describeCommand(delegate.command('appoint'), 'let another person read as the patient does, within limits; replaces what they might before; prints until when', [
    'delegate appoint --patient ID --delegate PARENT',
    'delegate appoint --patient ID --delegate PARENT --category medications --category encounters --for P30D',
    'delegate appoint --patient ID --delegate PARENT --label mental-health --for P30D',
    'token --patient PARENT --purpose FAMRQT',
  ])
    .addOption(patientOption())
    .addOption(delegateOption())
    .addOption(categoriesOption())
    .addOption(labelsOption())
    .addOption(durationOption().default(YEAR_MS, 'P365D'))
    .addOption(jsonOption())
    .action((options: AppointOptions) => appoint(context, options))
  describeCommand(delegate.command('dismiss'), 'end it, in the next block', ['delegate dismiss --patient ID --delegate PARENT'])
    .addOption(patientOption())
    .addOption(delegateOption())
    .addOption(jsonOption())
    .action((options: Options) => dismiss(context, options))
  describeCommand(delegate.command('list'), 'delegates of a patient who were not dismissed', ['delegate list --patient ID', 'delegate list --patient ID --json'])
    .addOption(patientOption())
    .addOption(jsonOption())
    .action((options: Omit<Options, 'delegate'>) => list(context, options))
}

const delegateOption = (): Option => new Option('--delegate <id>', "FHIR id of the delegate's own Patient, or their DID").argParser(parseDelegate).makeOptionMandatory()

function parseDelegate(text: string): string {
  if (!text.startsWith('did:')) return parsePatientId(text)
  if (!isDid(text)) throw new InvalidArgumentError('Expected the id of a FHIR Patient, or a DID such as did:chiron:….')
  return text
}

async function appoint({ io, client }: CommandContext, options: AppointOptions): Promise<void> {
  const { patient, delegate, category, label } = options
  const row = await client.call('appointDelegate', { patient, delegate, actions: ['read'], categories: category, labels: label, forMs: options.for })
  printResult(io, options, row, () => formatTime(row.untilMs))
}

async function dismiss({ io, client }: CommandContext, options: Options): Promise<void> {
  const result = await client.call('dismissDelegate', { patient: options.patient, delegate: options.delegate })
  printResult(io, options, result, () => result.delegate)
}

async function list({ io, client }: CommandContext, options: Omit<Options, 'delegate'>): Promise<void> {
  const { delegates } = await client.call('delegates', { patient: options.patient })
  printResult(io, options, delegates, () => formatDelegates(delegates))
}

function formatDelegates(rows: readonly DelegateRow[]): string {
  return formatTable(
    ['DELEGATE', 'CATEGORIES', 'LABELS', 'SINCE', 'UNTIL', 'STATUS'],
    rows.map((row) => [row.delegate, formatNames(row.categories), formatNames(row.labels, 'none'), formatTime(row.sinceMs), formatTime(row.untilMs), row.status]),
  )
}
