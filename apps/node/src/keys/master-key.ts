import { hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { utf8 } from '@chiron/protocol'
import { makeDirectory, writeFileDurably } from '../storage/files.ts'
import { KeyError } from './errors.ts'
import { Secret } from './secret.ts'

/** File in the keys' directory that tells whether a master key is the right one, without telling the key. */
const CHECK_FILE = 'master.check'
const SALT = utf8('chiron/master/v1')

/** What a subkey is for. Two purposes never share a key. */
export type KeyPurpose = 'key-check' | 'key-files' | 'wallet-copies' | `index/${string}` | `epoch/${string}` | `token/${string}` | `client-ids/${string}` | `cursors/${string}` | `details/${string}`

/**
 * The key (32 bytes) under which everything else in the data directory is sealed. Kept as 64 hexadecimal digits in a file
 * of mode 0600, best on another disk (`CHIRON_MASTER_KEY_FILE`).
 */
export class MasterKey {
  readonly #key: Secret

  constructor(key: Secret) {
    this.#key = key
  }

  /**
   * Reads the master key and checks that the data was made under it; makes one if there are neither key nor data.
   * @throws KeyError `ERR_KEY_MASTER_MISSING`, `ERR_KEY_MASTER_INVALID`, `ERR_KEY_MASTER_WRONG`, `ERR_KEY_FILE_CORRUPT`; StorageError
   */
  static open(path: string, keysDirectory: string): MasterKey {
    makeDirectory(keysDirectory)
    const check = join(keysDirectory, CHECK_FILE)
    const checked = existsSync(check)
    if (!existsSync(path)) {
      if (checked || readdirSync(keysDirectory).length > 0) {
        throw new KeyError('ERR_KEY_MASTER_MISSING', path, `the master key ${path} is missing: restore it, or set CHIRON_MASTER_KEY_FILE to where it is; without it this data cannot be opened`)
      }
      makeDirectory(dirname(path))
      writeFileDurably(path, utf8(`${randomBytes(32).toString('hex')}\n`))
    }
    const key = new MasterKey(parseMasterKey(path))
    const value = key.subkey('key-check').reveal().subarray(0, 16)
    if (!checked && readdirSync(keysDirectory).some((file) => file.endsWith('.sealed'))) {
      throw new KeyError('ERR_KEY_FILE_CORRUPT', check, `${check} is missing: restore it from a backup`)
    }
    if (!checked) writeFileDurably(check, utf8(`${Buffer.from(value).toString('hex')}\n`))
    else if (!isSame(readFileSync(check, 'utf8'), value)) {
      throw new KeyError('ERR_KEY_MASTER_WRONG', path, `${path} is not the master key of this data: set CHIRON_MASTER_KEY_FILE to the right one, or CHIRON_DATA to the data it belongs to`)
    }
    return key
  }

  /** The key (32 bytes) for one purpose: HKDF-SHA-256 (RFC 5869) with the purpose as `info`. */
  subkey(purpose: KeyPurpose): Secret {
    return new Secret(new Uint8Array(hkdfSync('sha256', this.#key.reveal(), SALT, utf8(purpose), 32)))
  }
}

function parseMasterKey(path: string): Secret {
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new KeyError('ERR_KEY_MASTER_INVALID', path, `the master key ${path} cannot be read: check its owner and mode`, { cause })
  }
  if (!/^[0-9a-f]{64}$/.test(text)) throw new KeyError('ERR_KEY_MASTER_INVALID', path, `${path} is no master key: it must hold 64 hexadecimal digits and nothing else`)
  return new Secret(Buffer.from(text, 'hex'))
}

function isSame(text: string, value: Uint8Array): boolean {
  const written = Buffer.from(text.trim(), 'hex')
  return written.length === value.length && timingSafeEqual(written, value)
}
