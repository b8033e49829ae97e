import { equalBytes, sha256, utf8 } from '@chiron/protocol'
import { expect, it } from 'vitest'
import { present } from '../testing/index.ts'
import { MemoryBlobStore } from './memory.ts'
import { sweepBlobs } from './sweep.ts'

it('deletes only what is old enough and on no ledger', async () => {
  let now = 1000
  const store = new MemoryBlobStore(() => now)
  const [old, kept, young] = ['old', 'kept', 'young'].map((text) => ({ hash: sha256(utf8(text)), bytes: utf8(text) }))
  await store.putMany([present(old), present(kept)])
  now = 90_000_000
  await store.putMany([present(young)])
  const referenced = (hash: Uint8Array) => equalBytes(hash, present(kept).hash)
  expect(await sweepBlobs(store, referenced, { blockTimeMs: 86_401_000 })).toEqual([])
  const swept = await sweepBlobs(store, referenced, { blockTimeMs: 86_401_001 })
  expect(swept.map((info) => info.hash)).toEqual([present(old).hash])
  expect([await store.has(present(old).hash), await store.has(present(kept).hash), await store.has(present(young).hash)]).toEqual([false, true, true])
  expect(await sweepBlobs(store, referenced, { blockTimeMs: 90_000_001, graceMs: 0 })).toHaveLength(1)
})
