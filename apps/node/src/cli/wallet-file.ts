import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { openWallet, sealWallet, type KeepWallet, type PatientWallet } from '@chiron/sdk/patient'
import { utf8 } from '@chiron/protocol'
import { StorageError } from '../storage/errors.ts'
import { writeFileDurably } from '../storage/files.ts'
import { CliError } from './errors.ts'

/** A patient's wallet in a file of the user (0600), under a passphrase. */
export class WalletFile {
  readonly #path: string
  readonly #passphrase: string

  constructor(path: string, passphrase: string) {
    this.#path = path
    this.#passphrase = passphrase
  }

  /** Undefined where there is no such file. @throws CliError `ERR_CLI_FILE`; SdkError `ERR_SDK_WALLET` */
  async read(): Promise<PatientWallet | undefined> {
    if (!existsSync(this.#path)) return undefined
    let json: unknown
    try {
      json = JSON.parse(readFileSync(this.#path, 'utf8'))
    } catch (cause) {
      throw new CliError('ERR_CLI_FILE', `${this.#path} is no wallet: name another file with --wallet`, { cause })
    }
    return await openWallet(json, this.#passphrase)
  }

  /** As {@link read}. @throws CliError `ERR_CLI_FILE` also where there is none */
  async readClaimed(): Promise<PatientWallet> {
    const wallet = await this.read()
    if (wallet === undefined) throw new CliError('ERR_CLI_FILE', `there is no wallet at ${this.#path}: chiron patient claim makes one`)
    return wallet
  }

  /** Durable when it resolves; after a crash there is the old wallet or the new one. */
  readonly keep: KeepWallet = async (wallet) => {
    const sealed = await sealWallet(wallet, this.#passphrase)
    try {
      writeFileDurably(this.#path, utf8(`${JSON.stringify(sealed, null, 2)}\n`))
    } catch (cause) {
      if (!(cause instanceof StorageError)) throw cause
      throw new CliError('ERR_CLI_FILE', `cannot write ${this.#path}: ${cause.message}`, { cause })
    }
  }
}

/** The first line of a file, or what is typed without being shown. @throws CliError `ERR_CLI_FILE`, `ERR_CLI_USAGE` */
export async function readPassphrase(file: string | undefined): Promise<string> {
  if (file !== undefined) {
    try {
      return readFileSync(file, 'utf8').split(/\r?\n/, 1)[0] as string
    } catch (cause) {
      throw new CliError('ERR_CLI_FILE', `the passphrase file ${file} cannot be read`, { cause })
    }
  }
  if (!process.stdin.isTTY) throw new CliError('ERR_CLI_USAGE', 'name a file that holds the passphrase with --passphrase-file, or run this in a terminal')
  process.stderr.write('Passphrase of the wallet: ')
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true })
  try {
    return await new Promise((resolve) => lines.question('', resolve))
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}
