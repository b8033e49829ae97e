import { join } from 'node:path'
import type { Did } from '@chiron/protocol'
import { Keyholder, type KemKeyPair, type LedgerView, type Random } from '@chiron/vault'
import type { StorageError } from '../storage/errors.ts'
import { KeyholderDatabase } from './database.ts'
import { EpochKeyFiles } from './epoch-key-files.ts'
import type { KeyWrap } from './key-wrap.ts'
import { LmdbReleaseLogStore } from './release-log-store.ts'
import { LmdbShareStore } from './share-store.ts'

export interface KeyholderConfig {
  readonly chainId: string
  readonly did: Did
  /** The pair of the `kemKey` that the ledger names. */
  readonly keys: KemKeyPair
  /** `data/keyholders/{name}`: `shares/` (LMDB) and `epochs/` (wrapped keys) lie in it. */
  readonly directory: string
}

export interface KeyholderParts {
  readonly view: LedgerView
  readonly sign: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>
  readonly verify?: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean
  readonly wrap: KeyWrap
  readonly random: Random
  /** Hears once why nothing more is written: the node is to end. */
  readonly onFailed?: (error: StorageError) => void
}

/** A keyholder that runs in this process, over its own directory. */
export interface LocalKeyholder {
  readonly keyholder: Keyholder
  close(): Promise<void>
}

/** @throws StorageError; VaultError `ERR_VAULT_EPOCH_KEY` (wrong master key), `ERR_VAULT_STORE_CORRUPT` */
export async function openKeyholder(config: KeyholderConfig, parts: KeyholderParts): Promise<LocalKeyholder> {
  const { directory, ...options } = config
  const { wrap, onFailed, ...dependencies } = parts
  const database = new KeyholderDatabase(join(directory, 'shares'), onFailed)
  try {
    const epochKeys = new EpochKeyFiles(join(directory, 'epochs'), wrap)
    const stores = { store: new LmdbShareStore(database), log: new LmdbReleaseLogStore(database), epochKeys }
    return { keyholder: await Keyholder.open(options, { ...dependencies, ...stores }), close: () => database.close() }
  } catch (error) {
    await database.close()
    throw error
  }
}
