import { readFileSync } from 'node:fs'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { parseTrust, ProofError, type Trust } from '@chiron/ledger/proofs'
import { SdkError } from '@chiron/sdk'
import type { CommandContext } from './context.ts'
import { CliError } from './errors.ts'
import { visible } from './table.ts'
import { readPassphrase, WalletFile } from './wallet-file.ts'

/** Options of what a patient does with a wallet of their own. */
export interface Own {
  readonly wallet: string
  readonly at: string
  readonly trust?: string
  readonly passphraseFile?: string
  readonly json?: boolean
}

/** The options behind {@link Own}, but for `--json`. `isMandatory` false where the wallet is one of two ways. */
export function walletOptions(command: Command, isMandatory = true): Command {
  return command
    .addOption(new Option('--wallet <file>', 'file of the wallet, under your passphrase').makeOptionMandatory(isMandatory))
    .addOption(new Option('--at <address>', "address of a member's node").argParser(parseAddress).makeOptionMandatory(isMandatory))
    .option('--trust <file>', 'who signs the ledger (default: $CHIRON_DATA/trust.json)')
    .option('--passphrase-file <file>', 'its first line is the passphrase; asked for otherwise')
}

/**
 * Works with the wallet in its file, in words that a patient understands when that fails.
 * @throws CliError `ERR_CLI_FILE`, `ERR_CLI_NOT_PROVEN`, `ERR_CLI_REFUSED`
 */
export async function asPatient({ environment }: CommandContext, options: Own, work: (file: WalletFile, trust: Trust) => Promise<void>): Promise<void> {
  const trust = readTrust(options.trust ?? environment.trustPath)
  try {
    await work(new WalletFile(options.wallet, await readPassphrase(options.passphraseFile)), trust)
  } catch (cause) {
    if (cause instanceof ProofError) throw new CliError('ERR_CLI_NOT_PROVEN', `not proven: ${cause.message}`, { cause, nodeCode: cause.code })
    if (!(cause instanceof SdkError)) throw cause
    throw new CliError('ERR_CLI_REFUSED', visible(cause.context.outcome?.[0]?.text ?? cause.message), { cause, nodeCode: cause.code })
  }
}

function readTrust(path: string): Trust {
  try {
    return parseTrust(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new CliError('ERR_CLI_FILE', `${path} does not say whom to trust: name the trust file with --trust, or set CHIRON_DATA`, { cause })
  }
}

function parseAddress(text: string): string {
  if (!/^https?:\/\/[^\s/]+(\/[^\s/]+)+\/?$/.test(text)) throw new InvalidArgumentError('Expected an address such as http://localhost:8080/riverside.')
  return text.replace(/\/+$/, '')
}
