import { describe, expect, it } from 'vitest'
import { Kernel } from './kernel.ts'
import { Machine } from './machine.ts'

function machineOf(seed: string): { readonly kernel: Kernel; readonly machine: Machine } {
  const kernel = new Kernel({ seed, startMs: 0 })
  const machine = new Machine(kernel, { name: 'm', program: async () => {}, disk: { flushMs: [1, 2] } })
  machine.boot()
  return { kernel, machine }
}

const seeds = Array.from({ length: 40 }, (_, at) => `seed ${at}`)

describe('a database on a simulated disk', () => {
  it('has after a crash what was acknowledged, and of the rest a beginning', async () => {
    const kept = new Set<number>()
    for (const seed of seeds) {
      const { kernel, machine } = machineOf(seed)
      const durable: number[] = []
      let acknowledged = 0
      for (let n = 0; n < 6; n++) void machine.disk.commit(() => durable.push(n)).then(() => acknowledged++)
      await kernel.run(5)
      machine.crash()
      expect(durable).toEqual(durable.map((_, at) => at))
      expect(durable.length).toBeGreaterThanOrEqual(acknowledged)
      kept.add(durable.length - acknowledged)
    }
    expect(kept.size).toBeGreaterThan(2)
  })

  it('fails when the disk is full, and goes on when it has room', async () => {
    const { kernel, machine } = machineOf('full')
    const outcomes: unknown[] = []
    machine.disk.isFull = true
    machine.disk.commit(() => {}).catch((error: unknown) => outcomes.push((error as { code: string }).code))
    await kernel.run(50)
    machine.disk.isFull = false
    void machine.disk.commit(() => {}).then(() => outcomes.push('done'))
    await kernel.run(50)
    expect(outcomes).toEqual(['ENOSPC', 'done'])
  })

  it('crashes at the step that was asked for: before it, or after it', () => {
    const applied = seeds.map((seed) => {
      const { machine } = machineOf(seed)
      let done = 0
      machine.disk.crashAtStep(2)
      machine.disk.commitNow(() => done++)
      expect(() => machine.disk.commitNow(() => done++)).toThrow(expect.objectContaining({ code: 'ERR_SIMULATION_CRASHED' }))
      expect(machine.running).toBeUndefined()
      return done
    })
    expect(new Set(applied)).toEqual(new Set([1, 2]))
  })
})

describe('a file on a simulated disk', () => {
  it('has after a crash what was flushed, and of the rest any sectors', async () => {
    const holes = new Set<string>()
    for (const seed of seeds) {
      const { kernel, machine } = machineOf(seed)
      const file = machine.disk.create('f', new Uint8Array())
      void (async () => {
        await file.write(new Uint8Array(512).fill(1), 0)
        await file.flush()
        await file.write(new Uint8Array(1536).fill(2), 512)
      })()
      await kernel.run(200)
      expect(file.contents()).toHaveLength(2048)
      machine.crash()
      const contents = file.contents()
      expect(contents.subarray(0, 512).every((byte) => byte === 1)).toBe(true)
      holes.add([512, 1024, 1536].map((at) => contents[at] ?? '-').join(''))
    }
    expect(holes).toContain('222')
    expect(holes).toContain('---')
    expect(holes.size).toBeGreaterThan(3)
  })
})
