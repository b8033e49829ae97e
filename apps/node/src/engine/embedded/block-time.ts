import { EngineError } from '../errors.ts'
import type { Clock } from '../ports.ts'

/** Furthest that the clock may leap ahead of the time that has truly passed between two blocks of one run. */
export const MAX_LEAP_MS = 600_000
/** Furthest that the clock may lie behind the newest block: rules must not outlive their end by more. */
export const MAX_BEHIND_MS = 60_000

/**
 * Block time: the clock, but at least 1 ms after the block before. Time only counts while the node runs: how long it was
 * off cannot be told from a clock that is wrong, so a leap is measured against the uptime since the last block of this run.
 * Small steps back (time synchronisation) are waited out millisecond by millisecond; larger ones are refused, because
 * grants would then live on. SPEC-BLK-4.
 */
export class BlockTime {
  readonly #clock: Clock
  #reference: { readonly nowMs: number; readonly uptimeMs: number }

  constructor(clock: Clock) {
    this.#clock = clock
    this.#reference = this.#read()
  }

  /** @throws EngineError `ERR_ENGINE_CLOCK` */
  next(previousMs: number): number {
    const read = this.#read()
    this.#check(read, previousMs)
    this.#reference = read
    return Math.max(previousMs + 1, read.nowMs)
  }

  /** What {@link next} would throw. */
  refusal(previousMs: number): EngineError | undefined {
    try {
      this.#check(this.#read(), previousMs)
      return undefined
    } catch (error) {
      if (error instanceof EngineError) return error
      throw error
    }
  }

  #read(): { nowMs: number; uptimeMs: number } {
    return { nowMs: Math.floor(this.#clock.nowMs()), uptimeMs: this.#clock.uptimeMs() }
  }

  #check(read: { readonly nowMs: number; readonly uptimeMs: number }, previousMs: number): void {
    const leapMs = Math.round(read.nowMs - this.#reference.nowMs - (read.uptimeMs - this.#reference.uptimeMs))
    if (leapMs > MAX_LEAP_MS) {
      throw new EngineError('ERR_ENGINE_CLOCK', `the clock leapt ${leapMs} ms ahead: set it right; if it is right now, restart the node`, { context: { leapMs } })
    }
    const behindMs = previousMs - read.nowMs
    if (behindMs > MAX_BEHIND_MS) {
      throw new EngineError('ERR_ENGINE_CLOCK', `the clock is ${behindMs} ms behind the newest block: set it right; the node goes on by itself`, { context: { behindMs } })
    }
  }
}
