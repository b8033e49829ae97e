import { describe, expect, it } from 'vitest'
import { Pipeline } from './pipeline.ts'

/** A pipeline of numbers, of which the test says when each is stored. */
function numbered(waiting: number) {
  const made: string[] = []
  const storing: { block: number; settle: (stored: boolean) => void }[] = []
  let next = 1
  let left = waiting
  const pipeline = new Pipeline<number>({
    make(before) {
      if (left === 0) return undefined
      left--
      made.push(before === undefined ? `${next}` : `${next} over ${before}`)
      return next++
    },
    store: (block) => new Promise((settle) => storing.push({ block, settle })),
  })
  const store = async (stored = true): Promise<void> => {
    const stepped = pipeline.start()
    await Promise.resolve()
    storing.at(-1)?.settle(stored)
    await stepped
  }
  return { pipeline, made, stored: () => storing.map(({ block }) => block), store, add: () => left++ }
}

describe('Pipeline', () => {
  it('makes one block while another is being stored, and no third', async () => {
    const { pipeline, made, stored, store } = numbered(4)
    void pipeline.start()
    await Promise.resolve()
    expect(made).toEqual(['1', '2 over 1'])
    expect(stored()).toEqual([1])
    await store()
    expect(made).toEqual(['1', '2 over 1', '3 over 2'])
    expect(stored()).toEqual([1, 2])
  })

  it('stores nothing after a block that could not be stored', async () => {
    const { pipeline, made, stored, store, add } = numbered(2)
    void pipeline.start()
    await Promise.resolve()
    await store(false)
    add()
    await pipeline.start()
    expect(made).toEqual(['1', '2 over 1'])
    expect(stored()).toEqual([1])
    expect(pipeline.stop()).toBe(2)
  })

  it('finishes what is being stored when it is stopped, and hands back what is not', async () => {
    const { pipeline, stored, store } = numbered(3)
    void pipeline.start()
    await Promise.resolve()
    expect(pipeline.stop()).toBe(2)
    const rest = pipeline.rest()
    await store()
    await rest
    expect(stored()).toEqual([1])
    await pipeline.rest()
  })

  it('says when there is nothing to do', async () => {
    const { pipeline, stored } = numbered(0)
    await pipeline.start()
    expect(stored()).toEqual([])
  })
})
