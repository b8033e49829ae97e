import { writeFileSync } from 'node:fs'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { renderUnicodeCompact } from 'uqr'
import type { Trust } from '@chiron/ledger/proofs'
import { ProtocolError, parseClaimCode } from '@chiron/protocol'
import { claimIdentity, PatientClient, rotateKeys, type OpenedRecord, type PatientWallet } from '@chiron/sdk/patient'
import { asPatient, walletOptions, type Own } from '../as-patient.ts'
import type { CommandContext } from '../context.ts'
import { CliError } from '../errors.ts'
import { printResult, say } from '../io.ts'
import { describeCommand, durationOption, jsonOption, patientOption } from '../options.ts'
import { formatTable, formatTime } from '../table.ts'
import type { WalletFile } from '../wallet-file.ts'

const WEEK_MS = 7 * 86_400_000

interface Desk {
  readonly patient: string
  readonly json?: boolean
}

/** `chiron patient …`: the desk hands an identity over, the patient takes it and reads with it. */
export function addPatient(program: Command, context: CommandContext): void {
  const patient = describeCommand(program.command('patient'), 'hand an identity over to its patient; as the patient, claim it and read', [
    'patient claim-code --patient ID',
    'patient claim --code CODE --wallet wallet.json --at http://localhost:8080/riverside',
    'patient records --wallet wallet.json --at http://localhost:8080/riverside',
  ])
  describeCommand(patient.command('claim-code'), "print a one-time code for paper, at the custodian's desk; an earlier one opens nothing any more", ['patient claim-code --patient ID', 'patient claim-code --patient ID --for P1D'])
    .addOption(patientOption())
    .addOption(durationOption().default(WEEK_MS, 'P7D'))
    .addOption(jsonOption())
    .action((options: Desk & { readonly for: number }) => claimCode(context, options))
  describeCommand(patient.command('withdraw-code'), 'take a code back', ['patient withdraw-code --patient ID'])
    .addOption(patientOption())
    .addOption(jsonOption())
    .action((options: Desk) => withdrawCode(context, options))
  own(patient, 'claim', 'take your identity over with the code, and seal your records to this wallet; may be repeated', 'patient claim --code CODE')
    .addOption(new Option('--code <code>', 'as it stands on the paper').argParser(parseCode).makeOptionMandatory())
    .action((options: Own & { readonly code: string }) => claim(context, options))
  own(patient, 'rotate', 'give your identity new keys, and seal your records anew; may be repeated', 'patient rotate').action((options: Own) => rotate(context, options))
  own(patient, 'records', 'your records, opened with this wallet', 'patient records').action((options: Own) => records(context, options))
  own(patient, 'export', 'your records, access list and proofs as one JSON document', 'patient export')
    .option('--out <file>', 'write there, readable by you alone, instead of to stdout; never replaces a file')
    .action((options: Own & { readonly out?: string }) => exportOwn(context, options))
}

function own(parent: Command, name: string, description: string, example: string): Command {
  return walletOptions(describeCommand(parent.command(name), description, [`${example} --wallet wallet.json --at http://localhost:8080/riverside`])).addOption(jsonOption())
}

async function claimCode({ io, client }: CommandContext, options: Desk & { readonly for: number }): Promise<void> {
  const result = await client.call('offerClaim', { patient: options.patient, forMs: options.for })
  printResult(io, options, result, () => `${result.code}\n\n${renderUnicodeCompact(result.code.replaceAll('-', ''))}\n\nGood until ${formatTime(result.untilMs)}, once. Hand it to the patient alone; it is kept nowhere else.`)
}

async function withdrawCode({ io, client }: CommandContext, options: Desk): Promise<void> {
  const result = await client.call('withdrawClaim', { patient: options.patient })
  printResult(io, options, result, () => result.did)
}

async function claim(context: CommandContext, options: Own & { readonly code: string }): Promise<void> {
  await asPatient(context, options, async (file, trust) => {
    const wallet = await claimIdentity({ base: options.at, trust, code: options.code, wallet: await file.read() }, file.keep)
    say(context.io, 'the identity is yours; sealing your records to this wallet')
    await finish(context, options, wallet, trust, file)
  })
}

async function rotate(context: CommandContext, options: Own): Promise<void> {
  await asPatient(context, options, async (file, trust) => {
    const before = await file.readClaimed()
    // A rotation that was interrupted while copies were sealed is finished first.
    const wallet = before.keys.length > 1 && before.pending === undefined ? before : await rotateKeys({ base: options.at, trust, wallet: before }, file.keep)
    await finish(context, options, wallet, trust, file)
  })
}

/** Seals what is not sealed to the newest key, then forgets the keys before it. */
async function finish({ io }: CommandContext, options: Own, wallet: PatientWallet, trust: Trust, file: WalletFile): Promise<void> {
  const copies = await new PatientClient({ base: options.at, trust, wallet }).sealCopies()
  if (wallet.keys.length > 1) await file.keep(wallet.withoutOldKeys())
  printResult(io, options, { did: wallet.did, keyId: wallet.current.keyId, ...copies }, () => wallet.did)
  if (copies.without > 0) say(io, `${copies.without} records about others as well stay with the keyholders`)
}

async function records(context: CommandContext, options: Own): Promise<void> {
  await asPatient(context, options, async (file, trust) => {
    const client = new PatientClient({ base: options.at, trust, wallet: await file.readClaimed() })
    const chart = await client.chart()
    const newest = chart.entries.filter((each) => each.isNewest)
    const opened = await client.open(chart, newest)
    printResult(context.io, options, opened.map(({ resource }) => resource), () => formatRecords(opened))
    if (opened.length < newest.length) say(context.io, `${newest.length - opened.length} more are about others as well, who do not allow it`)
  })
}

function formatRecords(opened: readonly OpenedRecord[]): string {
  return formatTable(['WRITTEN', 'RECORD', 'VERSION'], opened.map(({ at, resource }) => [formatTime(at.entry.timeMs), `${String(resource['resourceType'])}/${String(resource['id'])}`, String(at.entry.version)]))
}

async function exportOwn(context: CommandContext, options: Own & { readonly out?: string }): Promise<void> {
  await asPatient(context, options, async (file, trust) => {
    const document = await new PatientClient({ base: options.at, trust, wallet: await file.readClaimed() }).export()
    if (options.out === undefined) return printResult(context.io, { json: true }, document, () => '')
    try {
      writeFileSync(options.out, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
    } catch (cause) {
      throw new CliError('ERR_CLI_FILE', `cannot write ${options.out}: is there such a file already?`, { cause })
    }
    say(context.io, `written to ${options.out}`)
  })
}

function parseCode(text: string): string {
  try {
    parseClaimCode(text)
    return text
  } catch (error) {
    throw error instanceof ProtocolError ? new InvalidArgumentError(`${error.message}.`) : error
  }
}
