import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CachedStore } from './cached-store.ts'
import { StorageError } from './errors.ts'
import { MemoryStateStore } from './memory-state-store.ts'
import type { StateStore, StoreSpace, StoreWrite } from './state-store.ts'

const LIMITS = { values: { facts: 3, tree: 2 }, prefixes: { facts: 2, flat: 3 } }
const SPACES: readonly StoreSpace[] = ['facts', 'flat', 'tree', 'entries']

const key = fc.array(fc.constantFrom(0, 1, 255), { minLength: 1, maxLength: 3 }).map((bytes) => Uint8Array.from(bytes))
const space = fc.constantFrom(...SPACES)
const write: fc.Arbitrary<StoreWrite> = fc.record({ space, key, value: fc.option(fc.uint8Array({ maxLength: 3 })) })
const step = fc.oneof(
  fc.record({ kind: fc.constant('get' as const), space, key }),
  fc.record({ kind: fc.constant('prefix' as const), space, key }),
  fc.record({ kind: fc.constant('commit' as const), writes: fc.array(write, { maxLength: 4 }) }),
)

/** The least key above all that begin with the prefix, where there is a simple one. */
function endOf(prefix: Uint8Array): Uint8Array | undefined {
  const last = prefix.at(-1) as number
  return last === 255 ? undefined : Uint8Array.of(...prefix.subarray(0, -1), last + 1)
}

describe('CachedStore', () => {
  it('answers as the store under it, whatever was read and written before', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const plain = new MemoryStateStore()
        const cached = new CachedStore(new MemoryStateStore(), LIMITS)
        for (const each of steps) {
          if (each.kind === 'commit') {
            plain.commit(each.writes)
            cached.commit(each.writes)
          } else if (each.kind === 'get') {
            expect(cached.get(each.space, each.key)).toEqual(plain.get(each.space, each.key))
          } else {
            const to = endOf(each.key)
            expect([...cached.range(each.space, each.key, to)]).toEqual([...plain.range(each.space, each.key, to)])
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it('asks once for what it keeps, and hands out the same bytes', () => {
    let asked = 0
    const below = new MemoryStateStore()
    const counting: StateStore = { ...bound(below), get: (...args) => (asked++, below.get(...args)) }
    const cached = new CachedStore(counting, LIMITS)
    const at = Uint8Array.of(1)
    cached.commit([{ space: 'facts', key: at, value: Uint8Array.of(7) }])
    expect(cached.get('facts', at)).toBe(cached.get('facts', at))
    expect(cached.get('facts', Uint8Array.of(2))).toBeUndefined()
    expect(cached.get('facts', Uint8Array.of(2))).toBeUndefined()
    expect(asked).toBe(1)
  })

  it('keeps nothing of a commit that fails', () => {
    const below = new MemoryStateStore()
    const failing: StateStore = { ...bound(below), commit: () => { throw new StorageError('ERR_STORAGE_IO', 'the disk is gone') } }
    below.commit([{ space: 'facts', key: Uint8Array.of(1), value: Uint8Array.of(7) }])
    const cached = new CachedStore(failing, LIMITS)
    expect(cached.get('facts', Uint8Array.of(1))).toEqual(Uint8Array.of(7))
    expect(() => cached.commit([{ space: 'facts', key: Uint8Array.of(1), value: null }])).toThrow('the disk is gone')
    expect(cached.get('facts', Uint8Array.of(1))).toEqual(Uint8Array.of(7))
  })

  it('lets a walk end as it began while the range changes', () => {
    const cached = new CachedStore(new MemoryStateStore(), LIMITS)
    const put = (n: number): void => cached.commit([{ space: 'flat', key: Uint8Array.of(5, n), value: Uint8Array.of(n) }])
    put(1)
    put(2)
    const walk = (): Iterable<readonly [Uint8Array, Uint8Array]> => cached.range('flat', Uint8Array.of(5), Uint8Array.of(6))
    expect([...walk()]).toHaveLength(2)
    const seen: number[] = []
    for (const [at] of walk()) {
      seen.push(at[1] as number)
      put(3)
    }
    expect(seen).toEqual([1, 2])
    expect([...walk()]).toHaveLength(3)
  })
})

function bound(store: StateStore): StateStore {
  return { get: store.get.bind(store), range: store.range.bind(store), commit: store.commit.bind(store), commitAside: store.commitAside.bind(store), close: store.close.bind(store) }
}
