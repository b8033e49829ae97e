import { DiskError, SimulationError } from './errors.ts'
import { SimulatedFile } from './file.ts'
import type { Machine } from './machine.ts'
import type { SeededRandom } from './random.ts'

export interface DiskOptions {
  /** Milliseconds that a flush takes, at least and at most; once in a while ten times as long. */
  readonly flushMs?: readonly [number, number]
}

interface PendingCommit {
  readonly apply: () => void
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** How a crash that waits for a disk step leaves that step. */
type Moment = 'before' | 'within' | 'after'

/**
 * A disk that tells written from flushed. Databases commit through {@link commit} and {@link commitNow}: atomic, in
 * order, durable when told so; a crash keeps a prefix of what was under way. Files are bytes: see {@link SimulatedFile}.
 */
export class Disk {
  readonly #machine: Machine
  readonly #random: SeededRandom
  readonly #flushMs: readonly [number, number]
  readonly #files = new Map<string, SimulatedFile>()
  #pending: PendingCommit[] = []
  #committing = false
  #crashIn: number | undefined
  /** Writes fail with ENOSPC. */
  isFull = false

  constructor(machine: Machine, options: DiskOptions) {
    this.#machine = machine
    this.#random = machine.random.split('disk')
    this.#flushMs = options.flushMs ?? [0.2, 4]
  }

  /** The machine crashes at the n-th step of the disk from now. */
  crashAtStep(n: number): void {
    this.#crashIn = n
  }

  /** Commits in order; resolves when durable. Rejects with a DiskError when the disk is full. */
  commit(apply: () => void): Promise<void> {
    if (this.#machine.running === undefined) return never()
    return new Promise((resolve, reject) => {
      this.#pending.push({ apply, resolve, reject })
      if (!this.#committing) this.#commitNext()
    })
  }

  /** As {@link commit}, while the caller waits and nothing else runs. @throws DiskError, SimulationError `ERR_SIMULATION_CRASHED` */
  commitNow(apply: () => void): void {
    this.assertPowered()
    const moment = this.#crashMoment()
    if (moment === 'before' || (moment === 'within' && this.#random.chance(0.5))) throw this.#crashed()
    if (this.isFull) throw new DiskError('ENOSPC')
    apply()
    if (moment !== undefined) throw this.#crashed()
  }

  /** One step of a file: its effect after a while, or the crash that was due. */
  async step(effect: () => void, options: { readonly writes?: boolean } = {}): Promise<void> {
    const run = this.#machine.running
    if (run === undefined) return await never()
    await new Promise<void>((resolve, reject) => {
      run.after(this.#latency(), 'disk', () => {
        const moment = this.#crashMoment()
        if (moment !== undefined) {
          if (moment !== 'before') effect()
          this.#machine.crash()
          return
        }
        if (options.writes === true && this.isFull) {
          reject(new DiskError('ENOSPC'))
          return
        }
        effect()
        resolve()
      })
    })
    run.assertAlive()
  }

  /** @throws SimulationError `ERR_SIMULATION_CRASHED` when what asks ran before a crash */
  assertPowered(): void {
    if (this.#machine.running === undefined) throw this.#crashed()
  }

  names(prefix: string): string[] {
    return [...this.#files.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length))
  }

  file(name: string): SimulatedFile | undefined {
    return this.#files.get(name)
  }

  /** Makes a file, durable with its contents. A crash leaves none, a part, or all of it. */
  create(name: string, contents: Uint8Array): SimulatedFile {
    this.assertPowered()
    const moment = this.#crashMoment()
    if (moment === 'before') throw this.#crashed()
    if (this.isFull) throw new DiskError('ENOSPC')
    const kept = moment === 'within' ? contents.slice(0, this.#random.below(contents.length)) : contents
    const file = new SimulatedFile(this, kept)
    this.#files.set(name, file)
    if (moment !== undefined) throw this.#crashed()
    return file
  }

  remove(name: string): void {
    this.commitNow(() => this.#files.delete(name))
  }

  loseUnflushed(): void {
    const keep = this.#random.below(this.#pending.length + 1)
    for (const { apply } of this.#pending.splice(0).slice(0, keep)) apply()
    this.#committing = false
    this.#crashIn = undefined
    for (const file of this.#files.values()) file.loseUnflushed(this.#random)
  }

  #commitNext(): void {
    const run = this.#machine.running
    const next = this.#pending[0]
    if (run === undefined || next === undefined) {
      this.#committing = false
      return
    }
    this.#committing = true
    run.after(this.#latency(), 'commit', () => {
      const moment = this.#crashMoment()
      if (moment === 'before') return this.#machine.crash()
      this.#pending.shift()
      if (this.isFull) next.reject(new DiskError('ENOSPC'))
      else {
        next.apply()
        if (moment !== undefined) return this.#machine.crash()
        next.resolve()
      }
      this.#commitNext()
    })
  }

  #crashMoment(): Moment | undefined {
    if (this.#crashIn === undefined || --this.#crashIn > 0) return undefined
    this.#crashIn = undefined
    return this.#random.pick<Moment>(['before', 'within', 'after'])
  }

  #crashed(): SimulationError {
    this.#machine.crash()
    return new SimulationError('ERR_SIMULATION_CRASHED', `${this.#machine.name} has crashed`)
  }

  #latency(): number {
    const [low, high] = this.#flushMs
    const ms = low + this.#random.fraction() * (high - low)
    return this.#random.chance(0.02) ? 10 * ms : ms
  }
}

/** What a crash cut off goes on for ever. */
function never<T>(): Promise<T> {
  return new Promise(() => {})
}
