import { blobStoreCompliance } from '../testing/index.ts'
import { MemoryBlobStore } from './memory.ts'

blobStoreCompliance('memory', async () => {
  let now = 1_000
  const store = new MemoryBlobStore(() => ++now)
  return { store, corrupt: async (hash) => store.corrupt(hash), close: async () => {} }
})
