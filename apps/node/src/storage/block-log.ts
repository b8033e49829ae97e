import { closeSync, fdatasync, fdatasyncSync, fsyncSync, ftruncateSync, openSync, readFileSync, readSync, readdirSync, unlinkSync, write } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { FRAME_HEADER_BYTES, SEGMENT_HEADER_BYTES, checkSegmentHeader, formatFrame, formatSegmentHeader, parseFrame, parseSegmentName, segmentName, wholeFrameFollows } from './block-frames.ts'
import { StorageError, toStorageError } from './errors.ts'
import { makeDirectory, syncDirectory, writeAll } from './files.ts'

const flush = promisify(fdatasync)
const writeAt = promisify(write)

/** Size at which a segment is followed by the next. */
const SEGMENT_BYTES = 64 * 1024 * 1024

/** Encoded blocks in order of height, from 1 without a gap. Drivers: {@link FileBlockLog}, and faults in tests. */
export interface BlockLog {
  /** Height of the last whole block, 0 when there is none. */
  readonly height: number
  /**
   * Appends the block of the next height; durable when it resolves. On rejection the log is as it was before, or, when
   * even that cannot be written, ends in an incomplete frame that the next start drops. One call at a time.
   * @throws StorageError `ERR_STORAGE_FULL`, `ERR_STORAGE_IO`
   */
  append(block: Uint8Array): Promise<void>
  /** The block's bytes, checked against their digest. @throws StorageError `ERR_STORAGE_CORRUPT`, `ERR_STORAGE_IO` */
  read(height: number): Uint8Array | undefined
  close(): void
}

export interface BlockLogOptions {
  readonly directory: string
  /** SHA-256 of the genesis: a log of another genesis is refused. */
  readonly genesisHash: Uint8Array
  /** Height that the state has: blocks up to it were acknowledged and must be whole. */
  readonly committedHeight: number
  readonly segmentBytes?: number
  /** Sees every whole block, in order, while the log is opened: for what must be checked of each at start. */
  onBlock?(block: Uint8Array, height: number): void
}

interface Segment {
  readonly path: string
  readonly first: number
  readonly descriptor: number
  size: number
}

/** {@link BlockLog} in segment files of one directory. Opening reads and checks every frame. */
export class FileBlockLog implements BlockLog {
  readonly #options: BlockLogOptions
  readonly #segments: Segment[] = []
  /** Of each frame, by height - 1. */
  readonly #offsets: number[] = []
  #failed: StorageError | undefined

  /**
   * Drops what a crash left of the one block that was being written: only the block after `committedHeight` can be cut
   * short or have holes, and nothing follows it.
   * @throws StorageError `ERR_STORAGE_CORRUPT` (context `height`, `path`), `ERR_STORAGE_FOREIGN`, `ERR_STORAGE_IO`
   */
  constructor(options: BlockLogOptions) {
    this.#options = options
    makeDirectory(options.directory)
    try {
      this.#load()
    } catch (cause) {
      this.close()
      throw cause instanceof Error && 'syscall' in cause ? toStorageError(cause, options.directory, 'reading the block log in') : cause
    }
  }

  get height(): number {
    return this.#offsets.length
  }

