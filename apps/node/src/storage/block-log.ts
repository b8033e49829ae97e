import { join } from 'node:path'
import { FRAME_HEADER_BYTES, SEGMENT_HEADER_BYTES, checkSegmentHeader, formatFrame, formatSegmentHeader, parseFrame, parseSegmentName, segmentName, wholeFrameFollows } from './block-frames.ts'
import { DirectoryBlockFiles, type BlockFile, type BlockFiles } from './block-files.ts'
import { StorageError, toStorageError } from './errors.ts'

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
  /** Where the segments lie: files of `directory` unless given. */
  readonly files?: BlockFiles
  /** Sees every whole block, in order, while the log is opened: for what must be checked of each at start. */
  onBlock?(block: Uint8Array, height: number): void
}

interface Segment {
  readonly path: string
  readonly first: number
  readonly file: BlockFile
  size: number
}

/** {@link BlockLog} in segment files of one directory. Opening reads and checks every frame. */
export class FileBlockLog implements BlockLog {
  readonly #options: BlockLogOptions
  readonly #files: BlockFiles
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
    this.#files = options.files ?? new DirectoryBlockFiles(options.directory)
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
      await segment.file.write(frame, segment.size)
      await segment.file.flush()
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
      segment.file.read(bytes, offset)
    } catch (cause) {
      throw toStorageError(cause, segment.path, 'reading a block from')
    }
    const payload = parseFrame(bytes, 0, height)
    if (typeof payload === 'string') throw damaged(height, segment.path)
    return payload
  }

  close(): void {
    for (const { file } of this.#segments.splice(0)) file.close()
    this.#offsets.length = 0
    this.#failed ??= new StorageError('ERR_STORAGE_CLOSED', 'the block log is closed')
  }

  #load(): void {
    const { directory, committedHeight } = this.#options
    const firsts = this.#files.names().map(parseSegmentName).filter((first) => first !== undefined).sort((a, b) => a - b)
    for (const [at, first] of firsts.entries()) {
      if (first !== this.height + 1) throw damaged(this.height + 1, this.#path(first))
      this.#loadSegment(first, at === firsts.length - 1)
    }
    if (this.height < committedHeight) throw damaged(this.height + 1, directory)
  }

  #path(first: number): string {
    return join(this.#options.directory, segmentName(first))
  }

  #loadSegment(first: number, last: boolean): void {
    const path = this.#path(first)
    const bytes = this.#files.contents(segmentName(first))
    const header = checkSegmentHeader(bytes.subarray(0, SEGMENT_HEADER_BYTES), this.#options.genesisHash, first)
    if (header === 'foreign') {
      throw new StorageError('ERR_STORAGE_FOREIGN', `${path} belongs to another network: point CHIRON_DATA at the right directory`, { context: { path } })
    }
    if (header === 'damaged') {
      const begun = last && bytes.length <= SEGMENT_HEADER_BYTES && first === this.#options.committedHeight + 1
      if (!begun) throw damaged(first, path)
      this.#files.remove(segmentName(first))
      return
    }
    const segment: Segment = { path, first, file: this.#files.open(segmentName(first)), size: SEGMENT_HEADER_BYTES }
    this.#segments.push(segment)
    while (segment.size < bytes.length) {
      const height = this.height + 1
      const payload = parseFrame(bytes, segment.size, height)
      if (typeof payload === 'string') {
        const torn = last && height === this.#options.committedHeight + 1 && !wholeFrameFollows(bytes, segment.size, height)
        if (!torn) throw damaged(height, path)
        segment.file.truncate(segment.size)
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
    const file = this.#files.create(segmentName(height), formatSegmentHeader(this.#options.genesisHash, height))
    const segment: Segment = { path: this.#path(height), first: height, file, size: SEGMENT_HEADER_BYTES }
    this.#segments.push(segment)
    return segment
  }
}

function damaged(height: number, path: string): StorageError {
  return new StorageError('ERR_STORAGE_CORRUPT', `block ${height} is damaged or missing in ${path}: restore this file from a backup or a replica; do not delete it`, { context: { height, path } })
}

function dropTail(segment: Segment): void {
  try {
    segment.file.truncate(segment.size)
  } catch {
    // The next start finds the frame incomplete and drops it.
  }
}
