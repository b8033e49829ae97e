import type { StateReader } from '../state/reader.ts'

/** Values kept for one state of the facts; beyond that all are dropped. */
const MOST_VALUES = 1_000

/**
 * Remembers what is worked out from facts alone, by name, while no fact changes: transactions of one block mostly ask the
 * same about the same parties. It only remembers: what it answers is what `compute` would.
 * @param compute depends on facts and on what is behind the name, and on no flat value, list or time
 */
export function rememberFacts<Args extends readonly unknown[], T>(nameOf: (...args: Args) => string, compute: (state: StateReader, ...args: Args) => T): (state: StateReader, ...args: Args) => T {
  const known = new WeakMap<object, Map<string, T>>()
  return (state, ...args) => {
    const token = state.factsToken?.()
    if (token === undefined) return compute(state, ...args)
    let values = known.get(token)
    if (values === undefined || values.size >= MOST_VALUES) known.set(token, (values = new Map()))
    const name = nameOf(...args)
    const found = values.get(name)
    if (found !== undefined) return found
    const value = compute(state, ...args)
    values.set(name, value)
    return value
  }
}
