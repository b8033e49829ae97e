import { EMPTY_ROOT, merkleRoot, utf8, leafHash, type ObjectId } from '@chiron/protocol'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { testIdentity } from '../testing/index.ts'
import { MemoryReleaseLogStore } from './memory.ts'
import type { LogFrontier } from './ports.ts'
import { extendFrontier, frontierRoot, ReleaseLog, type ReleaseLogEntry } from './release-log.ts'

function entryOf(n: number): ReleaseLogEntry {
  const { did } = testIdentity('gateway')
  const none = new Uint8Array()
  return { v: 1, kind: 'release', request: new Uint8Array(32).fill(n), access: new Uint8Array(16) as ObjectId, reader: did, gateway: did, height: n, timeMs: n, released: none, refused: none }
}

describe('release log', () => {
  it('has the root of the RFC 9162 tree over its entries', () => {
    fc.assert(fc.property(fc.array(fc.string(), { maxLength: 40 }), (texts) => {
      let frontier: LogFrontier = { size: 0, hashes: [] }
      for (const text of texts) frontier = extendFrontier(frontier, leafHash(utf8(text)))
      expect(frontierRoot(frontier)).toEqual(merkleRoot(texts.map(utf8)))
    }))
    expect(frontierRoot({ size: 0, hashes: [] })).toEqual(EMPTY_ROOT)
  })

  it('keeps the order of calls made at once, and goes on after a failure', async () => {
    class FailingOnce extends MemoryReleaseLogStore {
      fail = false
      override async append(entry: Uint8Array, frontier: LogFrontier): Promise<void> {
        if (this.fail) {
          this.fail = false
          throw new RangeError('disk full')
        }
        await super.append(entry, frontier)
      }
    }
    const store = new FailingOnce()
    const log = new ReleaseLog(store)
    await Promise.all(Array.from({ length: 10 }, (_, n) => log.append(entryOf(n))))
    store.fail = true
    await expect(log.append(entryOf(10))).rejects.toThrow('disk full')
    expect(log.head().size).toBe(10)
    await log.append(entryOf(11))
    log.verify()
    expect(log.head()).toEqual(new ReleaseLog(store).head())
    expect(log.head().root).toEqual(merkleRoot([...store.entries(0, 11)]))
  })

  it('notices a changed and a missing entry', async () => {
    class Changeable extends MemoryReleaseLogStore {
      change: (entries: Uint8Array[]) => Uint8Array[] = (entries) => entries
      override entries(from: number, to: number): Iterable<Uint8Array> {
        return this.change([...super.entries(from, to)])
      }
    }
    const store = new Changeable()
    const log = new ReleaseLog(store)
    for (let n = 0; n < 5; n++) await log.append(entryOf(n))
    log.verify()
    const changes: (typeof store.change)[] = [
      (entries) => entries.slice(1),
      (entries) => entries.map((entry, i) => (i === 2 ? entry.map((byte, at) => (at === entry.length - 1 ? byte ^ 1 : byte)) : entry)),
      (entries) => entries.map((entry, i) => (i === 2 ? entry.subarray(1) : entry)),
    ]
    for (const change of changes) {
      store.change = change
      expect(() => log.verify()).toThrow(expect.objectContaining({ code: 'ERR_VAULT_STORE_CORRUPT' }))
    }
  })
})
