import { compareBytes } from '@chiron/protocol'

type Pair<V> = readonly [key: Uint8Array, value: V]

/** Two ranges in byte order as one. Where both have a key `above` wins; its nulls hide the key. */
export function* mergeSorted(below: Iterable<Pair<Uint8Array>>, above: readonly Pair<Uint8Array | null>[]): Generator<Pair<Uint8Array>> {
  let next = 0
  for (const pair of below) {
    let hidden = false
    for (; next < above.length; next++) {
      const [key, value] = above[next] as Pair<Uint8Array | null>
      const order = compareBytes(key, pair[0])
      if (order > 0) break
      hidden ||= order === 0
      if (value !== null) yield [key, value]
    }
    if (!hidden) yield pair
  }
  for (; next < above.length; next++) {
    const [key, value] = above[next] as Pair<Uint8Array | null>
    if (value !== null) yield [key, value]
  }
}
