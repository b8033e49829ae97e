import { Hono, type Context } from 'hono'
import type { KeyValueReader } from '@chiron/ledger'
import { parseTilePath, readTile } from '@chiron/ledger/proofs'
import type { LogExposure } from '../config/config.ts'
import type { Checkpoints } from './checkpoints.ts'

export interface LogSource {
  readonly reader: KeyValueReader
  readonly checkpoints: Pick<Checkpoints, 'published' | 'signedSize'>
  readonly exposure: LogExposure
}

const PREFIX = '/log/tile/'
/** What is at an address of a tile never changes. */
const FOR_GOOD = 'public, max-age=31536000, immutable'

/**
 * The log as static resources, below `/log`. Only what is under a signed checkpoint is shown. C2SP tlog-tiles. SPEC-CKPT-11.
 */
export function logRoutes({ reader, checkpoints, exposure }: LogSource): Hono {
  const routes = new Hono()
  if (exposure === 'off') return routes
  routes.get('/checkpoint', (c) => {
    const checkpoint = checkpoints.published()
    return checkpoint === undefined ? absent(c) : c.body(checkpoint, 200, headers('text/plain; charset=utf-8', 'no-cache'))
  })
  routes.get('/tile/*', (c) => {
    const place = parseTilePath(c.req.path.slice(PREFIX.length))
    if (place === undefined || (place.level === 'entries' && exposure !== 'public')) return absent(c)
    const tile = readTile(reader, checkpoints.signedSize(), place)
    return tile === undefined ? absent(c) : c.body(tile.slice(), 200, headers('application/octet-stream', FOR_GOOD))
  })
  return routes
}

function absent(c: Context): Response {
  return c.body('there is no such part of the log\n', 404, headers('text/plain; charset=utf-8', 'no-store'))
}

function headers(type: string, caching: string): Record<string, string> {
  return { 'content-type': type, 'cache-control': caching, 'x-content-type-options': 'nosniff' }
}
