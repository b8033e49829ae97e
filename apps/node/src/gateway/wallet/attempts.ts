import { GatewayError } from '../errors.ts'

export interface AttemptLimits {
  /** Per window, of all together. */
  readonly total: number
  /** Failures per window under one name. */
  readonly failures: number
  readonly windowMs: number
}

/** Bounds what strangers may try: all attempts together, and failures under one name. Whether the name exists plays no part. */
export class Attempts {
  readonly #limits: AttemptLimits
  readonly #now: () => number
  readonly #failures = new Map<string, number>()
  #total = 0
  #windowEnd = 0

  constructor(limits: AttemptLimits, now: () => number) {
    this.#limits = limits
    this.#now = now
  }

  /** To be called before anything costly. @throws GatewayError `ERR_GATEWAY_TOO_MANY` */
  begin(name: string): void {
    const now = this.#now()
    if (now >= this.#windowEnd || now < this.#windowEnd - this.#limits.windowMs) {
      this.#windowEnd = now + this.#limits.windowMs
      this.#total = 0
      this.#failures.clear()
    }
    this.#total++
    if (this.#total > this.#limits.total || (this.#failures.get(name) ?? 0) >= this.#limits.failures) {
      throw new GatewayError('ERR_GATEWAY_TOO_MANY', 'too many attempts; wait some minutes and try again')
    }
  }

  failed(name: string): void {
    this.#failures.set(name, (this.#failures.get(name) ?? 0) + 1)
  }
}
