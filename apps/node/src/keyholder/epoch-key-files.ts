import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { VaultError, type EpochKeyStore } from '@chiron/vault'
import { toStorageError } from '../storage/errors.ts'
import { eraseFile, makeDirectory, writeFileDurably } from '../storage/files.ts'
import type { KeyWrap } from './key-wrap.ts'

const FILE_NAME = /^([1-9][0-9]{0,9})\.key$/

/**
 * {@link EpochKeyStore} in a directory of its own: one wrapped key a file. Destroying overwrites, flushes and removes it;
 * on media that keep old blocks the wrapped bytes may outlast that, and are worth nothing without the master key.
 */
export class EpochKeyFiles implements EpochKeyStore {
  readonly #directory: string
  readonly #wrap: KeyWrap

  /** @throws StorageError */
  constructor(directory: string, wrap: KeyWrap) {
    makeDirectory(directory)
    this.#directory = directory
    this.#wrap = wrap
  }

  async list(): Promise<readonly number[]> {
    try {
      return (await readdir(this.#directory)).flatMap((name) => {
        const number = FILE_NAME.exec(name)?.[1]
        return number === undefined ? [] : [Number(number)]
      })
    } catch (cause) {
      throw toStorageError(cause, this.#directory, 'reading')
    }
  }

  async get(epoch: number): Promise<Uint8Array | undefined> {
    let wrapped: Uint8Array
    try {
      wrapped = await readFile(this.#path(epoch))
    } catch (cause) {
      if (isAbsent(cause)) return undefined
      throw toStorageError(cause, this.#path(epoch), 'reading')
    }
    try {
      return this.#wrap.unwrap(wrapped, contextOf(epoch))
    } catch (cause) {
      const context = { epoch, path: this.#path(epoch) }
      throw new VaultError('ERR_VAULT_EPOCH_KEY', `${this.#path(epoch)} does not open: use the master key of this data directory, or restore the file`, { context, cause })
    }
  }

  async put(epoch: number, key: Uint8Array): Promise<void> {
    if ((await this.list()).includes(epoch)) return
    writeFileDurably(this.#path(epoch), this.#wrap.wrap(key, contextOf(epoch)))
  }

  async destroy(epoch: number): Promise<void> {
    const path = this.#path(epoch)
    try {
      const { length } = await readFile(path)
      eraseFile(path, length)
    } catch (cause) {
      if (!isAbsent(cause)) throw toStorageError(cause, path, 'erasing')
    }
  }

  #path(epoch: number): string {
    return join(this.#directory, `${epoch}.key`)
  }
}

function contextOf(epoch: number): string {
  return `epoch ${epoch}`
}

function isAbsent(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
}
