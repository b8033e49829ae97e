import { describe, expect, it } from 'vitest'
import { SimulationError } from './errors.ts'
import { EventHeap } from './event-heap.ts'
import { Kernel } from './kernel.ts'
import { Machine, type Program } from './machine.ts'
import { Network } from './network.ts'
import { SeededRandom } from './random.ts'

const kernelOf = (seed = 'a'): Kernel => new Kernel({ seed, startMs: 1_000_000 })
const idle: Program = async () => {}

describe('SeededRandom', () => {
  it('gives a child the same numbers however much its parent drew', () => {
    const drawn = new SeededRandom('seed')
    for (let i = 0; i < 100; i++) drawn.uint32()
    expect(drawn.split('child').bytes(32)).toEqual(new SeededRandom('seed').split('child').bytes(32))
    expect(drawn.split('child').bytes(32)).not.toEqual(drawn.split('other').bytes(32))
  })

  it('draws every value about as often', () => {
    const random = new SeededRandom('even')
    const counts = new Array<number>(10).fill(0)
    for (let i = 0; i < 20_000; i++) counts[random.below(10)] = (counts[random.below(10)] ?? 0) + 1
    for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(250)
  })
})

it('EventHeap gives the earliest first, and of those at one time the first that came', () => {
  const random = new SeededRandom('heap')
  const heap = new EventHeap()
  for (let seq = 0; seq < 500; seq++) heap.push({ at: random.below(50), seq, label: '', work: undefined })
  const order: number[] = []
  for (let next = heap.pop(); next !== undefined; next = heap.pop()) order.push(next.at * 1_000 + next.seq)
  expect(order).toEqual([...order].sort((a, b) => a - b))
  expect(order).toHaveLength(500)
})

describe('Kernel', () => {
  it('lets everything that an event set going run before the next event', async () => {
    const kernel = kernelOf()
    const seen: string[] = []
    kernel.after(2, 'second', () => seen.push('second'))
    kernel.after(1, 'first', () => {
      void (async () => {
        for (let i = 0; i < 50; i++) await Promise.resolve()
        seen.push('after many awaits')
      })()
    })
    await kernel.run(5)
    expect(seen).toEqual(['after many awaits', 'second'])
    expect(kernel.elapsedMs).toBe(5)
  })

  it('gives the same trace for the same seed, and another for another', async () => {
    const traceOf = async (seed: string): Promise<string> => {
      const kernel = kernelOf(seed)
      const random = kernel.random.split('gaps')
      const again = (): void => void kernel.after(random.below(5), 'tick', again)
      again()
      await kernel.run(200)
      return kernel.trace
    }
    expect(await traceOf('a')).toBe(await traceOf('a'))
    expect(await traceOf('a')).not.toBe(await traceOf('b'))
  })

  it('does not do what was cancelled', async () => {
    const kernel = kernelOf()
    let done = 0
    const cancel = kernel.after(1, 'never', () => done++)
    cancel()
    await kernel.run(10)
    expect(done).toBe(0)
  })
})

describe('Machine', () => {
  it('lets nothing of a run go on after a crash, and starts the program again', async () => {
    const kernel = kernelOf()
    const seen: string[] = []
    const machine = new Machine(kernel, {
      name: 'm',
      program: async (run) => {
        seen.push(`starts ${run.number}`)
        await run.sleep(10)
        seen.push(`wakes ${run.number}`)
      },
    })
    machine.boot()
    await kernel.run(5)
    machine.crashFor(3)
    await kernel.run(50)
    expect(seen).toEqual(['starts 1', 'starts 2', 'wakes 2'])
  })
})

describe('Network', () => {
  const network = (kernel: Kernel, changes: object = {}): Network => new Network(kernel, { delayMs: [1, 5], loss: 0, duplicate: 0, straggle: 0, ...changes })
  const pair = (kernel: Kernel, serve: (n: number) => Promise<number>): [Machine, Machine] => {
    const from = new Machine(kernel, { name: 'from', program: idle })
    const to = new Machine(kernel, { name: 'to', program: async (run) => void run.services.set('add', serve) })
    from.boot()
    to.boot()
    return [from, to]
  }

  it('carries a call and its answer, and copies what it carries', async () => {
    const kernel = kernelOf()
    const sent = Uint8Array.of(1)
    let got: unknown
    const from = new Machine(kernel, { name: 'from', program: idle })
    const to = new Machine(kernel, { name: 'to', program: async (run) => void run.services.set('echo', async (bytes: Uint8Array) => bytes) })
    from.boot()
    to.boot()
    void network(kernel).call(from, to, 'echo', sent, 100).then((answer) => (got = answer))
    await kernel.run(50)
    expect(got).toEqual(sent)
    expect(got).not.toBe(sent)
  })

  it('serves a request twice when it is duplicated, and answers once', async () => {
    const kernel = kernelOf()
    let served = 0
    const answers: number[] = []
    const [from, to] = pair(kernel, async (n) => (served++, n + 1))
    void network(kernel, { duplicate: 1 }).call<number>(from, to, 'add', 1, 100).then((answer) => answers.push(answer))
    await kernel.run(200)
    expect([served, answers]).toEqual([2, [2]])
  })

  it.each([['lost', { loss: 1 }], ['cut', {}]] as const)('times out when messages are %s', async (how, changes) => {
    const kernel = kernelOf()
    const [from, to] = pair(kernel, async (n) => n)
    const net = network(kernel, changes)
    if (how === 'cut') net.cutOneWay(to, from)
    let failure: unknown
    net.call(from, to, 'add', 1, 100).catch((error: unknown) => (failure = error))
    await kernel.run(200)
    expect(failure).toMatchObject(new SimulationError('ERR_SIMULATION_TIMEOUT', 'to did not answer'))
  })
})
