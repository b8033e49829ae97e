import { concatBytes } from '@chiron/protocol'
import { VaultError, type LogFrontier, type ReleaseLogStore } from '@chiron/vault'
import type { KeyholderDatabase } from './database.ts'
import { readUint64, uint64Bytes } from './integers.ts'

const FRONTIER_KEY = Uint8Array.of(1)
const SIZE_BYTES = 8
const HASH_BYTES = 32

/** {@link ReleaseLogStore} in the keyholder's LMDB environment: an entry and the frontier after it in one transaction. */
export class LmdbReleaseLogStore implements ReleaseLogStore {
  readonly #database: KeyholderDatabase

  constructor(database: KeyholderDatabase) {
    this.#database = database
  }

  async append(entry: Uint8Array, frontier: LogFrontier): Promise<void> {
    await this.#database.write((writer) => {
      writer.put('log', uint64Bytes(frontier.size - 1), entry)
      writer.put('frontier', FRONTIER_KEY, concatBytes(uint64Bytes(frontier.size), ...frontier.hashes))
    })
  }

  frontier(): LogFrontier {
    const bytes = this.#database.get('frontier', FRONTIER_KEY)
    if (!bytes) return { size: 0, hashes: [] }
    const count = (bytes.length - SIZE_BYTES) / HASH_BYTES
    const size = bytes.length < SIZE_BYTES ? -1 : readUint64(bytes)
    if (count !== bitsSet(size)) throw new VaultError('ERR_VAULT_STORE_CORRUPT', 'the frontier of the release log was changed')
    return { size, hashes: Array.from({ length: count }, (_, i) => bytes.slice(SIZE_BYTES + i * HASH_BYTES, SIZE_BYTES + (i + 1) * HASH_BYTES)) }
  }

  *entries(from: number, to: number): Iterable<Uint8Array> {
    for (const [, entry] of this.#database.range('log', uint64Bytes(from), uint64Bytes(to))) yield entry
  }
}

/** A tree has one perfect subtree on its edge for every bit of its size. */
function bitsSet(size: number): number {
  return size < 0 ? -1 : [...size.toString(2)].filter((bit) => bit === '1').length
}
