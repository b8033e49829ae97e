import { createHmac, createSecretKey, hkdfSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { IndexError } from '../errors.ts'

/** Keys of one index, derived from the organisation's index key (HKDF-SHA256, RFC 5869). */
export interface IndexKeys {
  /** 32 bytes in hex: the page cipher's key, given as `PRAGMA hexkey`. */
  readonly pageHex: string
  readonly manifest: KeyObject
  readonly digest: KeyObject
  /** 16 bytes by which a wrong key is told from damage. */
  readonly check: Uint8Array
}

/** @param key 32 bytes. @throws IndexError `ERR_INDEX_INPUT` */
export function deriveIndexKeys(key: Uint8Array): IndexKeys {
  if (key.length !== 32) throw new IndexError('ERR_INDEX_INPUT', { field: 'key' })
  const derive = (name: string, length = 32) => Buffer.from(hkdfSync('sha256', key, '', `chiron/index/${name}/v1`, length))
  return {
    pageHex: derive('page').toString('hex'),
    manifest: createSecretKey(derive('manifest')),
    digest: createSecretKey(derive('digest')),
    check: derive('check', 16),
  }
}

export function hmacSha256(key: KeyObject, ...parts: readonly (Uint8Array | string)[]): Buffer {
  const mac = createHmac('sha256', key)
  for (const part of parts) mac.update(part)
  return mac.digest()
}
