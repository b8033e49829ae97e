import type { Disk } from './disk.ts'
import type { SeededRandom } from './random.ts'

const SECTOR_BYTES = 512

interface Write {
  readonly position: number
  readonly bytes: Uint8Array
}

/**
 * A file whose writes are seen at once and lost by a crash unless flushed: of what was written since the last flush any
 * sectors may have reached the disk and others not, in any order.
 */
export class SimulatedFile {
  readonly #disk: Disk
  #durable: Uint8Array
  #seen: Uint8Array
  #unflushed: Write[] = []

  constructor(disk: Disk, contents: Uint8Array) {
    this.#disk = disk
    this.#durable = contents.slice()
    this.#seen = contents.slice()
  }

  contents(): Uint8Array {
    return this.#seen.slice()
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    const write = { position, bytes: bytes.slice() }
    await this.#disk.step(
      () => {
        this.#unflushed.push(write)
        this.#seen = written(this.#seen, write)
      },
      { writes: true },
    )
  }

  async flush(): Promise<void> {
    const flushing = this.#unflushed.length
    await this.#disk.step(() => {
      for (const write of this.#unflushed.splice(0, flushing)) this.#durable = written(this.#durable, write)
    })
  }

  read(bytes: Uint8Array, position: number): void {
    bytes.set(this.#seen.subarray(position, position + bytes.length))
  }

  truncate(size: number): void {
    this.#disk.commitNow(() => {
      for (const write of this.#unflushed.splice(0)) this.#durable = written(this.#durable, write)
      this.#durable = this.#durable.slice(0, size)
      this.#seen = this.#durable.slice()
    })
  }

  loseUnflushed(random: SeededRandom): void {
    for (const { position, bytes } of this.#unflushed.splice(0)) {
      const kept = random.pick([0, 0.5, 0.9, 1])
      for (let at = 0; at < bytes.length; at += SECTOR_BYTES) {
        if (random.chance(kept)) this.#durable = written(this.#durable, { position: position + at, bytes: bytes.subarray(at, at + SECTOR_BYTES) })
      }
      // The new length may have reached the disk before what stands there.
      if (random.chance(0.3)) this.#durable = written(this.#durable, { position: position + bytes.length, bytes: new Uint8Array() })
    }
    this.#seen = this.#durable.slice()
  }
}

function written(contents: Uint8Array, { position, bytes }: Write): Uint8Array {
  const end = position + bytes.length
  const grown = end > contents.length ? new Uint8Array(end) : contents.slice()
  if (grown.length !== contents.length) grown.set(contents)
  grown.set(bytes, position)
  return grown
}
