import { timingSafeEqual } from 'node:crypto'
import { IndexError } from '../errors.ts'
import { hmacSha256 } from './keys.ts'
import type { IndexKeys } from './keys.ts'

/** Length of a page's hash: SHA-256 cut to 16 bytes. */
export const HASH_BYTES = 16

/**
 * What the database file holds after a checkpoint, page by page. The file is trusted only as far as it agrees.
 *
 * Layout: magic (8), key check (16), HMAC-SHA256 of what follows (32), then length of the rest (4, big-endian),
 * page count (4), write-ahead log's salts (8), masked hash of page 1 (32), length of the fingerprint (2), the
 * fingerprint, and one hash per page.
 */
export interface Manifest {
  /** Names the schema and the search definitions under which the index was built. */
  readonly fingerprint: string
  /** Salts of the write-ahead log that is wholly contained in the database file; 8 bytes. */
  readonly walSalts: Uint8Array
  /** SHA-256 of page 1 in the clear without the bytes that a change of journal mode touches. */
  readonly firstPage: Uint8Array
  /** `HASH_BYTES` per page of ciphertext. */
  readonly hashes: Uint8Array
}

const MAGIC = Buffer.from('chirnix1')
const HEAD = MAGIC.length + 16 + 32

export function formatManifest(manifest: Manifest, keys: IndexKeys): Buffer {
  const fingerprint = Buffer.from(manifest.fingerprint)
  const fixed = Buffer.alloc(8)
  fixed.writeUInt32BE(8 + 8 + 32 + 2 + fingerprint.length + manifest.hashes.length, 0)
  fixed.writeUInt32BE(manifest.hashes.length / HASH_BYTES, 4)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(fingerprint.length)
  const body = Buffer.concat([fixed, manifest.walSalts, manifest.firstPage, length, fingerprint, manifest.hashes])
  return Buffer.concat([MAGIC, keys.check, hmacSha256(keys.manifest, body), body])
}

/** @throws IndexError `ERR_INDEX_KEY` if it was made under another key, `ERR_INDEX_CORRUPT` if it was changed */
export function parseManifest(bytes: Buffer, keys: IndexKeys): Manifest {
  const corrupt = (reason: string) => new IndexError('ERR_INDEX_CORRUPT', { file: 'manifest', reason })
  if (bytes.length < HEAD + 50) throw corrupt('short')
  const body = bytes.subarray(HEAD)
  const authentic = timingSafeEqual(bytes.subarray(MAGIC.length + 16, HEAD), hmacSha256(keys.manifest, body))
  const checked = timingSafeEqual(bytes.subarray(MAGIC.length, MAGIC.length + 16), keys.check)
  if (!authentic && !checked) throw new IndexError('ERR_INDEX_KEY')
  if (!authentic || !checked || !MAGIC.equals(bytes.subarray(0, MAGIC.length))) throw corrupt('changed')
  const start = 50 + body.readUInt16BE(48)
  return {
    walSalts: body.subarray(8, 16),
    firstPage: body.subarray(16, 48),
    fingerprint: body.toString('utf8', 50, start),
    hashes: Buffer.from(body.subarray(start)),
  }
}
