import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, ftruncateSync, linkSync, openSync, readdirSync, readFileSync, renameSync, statSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { concatBytes, decodeCanonical, encodeCanonical, schema, toHex, utf8, type Did } from '@chiron/protocol'
import type { KeptCopy, WalletCopies } from '@chiron/vault'
import * as v from 'valibot'
import { StorageError, toStorageError } from './errors.ts'
import { eraseFile, makeDirectory, syncDirectory, writeAll, writeFileDurably } from './files.ts'

const SUFFIX = '.copies'
/** What is being erased: another name of the file until it was replaced. */
const OLD = '.old'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const LENGTH_BYTES = 4

const frame = v.strictObject({ ciphertext: schema.hash32, bytes: v.instance(Uint8Array) })

/**
 * {@link WalletCopies} in files, one for each owner, named by an HMAC: frames of length, nonce, and one copy under
 * AES-256-GCM. New copies are appended; a file in which one is replaced or deleted is written anew, and the old one
 * overwritten with zeros. SPEC-COPY-2.
 */
export class FileWalletCopies implements WalletCopies {
  readonly #directory: string
  readonly #key: Uint8Array
  readonly #assertRoom: () => void
  #last: Promise<unknown> = Promise.resolve()
  /** Files to which appending failed: what a flush did not reach may be lost, also when the next one succeeds. They are written anew. */
  readonly #doubtful = new Set<string>()

  /** `key`: 32 bytes. Finishes what a crash interrupted. @throws StorageError */
  constructor(directory: string, key: Uint8Array, assertRoom: () => void = () => undefined) {
    this.#directory = directory
    this.#key = key
    this.#assertRoom = assertRoom
    makeDirectory(directory)
    for (const name of readdirSync(directory)) {
      const path = join(directory, name)
      if (name.endsWith(OLD)) finishErasing(path)
      else if (name.endsWith('.tmp')) eraseFile(path, statSync(path).size)
    }
  }

