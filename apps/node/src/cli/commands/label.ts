import { InvalidArgumentError, Option, type Command } from 'commander'
import { PatientClient, type ChartEntry } from '@chiron/sdk/patient'
import { toHex, type Label } from '@chiron/protocol'
import type { LabelReviewRow, LabelRow } from '../../control/api.ts'
import { asPatient, walletOptions, type Own } from '../as-patient.ts'
import type { CommandContext } from '../context.ts'
import { CliError } from '../errors.ts'
import { printResult, say } from '../io.ts'
import { describeCommand, jsonOption, labelsOption, organisationOption, parseObjectId, parsePatientId, parseRecord } from '../options.ts'
import { createProgress } from '../progress.ts'
import { formatNames, formatTable } from '../table.ts'

/** Whose: a patient in custody of this node, or the holder of a wallet. */
interface Whose extends Partial<Own> {
  readonly patient?: string
}

interface Change extends Whose {
  readonly record: string
  readonly label: readonly Label[]
}

interface Review {
  readonly org?: string
  readonly json?: boolean
}

interface NamedRow extends LabelRow {
  readonly name: string | null
}

const WALLET = '--wallet wallet.json --at http://localhost:8080/riverside'

/** `chiron label add | remove | list`: the patient's own sensitivity labels; `review | apply`: those of the value sets. */
export function addLabel(program: Command, context: CommandContext): void {
  const label = describeCommand(program.command('label').alias('labels'), 'sensitivity labels on records: a patient\'s own, and those of the value sets', [
    'label add --patient ID --record Observation/123 --label substance-use',
    'label list --patient ID',
    `label add ${WALLET} --record Observation/123 --label hiv`,
    'labels review',
    'labels apply --org riverside',
  ])
  changing(label, 'add', 'label a record: from then on only who is allowed that label sees it', (options) => change(context, options, 'add'))
  changing(label, 'remove', 'take off a label that the patient put on; what the author put on stays', (options) => change(context, options, 'remove'))
  reviewing(label, 'review', 'count records that lack a label of the value sets in use, as after an upgrade', (options) => review(context, options, false))
  reviewing(label, 'apply', 'give them those labels, each on the ledger and in the patient\'s list; may be repeated, what is done is skipped', (options) => review(context, options, true))
  whose(label.command('list'), 'the records that carry labels, and who put them on', ['label list --patient ID', `label list ${WALLET}`]).action((options: Whose) => list(context, options))
}

function reviewing(parent: Command, name: string, description: string, action: (options: Review) => Promise<void>): void {
  describeCommand(parent.command(name), description, [`labels ${name}`, `labels ${name} --org riverside --json`]).addOption(organisationOption()).addOption(jsonOption()).action(action)
}

async function review({ io, client }: CommandContext, options: Review, apply: boolean): Promise<void> {
  const progress = createProgress(io)
  const { reviews } = await client
    .reviewLabels(options.org, apply, (event) => {
      if (event.type === 'progress') progress.update(`records of ${event.organisation}`, event.done, event.total)
    })
    .finally(() => progress.end())
  printResult(io, options, reviews, () => formatReviews(reviews))
  const unread = reviews.reduce((sum, each) => sum + each.unread, 0)
  if (unread > 0) say(io, `${unread} records are not in the index and were not compared: chiron index rebuild, then again`)
}

function formatReviews(reviews: readonly LabelReviewRow[]): string {
  return formatTable(
    ['ORGANISATION', 'VALUE SETS', 'RECORDS', 'LACKING', 'LABELLED', 'REFUSED', 'LABELS'],
    reviews.map(({ organisation, version, records, lacking, labelled, refused, labels }) => [
      organisation, version, String(records), String(lacking), String(labelled), String(refused), formatNames(Object.entries(labels).map(([name, count]) => `${name} ${count}`), 'none'),
    ]),
  )
}

