import { keyholderStoresCompliance } from '../testing/index.ts'
import { MemoryEpochKeyStore, MemoryReleaseLogStore, MemoryShareStore } from './memory.ts'

keyholderStoresCompliance('memory', async () => ({
  shares: new MemoryShareStore(),
  epochKeys: new MemoryEpochKeyStore(),
  log: new MemoryReleaseLogStore(),
  close: async () => {},
}))
