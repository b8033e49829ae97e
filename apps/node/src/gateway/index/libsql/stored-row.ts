import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { KeyObject } from 'node:crypto'
import { IndexError } from '../errors.ts'
import type { IndexedRow, RowForm } from '../port.ts'
import { bytesOf } from './database.ts'
import type { Row } from './database.ts'
import { hmacSha256 } from './keys.ts'

const DIGEST_BYTES = 16
/** Shorter JSON is kept as it is. */
const COMPRESS_FROM = 2048

/** Columns that `readRow` needs, in a statement with the alias `r`. */
export const ROW_COLUMNS = 'r.rid, r.type, r.id, r.version, r.form, r.author, r.current, r.deleted, r.last_updated_ms, r.record, r.json, r.digest'

/** What the digest covers besides the bytes of the JSON. */
export interface RowIdentity {
  readonly record: Uint8Array
  readonly type: string
  readonly id: string
  readonly version: string
  readonly form: RowForm
  readonly authored: boolean
  readonly deleted: boolean
  readonly lastUpdatedMs: number
}

/** JSON as it is stored: a byte that says how (0 plain, 1 raw DEFLATE), then the bytes. */
export function packJson(resource: object): Buffer {
  const plain = Buffer.from(JSON.stringify(resource))
  return plain.length < COMPRESS_FROM ? Buffer.concat([Buffer.of(0), plain]) : Buffer.concat([Buffer.of(1), deflateRawSync(plain, { level: 1 })])
}

/** 16 bytes that bind the stored JSON to what the row says it is. */
export function rowDigest(key: KeyObject, row: RowIdentity, json: Uint8Array | undefined): Buffer {
  const identity = JSON.stringify([row.type, row.id, row.version, row.form, row.authored, row.deleted, row.lastUpdatedMs])
  return hmacSha256(key, identity, row.record, json ?? '').subarray(0, DIGEST_BYTES)
}

/** @throws IndexError `ERR_INDEX_CORRUPT` if the row is not as it was written */
export function readRow(key: KeyObject, row: Row): IndexedRow {
  const record = bytesOf(row['record'])
  const stored = bytesOf(row['json'])
  const digest = bytesOf(row['digest'])
  const rid = row['rid'] as number
  if (record === undefined || digest === undefined) throw new IndexError('ERR_INDEX_CORRUPT', { rid })
  const identity: RowIdentity = {
    record,
    type: row['type'] as string,
    id: row['id'] as string,
    version: row['version'] as string,
    form: row['form'] as RowForm,
    authored: row['author'] === 1,
    deleted: row['deleted'] === 1,
    lastUpdatedMs: row['last_updated_ms'] as number,
  }
  if (!rowDigest(key, identity, stored).equals(digest)) throw new IndexError('ERR_INDEX_CORRUPT', { rid })
  const indexed = { rid, ...identity, current: row['current'] === 1 }
  if (stored === undefined) return indexed
  const bytes = stored.subarray(1)
  return { ...indexed, json: (stored[0] === 0 ? bytes : inflateRawSync(bytes)).toString('utf8') }
}
