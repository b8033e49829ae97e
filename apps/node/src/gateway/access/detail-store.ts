import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { concatBytes, decodeCanonical, encodeCanonical, schema, type Handle } from '@chiron/protocol'
import { open, type Database } from 'lmdb'
import * as v from 'valibot'
import type { StorageError } from '../../storage/errors.ts'
import { commitFailure, toWriteError } from '../../storage/lmdb-errors.ts'
import { DURABLE_ASYNC } from '../../storage/lmdb-spaces.ts'
import { FileSeal } from '../../storage/file-seal.ts'
import { makeDirectory } from '../../storage/files.ts'
import type { DisplayDetail } from './displays.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16
const ROOT_BYTES = 32
const kept = v.strictObject({ access: schema.objectId, leaves: v.array(schema.bytesUpTo(1024)) })

/** What a report's root stands for, sealed with AES-256-GCM under the organisation's key (32 bytes), by patient and root. */
export class DetailStore {
  readonly #directory: string
  readonly #key: Uint8Array
  readonly #onFailed: (error: StorageError) => void
  readonly #fileSeal: FileSeal
  readonly #database: Database<Uint8Array, Uint8Array>
  #failed: StorageError | undefined
  #closed = false

  /**
   * @param onFailed hears once why nothing more is kept: the node is to end
   * @throws StorageError `ERR_STORAGE_CORRUPT`
   */
  constructor(directory: string, key: Uint8Array, onFailed: (error: StorageError) => void = () => undefined) {
    makeDirectory(directory)
    this.#directory = directory
    this.#key = key
    this.#onFailed = onFailed
    this.#fileSeal = new FileSeal(join(directory, 'data.mdb'))
    this.#fileSeal.open(`restore it from a backup, or move the directory ${directory} away: then the details of earlier reports cannot be opened any more`)
    this.#database = open<Uint8Array, Uint8Array>({ ...DURABLE_ASYNC, keyEncoding: 'binary', encoding: 'binary', path: directory, noSubdir: false })
  }

  /** Durable when it resolves. After it has failed nothing more is taken. @throws StorageError */
  async put(details: readonly DisplayDetail[]): Promise<void> {
    if (this.#failed !== undefined) throw this.#failed
    try {
      // A promise returned from the callback would hold the transaction open.
      await this.#database.transaction(() => {
        for (const { patient, root, access, leaves } of details) this.#database.putSync(concatBytes(patient, root), this.#seal(root, { access, leaves: [...leaves] }))
      })
    } catch (cause) {
      const error = toWriteError(await commitFailure(cause), this.#directory, 'keeping details in')
      if (this.#failed === undefined && !this.#closed) this.#onFailed(error)
      this.#failed ??= error
      throw error
    }
  }

  /** Everything kept about a patient, in the order of roots. */
  of(patient: Handle): DisplayDetail[] {
    const end = concatBytes(patient, new Uint8Array(ROOT_BYTES + 1).fill(0xff))
    return [...this.#database.getRange({ start: patient, end })].map(({ key, value }) => {
      const root = new Uint8Array(key).slice(patient.length)
      return { patient, root, ...this.#open(root, value) }
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#database.close()
    if (this.#failed === undefined) this.#fileSeal.close()
  }

  #open(root: Uint8Array, sealed: Uint8Array): v.InferOutput<typeof kept> {
    const end = sealed.length - TAG_BYTES
    const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    decipher.setAAD(root)
    decipher.setAuthTag(sealed.subarray(end))
    return decodeCanonical(kept, concatBytes(decipher.update(sealed.subarray(NONCE_BYTES, end)), decipher.final()))
  }

  #seal(root: Uint8Array, content: v.InferOutput<typeof kept>): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(root)
    return concatBytes(nonce, cipher.update(encodeCanonical(content)), cipher.final(), cipher.getAuthTag())
  }
}