function changing(parent: Command, name: string, description: string, action: (options: Change) => Promise<void>): void {
  whose(parent.command(name), description, [`label ${name} --patient ID --record Observation/123 --label hiv`, `label ${name} ${WALLET} --record Observation/123 --label hiv`])
    .addOption(new Option('--record <record>', 'the record, Type/id, or its id on the ledger as `label list` prints it').argParser(parseNamed).makeOptionMandatory())
    .addOption(labelsOption())
    .action(action)
}

function whose(command: Command, description: string, examples: readonly string[]): Command {
  describeCommand(command, description, examples).addOption(new Option('--patient <id>', 'FHIR id of a patient in custody of this node').argParser(parsePatientId))
  return walletOptions(command, false).addOption(jsonOption())
}

async function change(context: CommandContext, options: Change, kind: 'add' | 'remove'): Promise<void> {
  const { io, client } = context
  const labels = [...options.label]
  if (labels.length === 0) throw new CliError('ERR_CLI_USAGE', 'say which label: --label hiv (may be repeated)')
  const wallet = walletOf(options)
  if (wallet === undefined) {
    const row = await client.call('label', { patient: options.patient as string, record: options.record, labels, change: kind })
    return printResult(io, options, row, () => formatRows([{ ...row, name: options.record }]))
  }
  await asPatient(context, wallet, async (file, trust) => {
    const own = new PatientClient({ base: wallet.at, trust, wallet: await file.readClaimed() })
    const entry = await recordOf(own, options.record)
    await own.label(entry, labels, kind)
    const record = toHex(entry.entry.record)
    const row = (await own.ledger.labels(toHex(entry.handle))).find((each) => each.record === record) ?? { record, given: [], own: [] }
    printResult(io, options, row, () => formatRows([{ ...row, name: options.record }]))
  })
}

async function list(context: CommandContext, options: Whose): Promise<void> {
  const wallet = walletOf(options)
  if (wallet === undefined) {
    const { labels } = await context.client.call('labels', { patient: options.patient as string })
    return printResult(context.io, options, labels, () => formatRows(labels))
  }
  await asPatient(context, wallet, async (file, trust) => {
    const rows = await new PatientClient({ base: wallet.at, trust, wallet: await file.readClaimed() }).ledger.labels()
    printResult(context.io, options, rows, () => formatRows(rows.map((row) => ({ ...row, name: null }))))
  })
}

function formatRows(rows: readonly NamedRow[]): string {
  return formatTable(['RECORD', 'ID', 'BY THE PATIENT', 'BY ITS AUTHORS'], rows.map(({ name, record, own, given }) => [name ?? '', record, formatNames(own, 'none'), formatNames(given, 'none')]))
}

/** The newest version of a record, by its id on the ledger; or by `Type/id`, which its content says. */
async function recordOf(own: PatientClient, named: string): Promise<ChartEntry> {
  const chart = await own.chart()
  const newest = chart.entries.filter((each) => each.isNewest)
  const byId = newest.find(({ entry }) => toHex(entry.record) === named)
  if (byId !== undefined) return byId
  const opened = named.includes('/') ? await own.open(chart, newest) : []
  const found = opened.find(({ resource }) => `${String(resource['resourceType'])}/${String(resource['id'])}` === named)
  if (found === undefined) throw new CliError('ERR_CLI_REFUSED', 'this wallet has no such record; chiron patient records lists them')
  return found.at
}

/** @throws CliError `ERR_CLI_USAGE` unless it is said once whose labels are meant */
function walletOf(options: Whose): Own | undefined {
  const { patient, wallet, at } = options
  if ((patient === undefined) === (wallet === undefined)) throw new CliError('ERR_CLI_USAGE', 'say whose: either --patient ID, or --wallet FILE with --at ADDRESS')
  if (wallet === undefined) return undefined
  if (at === undefined) throw new CliError('ERR_CLI_USAGE', "say where: --at with the address of a member's node")
  return { ...options, wallet, at }
}

function parseNamed(text: string): string {
  for (const parse of [parseRecord, parseObjectId]) {
    try {
      return parse(text)
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error
    }
  }
  throw new InvalidArgumentError('Expected a resource, such as Observation/123, or 32 hexadecimal digits.')
}
