import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Argument, Option, type Command } from 'commander'
import { authorityRole, type OrderRow } from '../../control/order-operations.ts'
import type { RequestOf } from '../../control/api.ts'
import type { CommandContext } from '../context.ts'
import { CliError } from '../errors.ts'
import { printResult } from '../io.ts'
import { describeCommand, durationOption, jsonOption, organisationOption, parseObjectId, parsePatientId } from '../options.ts'
import { formatNames, formatTable, formatTime } from '../table.ts'
import { addTermsOptions, readTerms, type TermsOptions } from '../terms-options.ts'

const YEAR_MS = 365 * 86_400_000

interface About {
  readonly patient?: string
  readonly everybody?: boolean
}

interface ByAuthority extends About {
  readonly org: string
  readonly json?: boolean
}

/** `chiron order make | lift | list | authorise`: what courts and authorities say, which no patient decides. */
export function addOrder(program: Command, context: CommandContext): void {
  const order = describeCommand(program.command('order'), 'what a court or an authority orders about a patient, or about everybody', [
    'order make --org lakeside --patient ID --to riverside --deny --no-end --basis judgement.pdf',
    'order lift --org lakeside --patient ID ORDER',
    'order list --patient ID',
    'order authorise --org lakeside --role regulator',
  ])
  const make = describeCommand(order.command('make'), 'as an authority, deny what nobody waives, or permit on a legal basis; prints the id of the order', [
    'order make --org lakeside --patient ID --to riverside --deny --category laboratory --no-end --basis judgement.pdf',
    'order make --org lakeside --everybody --to lakeside --purpose PUBHLTH --for P30D --basis act.pdf',
  ])
  addTermsOptions(aboutOptions(make.addOption(organisationOption().makeOptionMandatory())))
    .requiredOption('--basis <file>', 'the document that it rests on; its SHA-256 stands on the ledger, it itself goes nowhere')
    .addOption(jsonOption())
    .action((options: ByAuthority & TermsOptions & { readonly basis: string }) => makeOrder(context, options))
  aboutOptions(describeCommand(order.command('lift'), 'the authority that made it, or governance, ends an order', ['order lift --org lakeside --patient ID ORDER', 'order lift --org lakeside --everybody ORDER']))
    .addArgument(new Argument('<order>', 'id of the order').argParser(parseObjectId))
    .addOption(organisationOption().makeOptionMandatory())
    .addOption(jsonOption())
    .action((id: string, options: ByAuthority) => lift(context, id, options))
  describeCommand(order.command('list'), 'orders about a patient, or without one those about everybody; also those that ended', ['order list', 'order list --patient ID --json'])
    .addOption(new Option('--patient <id>', 'FHIR id of the patient').argParser(parsePatientId))
    .addOption(jsonOption())
    .action((options: { readonly patient?: string; readonly json?: boolean }) => list(context, options))
  describeCommand(order.command('authorise'), 'governance makes a member an authority that may order; prints until when', ['order authorise --org lakeside --role public-health --for P30D'])
    .addOption(organisationOption().makeOptionMandatory())
    .addOption(new Option('--role <role>', 'which authority').choices(authorityRole.options).makeOptionMandatory())
    .addOption(durationOption().default(YEAR_MS, 'P365D'))
    .addOption(jsonOption())
    .action((options: { readonly org: string; readonly role: RequestOf<'authorise'>['role']; readonly for: number; readonly json?: boolean }) => authorise(context, options))
}

function aboutOptions(command: Command): Command {
  return command.addOption(new Option('--patient <id>', 'FHIR id of the patient').argParser(parsePatientId)).option('--everybody', 'about every patient (instead of --patient)')
}

function patientOf({ patient, everybody }: About): string | null {
  if ((patient === undefined) !== (everybody === true)) throw new CliError('ERR_CLI_USAGE', 'say about whom: either --patient or --everybody')
  return patient ?? null
}

async function makeOrder({ io, client }: CommandContext, options: ByAuthority & TermsOptions & { readonly basis: string }): Promise<void> {
  const asked = { organisation: options.org, patient: patientOf(options), ...readTerms(options) }
  const result = await client.call('order', { ...asked, basis: hashOf(options.basis) })
  printResult(io, options, result, () => result.order)
}

async function lift({ io, client }: CommandContext, order: string, options: ByAuthority): Promise<void> {
  const result = await client.call('liftOrder', { organisation: options.org, patient: patientOf(options), order })
  printResult(io, options, result, () => result.order)
}

async function list({ io, client }: CommandContext, options: { readonly patient?: string; readonly json?: boolean }): Promise<void> {
  const { orders } = await client.call('orders', options.patient === undefined ? {} : { patient: options.patient })
  printResult(io, options, orders, () => formatOrders(orders))
}

async function authorise({ io, client }: CommandContext, options: { readonly org: string; readonly role: RequestOf<'authorise'>['role']; readonly for: number; readonly json?: boolean }): Promise<void> {
  const result = await client.call('authorise', { organisation: options.org, role: options.role, forMs: options.for })
  printResult(io, options, result, () => formatTime(result.untilMs))
}

function hashOf(path: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex')
  } catch (cause) {
    throw new CliError('ERR_CLI_FILE', `the document ${path} cannot be read`, { cause })
  }
}

function formatOrders(rows: readonly OrderRow[]): string {
  return formatTable(
    ['ORDER', 'AUTHORITY', 'EFFECT', 'TO', 'CATEGORIES', 'PURPOSES', 'UNTIL', 'STATUS', 'LIMITS'],
    rows.map((row) => [row.order, row.authority, row.effect, row.to, formatNames(row.categories), formatNames(row.purposes, 'any'), formatTime(row.untilMs), row.status, row.limits.join('; ')]),
  )
}
