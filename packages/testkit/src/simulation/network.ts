import { SimulationError } from './errors.ts'
import type { Kernel } from './kernel.ts'
import type { Machine, Service } from './machine.ts'
import type { SeededRandom } from './random.ts'

export interface NetworkOptions {
  /** Milliseconds from one machine to another, at least and at most; once in a while much longer. */
  readonly delayMs: readonly [number, number]
  /** Chance that a message is lost. */
  readonly loss: number
  /** Chance that a message arrives twice. */
  readonly duplicate: number
  /** Chance that a message takes up to 40 times as long. */
  readonly straggle: number
}

/** Carries messages between machines: late, twice, out of order, or not at all. */
export class Network {
  readonly #kernel: Kernel
  readonly #random: SeededRandom
  readonly #cut = new Set<string>()
  options: NetworkOptions

  constructor(kernel: Kernel, options: NetworkOptions) {
    this.#kernel = kernel
    this.#random = kernel.random.split('network')
    this.options = options
  }

  /** Nothing passes between the two, in either direction, until healed. */
  cut(a: Machine, b: Machine): void {
    this.#kernel.note(`cut ${a.name} from ${b.name}`)
    this.#cut.add(`${a.name}/${b.name}`)
    this.#cut.add(`${b.name}/${a.name}`)
  }

  /** Only messages from `a` to `b` are lost. */
  cutOneWay(a: Machine, b: Machine): void {
    this.#kernel.note(`cut ${a.name} to ${b.name}`)
    this.#cut.add(`${a.name}/${b.name}`)
  }

  heal(): void {
    this.#cut.clear()
  }

  /** Hands a message over, if it arrives and there is somebody. */
  send(from: Machine, to: Machine, label: string, deliver: () => void): void {
    const { loss, duplicate } = this.options
    const copies = this.#random.chance(loss) ? 0 : this.#random.chance(duplicate) ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      this.#kernel.after(from === to ? 0.01 : this.#delay(), `${from.name} > ${to.name} ${label}`, () => {
        if (!this.#cut.has(`${from.name}/${to.name}`)) deliver()
      })
    }
  }

  /**
   * Asks a service of another machine. The request may be served twice; an answer may come late and is then ignored.
   * @throws what the service throws; SimulationError `ERR_SIMULATION_TIMEOUT`
   */
  call<T>(from: Machine, to: Machine, name: string, request: unknown, timeoutMs: number): Promise<T> {
    const caller = from.running
    if (caller === undefined) return new Promise<T>(() => {})
    return new Promise<T>((resolve, reject) => {
      const cancel = caller.after(timeoutMs, `waited for ${to.name} ${name}`, () => {
        reject(new SimulationError('ERR_SIMULATION_TIMEOUT', `${to.name} did not answer`))
      })
      const settle = (done: () => void): void => {
        if (!caller.alive) return
        cancel()
        done()
      }
      this.send(from, to, name, () => {
        const server = to.running
        const service = server?.services.get(name)
        if (server === undefined || service === undefined) return
        void this.#serve(service, request, (outcome) => {
          if (!server.alive) return
          if (outcome.status === 'rejected') this.send(to, from, `${name} refused`, () => settle(() => reject(outcome.reason)))
          else this.send(to, from, `${name} answered`, () => settle(() => resolve(copy(outcome.value) as T)))
        })
      })
    })
  }

  async #serve(service: Service, request: unknown, answer: (outcome: PromiseSettledResult<unknown>) => void): Promise<void> {
    const [outcome] = await Promise.allSettled([service(copy(request) as never)])
    answer(outcome)
  }

  #delay(): number {
    const { delayMs: [low, high], straggle } = this.options
    const ms = low + this.#random.fraction() * (high - low)
    return this.#random.chance(straggle) ? ms * (1 + 39 * this.#random.fraction()) : ms
  }
}

/** Machines share no memory. */
function copy(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.slice()
  return typeof value === 'object' && value !== null ? structuredClone(value) : value
}
