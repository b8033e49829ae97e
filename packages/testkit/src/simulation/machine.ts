import { Disk, type DiskOptions } from './disk.ts'
import { SimulationError } from './errors.ts'
import type { Kernel } from './kernel.ts'
import type { SeededRandom } from './random.ts'

/** Answers one kind of call. */
export type Service = (request: never) => Promise<unknown>

/** One run of a machine's program, from start to crash. What was begun in it never goes on in another. */
export class Incarnation {
  readonly machine: Machine
  readonly number: number
  readonly random: SeededRandom
  readonly services = new Map<string, Service>()
  readonly #bootedMs: number
  alive = true
  /** Whether the program says that it serves. */
  ready = false

  constructor(machine: Machine, number: number) {
    this.machine = machine
    this.number = number
    this.random = machine.random.split(`run ${number}`)
    this.#bootedMs = machine.kernel.elapsedMs
  }

  /** The machine's clock, Unix milliseconds. */
  readonly nowMs = (): number => this.machine.nowMs()

  /** Milliseconds since it started; never jumps. */
  readonly uptimeMs = (): number => this.machine.kernel.elapsedMs - this.#bootedMs

  /** `n` random bytes. */
  readonly bytes = (n: number): Uint8Array<ArrayBuffer> => this.random.bytes(n)

  /** Does `work` later, if this run still goes on. */
  after(ms: number, label: string, work: () => void): () => void {
    return this.machine.kernel.after(ms, `${this.machine.name}: ${label}`, () => {
      if (this.alive) work()
    })
  }

  /** Does `work` now and then. */
  every(ms: number, label: string, work: () => void): void {
    this.after(ms, label, () => {
      this.every(ms, label, work)
      work()
    })
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, 'wakes', resolve)
    })
  }

  /** @throws SimulationError `ERR_SIMULATION_CRASHED` once the machine has crashed */
  assertAlive(): void {
    if (!this.alive) throw new SimulationError('ERR_SIMULATION_CRASHED', `${this.machine.name} has crashed`)
  }
}

/** Starts what runs on a machine. Rejects when it cannot start. */
export type Program = (run: Incarnation) => Promise<void>

export interface MachineOptions {
  readonly name: string
  readonly program: Program
  readonly disk?: DiskOptions
  /** How far its clock is ahead of the true time, in milliseconds; behind when negative. */
  readonly skewMs?: number
  /** Hears why a start failed. */
  readonly onFailedStart?: (error: unknown) => void
}

/** A computer with a clock, a disk and one program. */
export class Machine {
  readonly name: string
  readonly kernel: Kernel
  readonly random: SeededRandom
  readonly disk: Disk
  skewMs: number
  crashes = 0
  readonly #program: Program
  readonly #onFailedStart: (error: unknown) => void
  #incarnation: Incarnation | undefined
  #runs = 0

  constructor(kernel: Kernel, options: MachineOptions) {
    this.name = options.name
    this.kernel = kernel
    this.random = kernel.random.split(`machine ${options.name}`)
    this.skewMs = options.skewMs ?? 0
    this.#program = options.program
    this.#onFailedStart = options.onFailedStart ?? (() => {})
    this.disk = new Disk(this, options.disk ?? {})
  }

  get running(): Incarnation | undefined {
    return this.#incarnation
  }

  nowMs(): number {
    return this.kernel.nowMs + this.skewMs
  }

  boot(): void {
    if (this.#incarnation !== undefined) return
    const run = new Incarnation(this, ++this.#runs)
    this.#incarnation = run
    this.kernel.note(`${this.name} starts`)
    this.#program(run).catch((error: unknown) => {
      if (!run.alive) return
      this.kernel.note(`${this.name} cannot start: ${error instanceof Error ? error.message : String(error)}`)
      this.crash()
      this.#onFailedStart(error)
    })
  }

  /** Power is lost: what runs is gone, and of the disk there is what was flushed and, by chance, some of the rest. */
  crash(): void {
    const run = this.#incarnation
    if (run === undefined) return
    run.alive = false
    run.services.clear()
    this.#incarnation = undefined
    this.crashes++
    this.kernel.note(`${this.name} crashes`)
    this.disk.loseUnflushed()
  }

  /** Crashes, and starts again after so many milliseconds. */
  crashFor(ms: number): void {
    this.crash()
    this.kernel.after(ms, `${this.name} gets power`, () => this.boot())
  }
}
