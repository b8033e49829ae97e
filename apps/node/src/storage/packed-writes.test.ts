import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { packWrites, unpackWrites } from './packed-writes.ts'
import { STORE_SPACES } from './state-store.ts'

it('unpacks what it packed', () => {
  const write = fc.record({
    space: fc.constantFrom(...STORE_SPACES),
    key: fc.uint8Array({ minLength: 1, maxLength: 300 }),
    value: fc.option(fc.uint8Array({ maxLength: 300 })),
  })
  fc.assert(
    fc.property(fc.array(write), (writes) => {
      expect([...unpackWrites(packWrites(writes))]).toEqual(writes)
    }),
  )
})
