import { Argument, type Command } from 'commander'
import type { RequestOf, RequestRow } from '../../control/api.ts'
import type { CommandContext } from '../context.ts'
import { formatDuration } from '../duration.ts'
import { printResult } from '../io.ts'
import {
  actionsOption, categoriesOption, describeCommand, durationOption, jsonOption, labelsOption, organisationOption, parseObjectId, patientOption, purposesOption,
  userOption,
} from '../options.ts'
import { formatNames, formatTable, formatTime } from '../table.ts'

interface AskOptions {
  readonly org: string
  readonly user: string
  readonly patient: string
  readonly purpose: string[]
  readonly category: RequestOf<'ask'>['categories']
  readonly label: RequestOf<'ask'>['labels']
  readonly action: RequestOf<'ask'>['actions']
  readonly for: number
  readonly wholeOrganisation?: boolean
  readonly json?: boolean
}

interface ApproveOptions {
  readonly category: RequestOf<'ask'>['categories']
  readonly for?: number
  readonly json?: boolean
}

/** `chiron request [create] | approve | deny | list`: asking a patient, and the patient's answer. */
export function addRequest(program: Command, context: CommandContext): void {
  const request = describeCommand(program.command('request'), 'ask a patient for access, and answer', [
    'request --org lakeside --user physician --patient ID --purpose TREAT --category laboratory --for P1D',
    'request approve REQUEST',
    'request deny REQUEST',
    'request list --patient ID',
  ])
  describeCommand(request.command('create', { isDefault: true }), 'ask a patient (what `request` does without a further word); prints the id of the request', [
    'request --org lakeside --user physician --patient ID --purpose TREAT --category laboratory --for P1D',
  ])
    .addOption(organisationOption().makeOptionMandatory())
    .addOption(userOption().makeOptionMandatory())
    .addOption(patientOption())
    .addOption(purposesOption().default([], 'TREAT'))
    .addOption(categoriesOption())
    .addOption(labelsOption())
    .addOption(actionsOption())
    .addOption(durationOption().makeOptionMandatory())
    .option('--whole-organisation', 'ask for everybody in the organisation, not for the user alone')
    .addOption(jsonOption())
    .action((options: AskOptions) => ask(context, options))

  describeCommand(request.command('approve'), 'the patient says yes, also to less than was asked; prints the id of the rule', [
    'request approve REQUEST',
    'request approve REQUEST --category laboratory --for PT1H',
  ])
    .addArgument(requestArgument())
    .addOption(categoriesOption().default([], 'as asked'))
    .addOption(durationOption().default(undefined, 'as asked'))
    .addOption(jsonOption())
    .action((id: string, options: ApproveOptions) => approve(context, id, options))

  describeCommand(request.command('deny'), 'the patient says no', ['request deny REQUEST'])
    .addArgument(requestArgument())
    .addOption(jsonOption())
    .action((id: string, options: { json?: boolean }) => deny(context, id, options))

  describeCommand(request.command('list'), 'what a patient was asked, newest first', ['request list --patient ID', 'request list --patient ID --json'])
    .addOption(patientOption())
    .addOption(jsonOption())
    .action((options: { patient: string; json?: boolean }) => list(context, options))
}

const requestArgument = (): Argument => new Argument('<request>', 'id of the request').argParser(parseObjectId)

async function ask({ io, client }: CommandContext, options: AskOptions): Promise<void> {
  const result = await client.call('ask', {
    organisation: options.org,
    user: options.user,
    patient: options.patient,
    purposes: options.purpose.length === 0 ? ['TREAT'] : options.purpose,
    categories: options.category,
    labels: options.label,
    actions: options.action.length === 0 ? ['read'] : options.action,
    forMs: options.for,
    wholeOrganisation: options.wholeOrganisation === true,
  })
  printResult(io, options, result, () => result.request)
}

async function approve({ io, client }: CommandContext, request: string, options: ApproveOptions): Promise<void> {
  const result = await client.call('approve', {
    request,
    ...(options.category.length === 0 ? {} : { categories: options.category }),
    ...(options.for === undefined ? {} : { forMs: options.for }),
  })
  printResult(io, options, result, () => result.rule)
}

async function deny({ io, client }: CommandContext, request: string, options: { readonly json?: boolean }): Promise<void> {
  const result = await client.call('deny', { request })
  printResult(io, options, result, () => result.request)
}

async function list({ io, client }: CommandContext, options: { readonly patient: string; readonly json?: boolean }): Promise<void> {
  const { requests } = await client.call('requests', { patient: options.patient })
  printResult(io, options, requests, () => formatRequests(requests))
}

function formatRequests(requests: readonly RequestRow[]): string {
  return formatTable(
    ['REQUEST', 'WHO', 'ORGANISATION', 'CATEGORIES', 'PURPOSES', 'FOR', 'ASKED', 'STATUS'],
    requests.map((row) => [
      row.request, row.who, row.organisation, formatNames(row.categories), formatNames(row.purposes, 'any'), formatDuration(row.forMs), formatTime(row.askedMs),
      row.status,
    ]),
  )
}
