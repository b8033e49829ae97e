import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { concatBytes, equalBytes, utf8 } from '@chiron/protocol'
import { toStorageError } from '../storage/errors.ts'
import { eraseFile, makeDirectory, writeFileDurably, writeFileDurablyInBackground } from '../storage/files.ts'
import { KeyError } from './errors.ts'
import type { MasterKey } from './master-key.ts'
import { Secret } from './secret.ts'

const MAGIC = utf8('CHIRKEY1')
const NONCE_BYTES = 12
const TAG_BYTES = 16
const SUFFIX = '.sealed'
const NAME = /^[a-z0-9][a-z0-9.-]{0,99}$/

/**
 * Files of one directory, sealed under the master key: `CHIRKEY1` (8) ‖ nonce (12) ‖ AES-256-GCM ciphertext ‖ tag (16), the
 * file's name as associated data, so that files cannot change places.
 */
export class KeyFiles {
  readonly #directory: string
  readonly #key: Secret

  /** Erases what a crash left of writing: a file that was never named holds keys that nothing rests on. */
  constructor(directory: string, master: MasterKey) {
    makeDirectory(directory)
    for (const file of readdirSync(directory)) if (file.endsWith(`${SUFFIX}.tmp`)) eraseFile(join(directory, file), statSync(join(directory, file)).size)
    this.#directory = directory
    this.#key = master.subkey('key-files')
  }

  /** Names, in order. */
  names(): string[] {
    return readdirSync(this.#directory).filter((file) => file.endsWith(SUFFIX)).map((file) => file.slice(0, -SUFFIX.length)).sort()
  }

  /** Undefined if there is no such file. @throws KeyError `ERR_KEY_FILE_CORRUPT`, `ERR_KEY_NAME` */
  read(name: string): Secret | undefined {
    const path = this.#path(name)
    if (!existsSync(path)) return undefined
    const sealed = readSealed(path)
    const body = sealed.subarray(MAGIC.length + NONCE_BYTES)
    const corrupt = (cause?: unknown): KeyError => new KeyError('ERR_KEY_FILE_CORRUPT', path, `the key file ${path} was changed: restore it from a backup`, { cause })
    if (!equalBytes(sealed.subarray(0, MAGIC.length), MAGIC) || body.length < TAG_BYTES) throw corrupt()
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key.reveal(), sealed.subarray(MAGIC.length, MAGIC.length + NONCE_BYTES), { authTagLength: TAG_BYTES })
      decipher.setAAD(associatedData(name))
      decipher.setAuthTag(body.subarray(body.length - TAG_BYTES))
      return new Secret(concatBytes(decipher.update(body.subarray(0, body.length - TAG_BYTES)), decipher.final()))
    } catch (cause) {
      throw corrupt(cause)
    }
  }

  /** Durable when it returns; replaces what was there as a whole. @throws StorageError, KeyError `ERR_KEY_NAME` */
  write(name: string, content: Secret): void {
    writeFileDurably(this.#path(name), this.#sealed(name, content))
  }

  /** As `write`, without blocking: durable when it resolves. One at a time for a name. @throws StorageError, KeyError `ERR_KEY_NAME` */
  async writeInBackground(name: string, content: Secret): Promise<void> {
    await writeFileDurablyInBackground(this.#path(name), this.#sealed(name, content))
  }

  /** Overwrites and removes a file, if it is there. */
  remove(name: string): void {
    const path = this.#path(name)
    if (existsSync(path)) eraseFile(path, statSync(path).size)
  }

  #sealed(name: string, content: Secret): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key.reveal(), nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(associatedData(name))
    const ciphertext = concatBytes(cipher.update(content.reveal()), cipher.final())
    return concatBytes(MAGIC, nonce, ciphertext, cipher.getAuthTag())
  }

  #path(name: string): string {
    if (!NAME.test(name)) throw new KeyError('ERR_KEY_NAME', this.#directory, 'names of key files are lower-case letters, digits, dots and hyphens')
    return join(this.#directory, `${name}${SUFFIX}`)
  }
}

function readSealed(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw toStorageError(cause, path, 'reading')
  }
}

function associatedData(name: string): Uint8Array {
  return utf8(`chiron/key-file/v1\0${name}`)
}