  async put(owner: Did, copies: readonly KeptCopy[]): Promise<void> {
    if (copies.length === 0) return
    const fresh = new Map(copies.map((copy) => [toHex(copy.ciphertext), { ciphertext: copy.ciphertext.slice(), bytes: copy.bytes.slice() }]))
    await this.#alone(() => {
      this.#assertRoom()
      const name = this.#nameOf(owner)
      const { kept, end } = this.#read(name)
      const replaces = [...fresh.keys()].some((key) => kept.has(key))
      if (replaces || this.#doubtful.has(name)) this.#replace(name, [...new Map([...kept, ...fresh]).values()])
      else this.#append(name, [...fresh.values()], end)
    })
  }

  async list(owner: Did): Promise<readonly KeptCopy[]> {
    return await this.#alone(() => [...this.#read(this.#nameOf(owner)).kept.values()])
  }

  async delete(ciphertexts: readonly Uint8Array[]): Promise<void> {
    const gone = new Set(ciphertexts.map(toHex))
    if (gone.size === 0) return
    await this.#alone(() => {
      for (const file of readdirSync(this.#directory).filter((name) => name.endsWith(SUFFIX))) {
        const name = file.slice(0, -SUFFIX.length)
        const { kept } = this.#read(name)
        const staying = [...kept].filter(([key]) => !gone.has(key)).map(([, copy]) => copy)
        if (staying.length < kept.size) this.#replace(name, staying)
      }
    })
  }

  /** One at a time: a file is read and written as a whole. */
  async #alone<T>(work: () => T): Promise<T> {
    const done = this.#last.then(() => {
      try {
        return work()
      } catch (cause) {
        throw toStorageError(cause, this.#directory, 'writing')
      }
    })
    this.#last = done.catch(() => undefined)
    return await done
  }

  #append(name: string, copies: readonly KeptCopy[], end: number): void {
    const path = this.#path(name)
    const isNew = !existsSync(path)
    const descriptor = openSync(path, isNew ? 'w' : 'r+', 0o600)
    try {
      ftruncateSync(descriptor, end)
      writeAll(descriptor, concatBytes(...copies.map((copy) => this.#seal(name, copy))), end)
      fsyncSync(descriptor)
      if (isNew) syncDirectory(this.#directory)
    } catch (error) {
      this.#doubtful.add(name)
      throw error
    } finally {
      closeSync(descriptor)
    }
  }

  #replace(name: string, copies: readonly KeptCopy[]): void {
    const path = this.#path(name)
    if (existsSync(`${path}${OLD}`)) finishErasing(`${path}${OLD}`)
    linkSync(path, `${path}${OLD}`)
    if (copies.length === 0) {
      unlinkSync(path)
      syncDirectory(this.#directory)
    } else {
      writeFileDurably(`${path}.new`, concatBytes(...copies.map((copy) => this.#seal(name, copy))))
      renameSync(`${path}.new`, path)
      syncDirectory(this.#directory)
    }
    this.#doubtful.delete(name)
    eraseFile(`${path}${OLD}`, statSync(`${path}${OLD}`).size)
  }

  /** Copies by envelope, the last of each, and where the last whole frame ends: what a crash left half-written comes after. */
  #read(name: string): { readonly kept: Map<string, KeptCopy>; readonly end: number } {
    const path = this.#path(name)
    const kept = new Map<string, KeptCopy>()
    if (!existsSync(path)) return { kept, end: 0 }
    const bytes = readFileSync(path)
    let end = 0
    while (end + LENGTH_BYTES <= bytes.length) {
      const length = bytes.readUInt32BE(end)
      const next = end + LENGTH_BYTES + length
      if (length < NONCE_BYTES + TAG_BYTES || next > bytes.length) break
      const copy = this.#open(name, bytes.subarray(end + LENGTH_BYTES, next))
      if (copy === undefined) {
        // A torn frame is the last; a damaged one has others after it.
        if (next === bytes.length) break
        throw new StorageError('ERR_STORAGE_CORRUPT', `${path} was changed: restore it from a backup, or have the wallets fetch their copies again`, { context: { path } })
      }
      kept.set(toHex(copy.ciphertext), copy)
      end = next
    }
    return { kept, end }
  }

  #seal(name: string, copy: KeptCopy): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(utf8(`chiron/wallet-copies/v1\0${name}`))
    const body = concatBytes(nonce, cipher.update(encodeCanonical({ ciphertext: copy.ciphertext, bytes: copy.bytes })), cipher.final(), cipher.getAuthTag())
    const length = Buffer.alloc(LENGTH_BYTES)
    length.writeUInt32BE(body.length)
    return concatBytes(length, body)
  }

  #open(name: string, body: Uint8Array): KeptCopy | undefined {
    const decipher = createDecipheriv('aes-256-gcm', this.#key, body.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    decipher.setAAD(utf8(`chiron/wallet-copies/v1\0${name}`))
    decipher.setAuthTag(body.subarray(body.length - TAG_BYTES))
    try {
      return decodeCanonical(frame, concatBytes(decipher.update(body.subarray(NONCE_BYTES, body.length - TAG_BYTES)), decipher.final()))
    } catch {
      return undefined
    }
  }

  #nameOf(owner: Did): string {
    return createHmac('sha256', this.#key).update(`chiron/wallet-copies-owner/v1\0${owner}`).digest('hex').slice(0, 40)
  }

  #path(name: string): string {
    return join(this.#directory, `${name}${SUFFIX}`)
  }
}

/** After a crash: the same file under another name is still in use; a replaced one is overwritten and goes. */
function finishErasing(path: string): void {
  const current = path.slice(0, -OLD.length)
  if (existsSync(current) && statSync(current).ino === statSync(path).ino) unlinkSync(path)
  else eraseFile(path, statSync(path).size)
}
