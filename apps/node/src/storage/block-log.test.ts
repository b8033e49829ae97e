import { mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { canMount, mountTmpfs, resizeTmpfs, unmount } from '../../test/small-disk.ts'
import { FRAME_HEADER_BYTES, SEGMENT_HEADER_BYTES, segmentName } from './block-frames.ts'
import { FileBlockLog, type BlockLogOptions } from './block-log.ts'

const genesisHash = new Uint8Array(32).fill(7)
const block = (height: number): Uint8Array => new TextEncoder().encode(`block ${height} ${'x'.repeat(height * 3)}`)

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chiron-log-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function open(committedHeight: number, options: Partial<BlockLogOptions> = {}): FileBlockLog {
  return new FileBlockLog({ directory, genesisHash, committedHeight, ...options })
}

async function write(count: number, options: Partial<BlockLogOptions> = {}): Promise<void> {
  const log = open(0, options)
  while (log.height < count) await log.append(block(log.height + 1))
  log.close()
}

const onlySegment = (): string => join(directory, segmentName(1))
const damageOf = (height: number): object => ({ code: 'ERR_STORAGE_CORRUPT', context: expect.objectContaining({ height }) })

describe('FileBlockLog', () => {
  it('gives back what was appended, before and after a restart, over several segments', async () => {
    await write(20, { segmentBytes: 200 })
    expect(readdirSync(directory).length).toBeGreaterThan(3)
    const seen = new Map<number, Uint8Array>()
    const log = open(20, { segmentBytes: 200, onBlock: (bytes, height) => seen.set(height, new Uint8Array(bytes)) })
    expect(log.height).toBe(20)
    expect([...seen]).toEqual(Array.from({ length: 20 }, (_, at) => [at + 1, block(at + 1)]))
    for (let height = 1; height <= 20; height++) expect(log.read(height)).toEqual(block(height))
    expect(log.read(0)).toBeUndefined()
    expect(log.read(21)).toBeUndefined()
    await log.append(block(21))
    expect(log.read(21)).toEqual(block(21))
    log.close()
  })

  it('reads a segment that holds a single block', async () => {
    await write(3, { segmentBytes: 1 })
    const log = open(3, { segmentBytes: 1 })
    for (let height = 1; height <= 3; height++) expect(log.read(height)).toEqual(block(height))
    log.close()
  })

  it('drops a last frame cut short at any byte, when it was never acknowledged', async () => {
    await write(4)
    const whole = readFileSync(onlySegment())
    const lastFrame = FRAME_HEADER_BYTES + block(4).length
    for (let cut = 1; cut <= lastFrame; cut++) {
      writeFileSync(onlySegment(), whole.subarray(0, whole.length - cut))
      const log = open(3)
      expect(log.height).toBe(3)
      expect(readFileSync(onlySegment()).length).toBe(whole.length - lastFrame)
      await log.append(block(4))
      log.close()
      expect(readFileSync(onlySegment())).toEqual(whole)
    }
  })

  it('drops a last frame with holes, when it was never acknowledged', async () => {
    await write(4)
    const whole = readFileSync(onlySegment())
    const start = whole.length - FRAME_HEADER_BYTES - block(4).length
    for (const from of [start, start + 10, start + FRAME_HEADER_BYTES, whole.length - 1]) {
      const bytes = Buffer.from(whole)
      bytes.fill(0, from)
      writeFileSync(onlySegment(), bytes)
      const log = open(3)
      expect(log.height).toBe(3)
      log.close()
    }
  })

  it('refuses a log that ends before the state does, wherever it was cut', async () => {
    await write(4)
    const whole = readFileSync(onlySegment())
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(onlySegment(), whole.subarray(0, length))
      expect(() => open(4)).toThrow(expect.objectContaining({ code: 'ERR_STORAGE_CORRUPT' }))
    }
    expect(readFileSync(onlySegment()).length).toBe(whole.length - 1)
  })

  it('notices any flipped bit in any block that was acknowledged, and leaves the file alone', async () => {
    await write(6, { segmentBytes: 250 })
    const files = readdirSync(directory)
    fc.assert(
      fc.property(fc.constantFrom(...files), fc.nat(), fc.nat(7), (name, position, bit) => {
        const path = join(directory, name)
        const whole = readFileSync(path)
        const bytes = Buffer.from(whole)
        const at = position % bytes.length
        bytes[at] = (bytes[at] as number) ^ (1 << bit)
        writeFileSync(path, bytes)
        try {
          expect(() => open(6)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_STORAGE_(CORRUPT|FOREIGN)$/) }))
          expect(readFileSync(path)).toEqual(bytes)
        } finally {
          writeFileSync(path, whole)
        }
      }),
      { numRuns: 300 },
    )
    open(6).close()
  })

  it('does not take damage in the middle for a torn end, even when the state is far behind', async () => {
    await write(6)
    const whole = readFileSync(onlySegment())
    for (const at of [SEGMENT_HEADER_BYTES, SEGMENT_HEADER_BYTES + 16, SEGMENT_HEADER_BYTES + 19, SEGMENT_HEADER_BYTES + 30]) {
      const bytes = Buffer.from(whole)
      bytes[at] = (bytes[at] as number) ^ 0x40
      writeFileSync(onlySegment(), bytes)
      expect(() => open(0)).toThrow(expect.objectContaining(damageOf(1)))
      expect(readFileSync(onlySegment())).toEqual(bytes)
    }
  })

  it('says which height is damaged', async () => {
    await write(5)
    const bytes = readFileSync(onlySegment())
    bytes[bytes.length - 1] = 0
    writeFileSync(onlySegment(), bytes)
    expect(() => open(5)).toThrow(expect.objectContaining(damageOf(5)))
  })

  it('notices a block that is damaged while the node runs', async () => {
    await write(3)
    const log = open(3)
    const bytes = readFileSync(onlySegment())
    bytes[SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES] = 0
    writeFileSync(onlySegment(), bytes)
    expect(() => log.read(1)).toThrow(expect.objectContaining(damageOf(1)))
    expect(log.read(2)).toEqual(block(2))
    log.close()
  })

  it('refuses the log of another genesis', async () => {
    await write(2)
    expect(() => open(2, { genesisHash: new Uint8Array(32) })).toThrow(expect.objectContaining({ code: 'ERR_STORAGE_FOREIGN' }))
  })

  it('refuses a missing segment', async () => {
    await write(12, { segmentBytes: 250 })
    const names = readdirSync(directory).sort()
    rmSync(join(directory, names[1] as string))
    expect(() => open(12)).toThrow(expect.objectContaining({ code: 'ERR_STORAGE_CORRUPT' }))
  })

  it('starts again after a crash while a segment was being created', async () => {
    await write(3)
    writeFileSync(join(directory, segmentName(4)), new Uint8Array(20))
    const log = open(3)
    expect(log.height).toBe(3)
    await log.append(block(4))
    log.close()
    expect(open(4).read(4)).toEqual(block(4))
  })

  it('refuses to append after it was closed', async () => {
    const log = open(0)
    log.close()
    await expect(log.append(block(1))).rejects.toMatchObject({ code: 'ERR_STORAGE_CLOSED' })
  })

  it('accepts an empty directory and a file cut to its header', async () => {
    await write(1)
    truncateSync(onlySegment(), SEGMENT_HEADER_BYTES)
    const log = open(0)
    expect(log.height).toBe(0)
    log.close()
  })

  it.skipIf(!canMount)('is as it was before when the disk is full (needs root and mount)', async () => {
    mountTmpfs(directory, '256k')
    try {
      const log = open(0)
      const large = new Uint8Array(30_000).fill(1)
      const full = (async () => {
        for (;;) await log.append(large)
      })()
      await expect(full).rejects.toMatchObject({ code: 'ERR_STORAGE_FULL', message: expect.stringContaining('free some space') })
      const { height } = log
      expect(height).toBeGreaterThan(3)
      expect(readFileSync(onlySegment()).length).toBe(SEGMENT_HEADER_BYTES + height * (FRAME_HEADER_BYTES + large.length))
      expect(log.read(height)).toEqual(large)
      await expect(log.append(block(1))).rejects.toMatchObject({ code: 'ERR_STORAGE_FULL' })
      log.close()
      resizeTmpfs(directory, '1m')
      const again = open(height)
      await again.append(large)
      expect(again.height).toBe(height + 1)
      again.close()
    } finally {
      unmount(directory)
    }
  })
})
