import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { canMount, mountTmpfs, unmount } from '../../test/small-disk.ts'
import { LmdbStore } from './lmdb-store.ts'
import { MemoryStateStore } from './memory-state-store.ts'
import type { StoreWrite } from './state-store.ts'

let directory: string
const opened: LmdbStore[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chiron-lmdb-'))
})
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
  rmSync(directory, { recursive: true, force: true })
})

function open(path = directory, asideFrom?: number): LmdbStore {
  const store = new LmdbStore(path, asideFrom)
  opened.push(store)
  return store
}

const key = (n: number): Uint8Array => Uint8Array.of(n >>> 8, n & 255)
const put = (space: StoreWrite['space'], n: number, value: Uint8Array): StoreWrite => ({ space, key: key(n), value })
const strace = spawnSync('strace', ['-V']).status === 0

const anyKey = fc.uint8Array({ minLength: 1, maxLength: 3 })
const anyWrite = fc.record({
  space: fc.constantFrom('facts', 'flat', 'meta' as const),
  key: anyKey,
  value: fc.option(fc.uint8Array({ maxLength: 60 })),
})
const anyRange = fc.record({
  from: fc.uint8Array({ maxLength: 2 }),
  to: fc.option(fc.uint8Array({ maxLength: 2 }), { nil: undefined }),
  reverse: fc.boolean(),
  limit: fc.option(fc.nat(5), { nil: undefined }),
})

