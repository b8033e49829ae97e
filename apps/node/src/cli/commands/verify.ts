import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { parseTrust, ProofError, type Trust } from '@chiron/ledger/proofs'
import { SdkError } from '@chiron/sdk'
import { verifyDocument, type Statement } from '@chiron/sdk/audit'
import type { CommandContext } from '../context.ts'
import { CliError } from '../errors.ts'
import { printResult } from '../io.ts'
import { describeCommand, jsonOption } from '../options.ts'
import { visible } from '../table.ts'

interface Options {
  readonly trust?: string
  readonly json?: boolean
}

/** `chiron verify FILE`: checks a receipt, an access list or an export, offline. */
export function addVerify(program: Command, context: CommandContext): void {
  describeCommand(program.command('verify'), 'check a receipt, an access list or an export offline; needs no node', [
    'verify receipt.json',
    'verify audit.json --trust trust.json',
    'verify export.json',
  ])
    .argument('<file>', 'JSON, or the text of a receipt header')
    .option('--trust <file>', 'who signs the ledger (default: $CHIRON_DATA/trust.json); never taken from the file that is checked')
    .addOption(jsonOption())
    .action((file: string, options: Options) => verify(context, file, options))
}

async function verify({ io, environment }: CommandContext, file: string, options: Options): Promise<void> {
  const trust = readTrust(options.trust ?? environment.trustPath)
  const statement = await check(read(file, 'file'), trust)
  printResult(io, options, { verified: true, ...statement }, () => statement.proven.map((line) => `Proven: ${visible(line)}`).concat(statement.notProven.map((line) => `Not proven: ${visible(line)}`)).join('\n'))
}

async function check(document: string, trust: Trust): Promise<Statement> {
  try {
    return await verifyDocument(document, trust)
  } catch (cause) {
    if (!(cause instanceof SdkError) && !(cause instanceof ProofError)) throw cause
    throw new CliError('ERR_CLI_NOT_PROVEN', `not proven: ${cause.message}`, { cause, nodeCode: cause.code })
  }
}

function readTrust(path: string): Trust {
  const text = read(path, 'trust')
  try {
    return parseTrust(JSON.parse(text))
  } catch (cause) {
    throw new CliError('ERR_CLI_FILE', `${path} does not say whom to trust: it needs chainId and signers, as in the trust.json of a node`, { cause })
  }
}

function read(path: string, what: 'file' | 'trust'): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const hint = what === 'trust' ? ': name the trust file with --trust, or set CHIRON_DATA' : ''
    throw new CliError('ERR_CLI_FILE', `${path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown reason'})${hint}`, { cause })
  }
}