  async append(block: Uint8Array): Promise<void> {
    if (this.#failed) throw this.#failed
    const height = this.height + 1
    const frame = formatFrame(height, block)
    let segment: Segment | undefined
    try {
      segment = this.#segmentFor(height)
      await writeFully(segment.descriptor, frame, segment.size)
      await flush(segment.descriptor)
    } catch (cause) {
      this.#failed = toStorageError(cause, segment?.path ?? this.#options.directory, 'appending a block to')
      if (segment) dropTail(segment)
      throw this.#failed
    }
    this.#offsets.push(segment.size)
    segment.size += frame.length
  }

  read(height: number): Uint8Array | undefined {
    const offset = this.#offsets[height - 1]
    const segment = this.#segments.findLast(({ first }) => first <= height)
    if (offset === undefined || !segment) return undefined
    const next = segment === this.#segments.findLast(({ first }) => first <= height + 1) ? this.#offsets[height] : undefined
    const end = next ?? segment.size
    const bytes = new Uint8Array(end - offset)
    try {
      readFully(segment.descriptor, bytes, offset)
    } catch (cause) {
      throw toStorageError(cause, segment.path, 'reading a block from')
    }
    const payload = parseFrame(bytes, 0, height)
    if (typeof payload === 'string') throw damaged(height, segment.path)
    return payload
  }

  close(): void {
    for (const { descriptor } of this.#segments.splice(0)) closeSync(descriptor)
    this.#offsets.length = 0
    this.#failed ??= new StorageError('ERR_STORAGE_CLOSED', 'the block log is closed')
  }

  #load(): void {
    const { directory, committedHeight } = this.#options
    const firsts = readdirSync(directory).map(parseSegmentName).filter((first) => first !== undefined).sort((a, b) => a - b)
    for (const [at, first] of firsts.entries()) {
      const path = join(directory, segmentName(first))
      if (first !== this.height + 1) throw damaged(this.height + 1, path)
      this.#loadSegment(path, first, at === firsts.length - 1)
    }
    if (this.height < committedHeight) throw damaged(this.height + 1, directory)
  }

  #loadSegment(path: string, first: number, last: boolean): void {
    const bytes = readFileSync(path)
    const header = checkSegmentHeader(bytes.subarray(0, SEGMENT_HEADER_BYTES), this.#options.genesisHash, first)
    if (header === 'foreign') {
      throw new StorageError('ERR_STORAGE_FOREIGN', `${path} belongs to another network: point CHIRON_DATA at the right directory`, { context: { path } })
    }
    if (header === 'damaged') {
      const begun = last && bytes.length <= SEGMENT_HEADER_BYTES && first === this.#options.committedHeight + 1
      if (!begun) throw damaged(first, path)
      unlinkSync(path)
      syncDirectory(this.#options.directory)
      return
    }
    const segment: Segment = { path, first, descriptor: openSync(path, 'r+'), size: SEGMENT_HEADER_BYTES }
    this.#segments.push(segment)
    while (segment.size < bytes.length) {
      const height = this.height + 1
      const payload = parseFrame(bytes, segment.size, height)
      if (typeof payload === 'string') {
        const torn = last && height === this.#options.committedHeight + 1 && !wholeFrameFollows(bytes, segment.size, height)
        if (!torn) throw damaged(height, path)
        ftruncateSync(segment.descriptor, segment.size)
        fsyncSync(segment.descriptor)
        return
      }
      this.#options.onBlock?.(payload, height)
      this.#offsets.push(segment.size)
      segment.size += FRAME_HEADER_BYTES + payload.length
    }
  }

  #segmentFor(height: number): Segment {
    const current = this.#segments.at(-1)
    if (current && current.size < (this.#options.segmentBytes ?? SEGMENT_BYTES)) return current
    const path = join(this.#options.directory, segmentName(height))
    const descriptor = openSync(path, 'w+', 0o600)
    try {
      writeAll(descriptor, formatSegmentHeader(this.#options.genesisHash, height), 0)
      fsyncSync(descriptor)
      syncDirectory(this.#options.directory)
    } catch (error) {
      closeSync(descriptor)
      removeQuietly(path)
      throw error
    }
    const segment: Segment = { path, first: height, descriptor, size: SEGMENT_HEADER_BYTES }
    this.#segments.push(segment)
    return segment
  }
}

function damaged(height: number, path: string): StorageError {
  return new StorageError('ERR_STORAGE_CORRUPT', `block ${height} is damaged or missing in ${path}: restore this file from a backup or a replica; do not delete it`, { context: { height, path } })
}

function dropTail(segment: Segment): void {
  try {
    ftruncateSync(segment.descriptor, segment.size)
    fdatasyncSync(segment.descriptor)
  } catch {
    // The next start finds the frame incomplete and drops it.
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // An empty last segment is dropped at the next start.
  }
}

async function writeFully(descriptor: number, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0
  while (done < bytes.length) {
    const { bytesWritten } = await writeAt(descriptor, bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

function readFully(descriptor: number, bytes: Uint8Array, position: number): void {
  let done = 0
  while (done < bytes.length) {
    const read = readSync(descriptor, bytes, done, bytes.length - done, position + done)
    if (read === 0) return
    done += read
  }
}
