import { setImmediate } from 'node:timers'
import { SimulationError } from './errors.ts'
import { EventHeap, type SimulationEvent } from './event-heap.ts'
import { SeededRandom } from './random.ts'

const REMEMBERED_LINES = 400
const MAX_STEPS = 5_000_000

/**
 * A world with a time of its own. Events happen one after the other; after each, everything that it set going runs to
 * where it waits for another event (the microtask queue is emptied by one turn of the event loop). Nothing real may be
 * waited for, so the same seed gives the same trace.
 */
export class Kernel {
  readonly random: SeededRandom
  readonly #heap = new EventHeap()
  readonly #lines: string[] = []
  readonly #startMs: number
  #nowUs = 0
  #seq = 0
  #trace = 0x811c9dc5
  #steps = 0
  #stopped = false

  constructor(options: { readonly seed: string; readonly startMs: number }) {
    this.random = new SeededRandom(options.seed)
    this.#startMs = options.startMs
  }

  /** Unix milliseconds: the true time, which no machine knows. */
  get nowMs(): number {
    return this.#startMs + Math.floor(this.#nowUs / 1000)
  }

  /** Simulated milliseconds since the beginning. */
  get elapsedMs(): number {
    return this.#nowUs / 1000
  }

  get steps(): number {
    return this.#steps
  }

  /** What happened, as 32 bits: equal for equal runs. */
  get trace(): string {
    return (this.#trace >>> 0).toString(16).padStart(8, '0')
  }

  /** The newest lines of what happened. */
  get lines(): readonly string[] {
    return this.#lines
  }

  /** Does `work` after so many milliseconds; returns what cancels it. */
  after(ms: number, label: string, work: () => void): () => void {
    const event: SimulationEvent = { at: this.#nowUs + Math.max(0, Math.round(ms * 1000)), seq: this.#seq++, label, work }
    this.#heap.push(event)
    return () => {
      event.work = undefined
    }
  }

  /** Writes down what happened: part of the trace. */
  note(text: string): void {
    const line = `${(this.#nowUs / 1000).toFixed(3)} ${text}`
    for (let i = 0; i < line.length; i++) this.#trace = Math.imul(this.#trace ^ line.charCodeAt(i), 0x01000193)
    if (this.#lines.push(line) > 2 * REMEMBERED_LINES) this.#lines.splice(0, REMEMBERED_LINES)
  }

  /** Ends {@link run} before the next event. */
  stop(): void {
    this.#stopped = true
  }

  /** Lets events happen for so many milliseconds. @throws SimulationError `ERR_SIMULATION_RUNAWAY` */
  async run(forMs: number): Promise<void> {
    const endUs = this.#nowUs + Math.round(forMs * 1000)
    this.#stopped = false
    await turn()
    for (let next = this.#heap.peek(); next !== undefined && next.at <= endUs && !this.#stopped; next = this.#heap.peek()) {
      this.#heap.pop()
      if (next.work === undefined) continue
      if (++this.#steps > MAX_STEPS) throw new SimulationError('ERR_SIMULATION_RUNAWAY', 'too many events')
      this.#nowUs = next.at
      this.note(next.label)
      next.work()
      await turn()
    }
    if (!this.#stopped) this.#nowUs = endUs
  }
}

/** One turn of the event loop: until then every microtask has run, those that they made included. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
