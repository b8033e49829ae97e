import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { webRandom } from '@chiron/vault'
import { keyholderStoresCompliance, type KeyholderStoresUnderTest } from '@chiron/vault/testing'
import { afterAll } from 'vitest'
import { KeyholderDatabase } from './database.ts'
import { EpochKeyFiles } from './epoch-key-files.ts'
import { masterKeyWrap } from './key-wrap.ts'
import { LmdbReleaseLogStore } from './release-log-store.ts'
import { LmdbShareStore } from './share-store.ts'

const directories: string[] = []
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

function openStores(directory: string): KeyholderStoresUnderTest {
  const database = new KeyholderDatabase(join(directory, 'shares'))
  return {
    shares: new LmdbShareStore(database),
    epochKeys: new EpochKeyFiles(join(directory, 'epochs'), masterKeyWrap(new Uint8Array(32).fill(1), 'one', webRandom)),
    log: new LmdbReleaseLogStore(database),
    reopen: async () => {
      await database.close()
      return openStores(directory)
    },
    close: () => database.close(),
  }
}

keyholderStoresCompliance('LMDB and files', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'keyholder-stores-'))
  directories.push(directory)
  return openStores(directory)
})