describe('LmdbStore', () => {
  it('does what the store in memory does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(anyWrite, { maxLength: 20 }), { maxLength: 5 }), fc.array(anyRange, { maxLength: 10 }), fc.array(anyKey), async (blocks, ranges, keys) => {
        const path = mkdtempSync(join(directory, 'run-'))
        const store = new LmdbStore(path)
        const model = new MemoryStateStore()
        for (const writes of blocks) {
          store.commit(writes)
          model.commit(writes)
        }
        for (const space of ['facts', 'flat', 'meta'] as const) {
          for (const wanted of keys) expect(store.get(space, wanted)).toEqual(model.get(space, wanted))
          for (const { from, to, reverse, limit } of ranges) {
            const options = { reverse, ...(limit === undefined ? {} : { limit }) }
            expect([...store.range(space, from, to, options)]).toEqual([...model.range(space, from, to, options)])
          }
        }
        await store.close()
      }),
      { numRuns: 40 },
    )
  })

  it('commits beside the event loop: reads see the state before until it is durable, and never a part', async () => {
    const store = open(directory, 0)
    const all = (n: number): StoreWrite[] => (['facts', 'flat', 'tree'] as const).map((space) => put(space, 1, Uint8Array.of(n)))
    const seen = (): (number | undefined)[] => (['facts', 'flat', 'tree'] as const).flatMap((space) => [store.get(space, key(1))?.[0], [...store.range(space, key(0), undefined)][0]?.[1][0]])
    store.commit(all(0))
    for (let n = 1; n <= 20; n++) {
      const now = { isVisible: false }
      const committed = store.commitAside(all(n), () => {
        now.isVisible = true
        expect(seen()).toEqual(new Array(6).fill(n))
      })
      while (!now.isVisible) {
        expect(seen()).toEqual(new Array(6).fill(n - 1))
        await new Promise((resolve) => setImmediate(resolve))
      }
      await committed
      expect(seen()).toEqual(new Array(6).fill(n))
    }
    await store.close()
    expect(open().get('flat', key(1))).toEqual(Uint8Array.of(20))
  })

  it('grows while it is read, and takes commits of both kinds in turn', async () => {
    const store = open(directory, 100)
    const value = new Uint8Array(2000)
    let next = 0
    for (const count of [1500, 1, 1500, 99, 1500]) {
      const committed = store.commitAside(Array.from({ length: count }, () => put('entries', next++, value)), () => undefined)
      for (let n = 0; n < next - count; n += 97) expect(store.get('entries', key(n))).toHaveLength(2000)
      await committed
    }
    expect([...store.range('entries', key(0), undefined)]).toHaveLength(next)
  })

  it('takes all of a commit beside the event loop or nothing, and then no other', async () => {
    const store = open(directory, 0)
    await store.commitAside([put('entries', 5, Uint8Array.of(5))], () => undefined)
    const refused = store.commitAside([put('facts', 1, Uint8Array.of(1)), put('entries', 4, Uint8Array.of(4))], () => expect.unreachable())
    expect(() => store.commit([])).toThrow(expect.objectContaining({ code: 'ERR_STORAGE_IO' }))
    await expect(refused).rejects.toMatchObject({ name: 'StorageError', code: 'ERR_STORAGE_IO', context: { space: 'entries' } })
    expect(store.get('facts', key(1))).toBeUndefined()
    await expect(store.commitAside([], () => expect.unreachable())).rejects.toMatchObject({ code: 'ERR_STORAGE_IO' })
    expect(store.get('entries', key(5))).toEqual(Uint8Array.of(5))
  })

  it('keeps what was committed, and hands out copies', async () => {
    const store = open()
    const long = new Uint8Array(100_000).fill(5)
    store.commit([put('facts', 1, Uint8Array.of(1, 2, 3)), put('facts', 2, long), put('facts', 3, new Uint8Array())])
    const first = store.get('facts', key(1)) as Uint8Array
    const second = store.get('facts', key(2)) as Uint8Array
    expect(first).toEqual(Uint8Array.of(1, 2, 3))
    expect(second).toEqual(long)
    expect(first.buffer.byteLength).toBe(3)
    first.fill(0)
    expect(store.get('facts', key(1))).toEqual(Uint8Array.of(1, 2, 3))
    const pairs = [...store.range('facts', new Uint8Array(), undefined)]
    expect(pairs).toEqual([[key(1), Uint8Array.of(1, 2, 3)], [key(2), long], [key(3), new Uint8Array()]])
    await store.close()
    const again = open()
    expect(again.get('facts', key(2))).toEqual(long)
    expect(again.get('flat', key(2))).toBeUndefined()
  })

  it('lets reads nest within a range', () => {
    const store = open()
    store.commit(Array.from({ length: 50 }, (_, n) => put('flat', n, Uint8Array.of(n))))
    const seen: number[] = []
    for (const [at, value] of store.range('flat', key(0), undefined)) {
      store.get('flat', key(49))
      expect([...store.range('flat', at, undefined, { limit: 1 })][0]?.[1]).toEqual(value)
      seen.push(value[0] as number)
    }
    expect(seen).toEqual(Array.from({ length: 50 }, (_, n) => n))
  })

  it('takes all of a commit or nothing', () => {
    const store = open()
    store.commit([put('entries', 5, Uint8Array.of(5))])
    expect(() => store.commit([put('facts', 1, Uint8Array.of(1)), put('entries', 4, Uint8Array.of(4))])).toThrow(expect.objectContaining({ code: 'ERR_STORAGE_IO' }))
    expect(store.get('facts', key(1))).toBeUndefined()
    expect(() => store.commit([])).toThrow(expect.objectContaining({ code: 'ERR_STORAGE_IO' }))
    expect(store.get('entries', key(5))).toEqual(Uint8Array.of(5))
  })

  it('grows without a limit set beforehand', async () => {
    const store = open()
    const value = new Uint8Array(8000)
    for (let block = 0; block < 8; block++) store.commit(Array.from({ length: 500 }, (_, n) => put('entries', block * 500 + n, value)))
    expect([...store.range('entries', key(0), undefined)]).toHaveLength(4000)
  })

  it('answers nothing once it is closed', async () => {
    const store = open()
    await store.close()
    expect(() => store.get('facts', key(1))).toThrow(expect.objectContaining({ code: 'ERR_STORAGE_CLOSED' }))
    expect(() => store.commit([])).toThrow(expect.objectContaining({ code: 'ERR_STORAGE_CLOSED' }))
  })

  it.skipIf(!strace).each(['store.commit(writes)', 'await store.commitAside(writes, () => undefined)'])('flushes data, then the root page, before it is done: %s (needs strace)', (commit) => {
    const trace = join(directory, 'trace')
    const script = `
      import { writeSync } from 'node:fs'
      import { LmdbStore } from ${JSON.stringify(join(import.meta.dirname, 'lmdb-store.ts'))}
      const store = new LmdbStore(${JSON.stringify(join(directory, 'traced'))}, 0)
      for (let n = 0; n < 3; n++) {
        writeSync(1, 'BEFORE')
        const writes = [{ space: 'facts', key: Uint8Array.of(n + 1), value: new Uint8Array(100) }]
        ${commit}
        writeSync(1, 'AFTER')
      }
      await store.close()`
    execFileSync('strace', ['-f', '-qq', '-y', '-o', trace, '-e', 'trace=write,pwrite64,pwritev,writev,fsync,fdatasync,msync,openat', process.execPath, '--input-type=module', '-e', script])
    const lines = readFileSync(trace, 'utf8').split('\n')
    const commits = lines.reduce<string[][]>((found, line) => {
      if (line.includes('"BEFORE"')) found.push([])
      else if (line.includes('"AFTER"')) found.push([])
      else if (line.includes('data.mdb')) found.at(-1)?.push(line)
      return found
    }, [[]])
    const during = [1, 3, 5].map((at) => commits[at] as string[])
    for (const calls of during) {
      const flush = calls.findIndex((line) => /f(data)?sync\(/.test(line))
      expect(flush).toBeGreaterThan(0)
      expect(calls.slice(0, flush).some((line) => /write/.test(line))).toBe(true)
      const root = calls.slice(flush + 1).find((line) => /pwrite/.test(line)) ?? ''
      expect(root).not.toBe('')
      const descriptor = /pwrite64\((\d+)</.exec(root)?.[1]
      const openedDurable = lines.some((line) => line.includes('data.mdb') && line.includes('O_DSYNC') && line.includes(`= ${descriptor}<`))
      const flushedAfter = calls.slice(calls.indexOf(root)).some((line) => /f(data)?sync\(/.test(line))
      expect(openedDurable || flushedAfter).toBe(true)
    }
  })

  it.skipIf(!canMount)('commits nothing more once the disk is full, and goes on reading (needs root and mount)', async () => {
    const disk = join(directory, 'small')
    mkdirSync(disk)
    mountTmpfs(disk, '1m')
    try {
      const store = new LmdbStore(disk)
      let written = 0
      const fill = (): void => {
        for (;;) {
          store.commit([put('facts', written + 1, new Uint8Array(20_000).fill(written))])
          written++
        }
      }
      expect(fill).toThrow(expect.objectContaining({ code: 'ERR_STORAGE_FULL' }))
      expect(() => store.commit([put('facts', 1, new Uint8Array(1))])).toThrow(expect.objectContaining({ code: 'ERR_STORAGE_FULL' }))
      const aside = new LmdbStore(disk, 0)
      await expect(aside.commitAside([put('facts', written + 1, new Uint8Array(500_000))], () => expect.unreachable())).rejects.toMatchObject({ code: 'ERR_STORAGE_FULL' })
      await aside.close()
      expect([...store.range('facts', key(0), undefined)]).toHaveLength(written)
      await store.close()
      const again = new LmdbStore(disk)
      expect(again.get('facts', key(written))).toEqual(new Uint8Array(20_000).fill(written - 1))
      expect(again.get('facts', key(written + 1))).toBeUndefined()
      await again.close()
    } finally {
      unmount(disk)
    }
  })

  it('says what to do when the directory cannot be made', () => {
    mkdirSync(join(directory, 'x'))
    const file = join(directory, 'file')
    execFileSync('touch', [file])
    expect(() => new LmdbStore(join(file, 'state'))).toThrow(expect.objectContaining({ code: 'ERR_STORAGE_READ_ONLY' }))
  })
})
