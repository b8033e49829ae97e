import { closeSync, fdatasync, fdatasyncSync, fsyncSync, ftruncateSync, openSync, readFileSync, readSync, readdirSync, unlinkSync, write } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeDirectory, syncDirectory, writeAll } from './files.ts'

const flush = promisify(fdatasync)
const writeAt = promisify(write)

/** An open file of {@link BlockFiles}. Whatever fails throws what the system says. */
export interface BlockFile {
  /** Writes all of `bytes` at `position`. Nothing is durable before {@link BlockFile.flush}. */
  write(bytes: Uint8Array, position: number): Promise<void>
  /** What was written is durable when it resolves. */
  flush(): Promise<void>
  /** Fills `bytes` from `position`, as far as the file reaches. */
  read(bytes: Uint8Array, position: number): void
  /** Cuts the file to `size` bytes; durable when it returns. */
  truncate(size: number): void
  close(): void
}

/** The files of a block log: a port, so that simulations and fault tests have disks of their own. */
export interface BlockFiles {
  names(): readonly string[]
  contents(name: string): Uint8Array
  open(name: string): BlockFile
  /** A new file that holds `contents`; it and its name are durable when it returns. On a failure there is no such file. */
  create(name: string, contents: Uint8Array): BlockFile
  /** Durable when it returns. */
  remove(name: string): void
}

/** {@link BlockFiles} in a directory, which is made. */
export class DirectoryBlockFiles implements BlockFiles {
  readonly #path: string

  /** @throws StorageError */
  constructor(path: string) {
    this.#path = path
    makeDirectory(path)
  }

  names(): readonly string[] {
    return readdirSync(this.#path)
  }

  contents(name: string): Uint8Array {
    return readFileSync(join(this.#path, name))
  }

  open(name: string): BlockFile {
    return new DescriptorFile(openSync(join(this.#path, name), 'r+'))
  }

  create(name: string, contents: Uint8Array): BlockFile {
    const path = join(this.#path, name)
    const descriptor = openSync(path, 'w+', 0o600)
    try {
      writeAll(descriptor, contents, 0)
      fsyncSync(descriptor)
      syncDirectory(this.#path)
    } catch (error) {
      closeSync(descriptor)
      removeQuietly(path)
      throw error
    }
    return new DescriptorFile(descriptor)
  }

  remove(name: string): void {
    unlinkSync(join(this.#path, name))
    syncDirectory(this.#path)
  }
}

class DescriptorFile implements BlockFile {
  readonly #descriptor: number

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    let done = 0
    while (done < bytes.length) {
      const { bytesWritten } = await writeAt(this.#descriptor, bytes, done, bytes.length - done, position + done)
      done += bytesWritten
    }
  }

  async flush(): Promise<void> {
    await flush(this.#descriptor)
  }

  read(bytes: Uint8Array, position: number): void {
    let done = 0
    while (done < bytes.length) {
      const read = readSync(this.#descriptor, bytes, done, bytes.length - done, position + done)
      if (read === 0) return
      done += read
    }
  }

  truncate(size: number): void {
    ftruncateSync(this.#descriptor, size)
    fdatasyncSync(this.#descriptor)
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // An empty last segment is dropped at the next start.
  }
}
