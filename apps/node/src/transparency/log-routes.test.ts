import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { leafHash, nodeHash, rootOfHashes, toHex } from '@chiron/protocol'
import type { KeyValueReader } from '@chiron/ledger'
import { formatTilePath, parseEntryBundle, TILE_WIDTH } from '@chiron/ledger/proofs'
import type { LogExposure } from '../config/config.ts'
import { logRoutes } from './log-routes.ts'
import { GrowingLog } from './testing/growing-log.ts'

const SIZE = 70_000
const log = new GrowingLog().grow(SIZE)
let keysRead = 0
let ranges = 0
const counted: KeyValueReader = {
  get: () => {
    throw new TypeError('tiles are read in order')
  },
  *range(...args) {
    ranges++
    for (const pair of log.reader.range(...args)) {
      keysRead++
      yield pair
    }
  },
}

async function get(path: string, options: { exposure?: LogExposure; signed?: number; published?: string } = {}) {
  const { exposure = 'public', signed = SIZE, published } = options
  const app = logRoutes({ reader: counted, checkpoints: { published: () => published, signedSize: () => signed }, exposure })
  const response = await new Hono().route('/log', app).request(`/log/${path}`)
  return { status: response.status, caching: response.headers.get('cache-control'), type: response.headers.get('content-type'), body: new Uint8Array(await response.arrayBuffer()) }
}

const hashesIn = (tile: Uint8Array): Uint8Array[] => Array.from({ length: tile.length / 32 }, (_, i) => tile.slice(32 * i, 32 * i + 32))

describe('the log over HTTP', () => {
  it('has the tiles of the example of C2SP tlog-tiles, from which the root is computed', async () => {
    const row = async (level: number): Promise<Uint8Array[]> => {
      const count = Math.floor(SIZE / TILE_WIDTH ** level)
      const hashes: Uint8Array[] = []
      for (let index = 0; index * TILE_WIDTH < count; index++) {
        const { status, body } = await get(`tile/${formatTilePath({ level, index, width: Math.min(TILE_WIDTH, count - index * TILE_WIDTH) })}`)
        expect(status).toBe(200)
        hashes.push(...hashesIn(body))
      }
      return hashes
    }
    const [leaves, second, third] = [await row(0), await row(1), await row(2)]
    expect([leaves.length, second.length, third.length]).toEqual([SIZE, 273, 1])
    expect(third).toEqual([rootOfHashes(second.slice(0, 256))])
    expect(second).toEqual(Array.from({ length: 273 }, (_, i) => rootOfHashes(leaves.slice(256 * i, 256 * i + 256))))
    // 70,000 leaves: 65,536, then 16 full tiles of 4,096 in all, then 368.
    const last = rootOfHashes(leaves.slice(65_536 + 4096))
    expect(nodeHash(third[0] as Uint8Array, nodeHash(rootOfHashes(second.slice(256, 272)), last))).toEqual(log.head().app.logRoot)
  })

  it('gives the entries under the hashes', async () => {
    const { body } = await get('tile/entries/273.p/112')
    const { body: tile } = await get('tile/0/273.p/112')
    expect(parseEntryBundle(body, 112).map((entry) => toHex(leafHash(entry)))).toEqual(hashesIn(tile).map((hash) => toHex(hash)))
  })

  it('reads at most 256 keys in one go for a tile, wherever it is', async () => {
    for (const path of ['tile/0/000', 'tile/0/272', 'tile/1/000', 'tile/2/000.p/1', 'tile/entries/100']) {
      keysRead = 0
      ranges = 0
      expect((await get(path)).status).toBe(200)
      expect(ranges).toBe(1)
      expect(keysRead).toBeLessThanOrEqual(256)
    }
  })

  it('lets tiles be kept for good, and checkpoints not', async () => {
    expect(await get('tile/0/000')).toMatchObject({ status: 200, type: 'application/octet-stream', caching: 'public, max-age=31536000, immutable' })
    expect(await get('checkpoint', { published: 'a note\n' })).toMatchObject({ status: 200, type: 'text/plain; charset=utf-8', caching: 'no-cache', body: new TextEncoder().encode('a note\n') })
    expect(await get('tile/0/273')).toMatchObject({ status: 404, caching: 'no-store' })
    expect(await get('checkpoint')).toMatchObject({ status: 404 })
  })

  it('shows nothing that is not under a signed checkpoint', async () => {
    expect((await get('tile/0/000', { signed: 255 })).status).toBe(404)
    expect((await get('tile/0/000.p/255', { signed: 255 })).status).toBe(200)
    expect((await get('tile/entries/000.p/1', { signed: 0 })).status).toBe(404)
    expect((await get('tile/1/000.p/1', { signed: 255 })).status).toBe(404)
  })

  it.each(['tile/0/0', 'tile/0/x000/001', 'tile/64/000', 'tile/0/000.p/256', 'tile/entries', 'tile/0/%2e%2e', 'tile/'])('has nothing at %s', async (path) => {
    expect((await get(path)).status).toBe(404)
  })

  it('keeps entries, or everything, to itself when told so', async () => {
    expect((await get('tile/entries/000', { exposure: 'hashes' })).status).toBe(404)
    expect((await get('tile/0/000', { exposure: 'hashes' })).status).toBe(200)
    expect((await get('tile/0/000', { exposure: 'off' })).status).toBe(404)
    expect((await get('checkpoint', { exposure: 'off', published: 'a note\n' })).status).toBe(404)
  })
})
