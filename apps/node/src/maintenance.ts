import { sweepOrphans } from './keyholder/sweep.ts'
import type { OpenNode } from './network/open-node.ts'

const SWEEP_EVERY_MS = 10 * 60_000

/** What a node does now and then: sweeps shares and ciphertext of transactions that never came. */
export class Maintenance {
  readonly #timer: NodeJS.Timeout
  #running: Promise<unknown> = Promise.resolve()

  constructor(node: OpenNode, onFailure: (part: string, error: unknown) => void) {
    const sweep = async (): Promise<void> => {
      try {
        await sweepOrphans(node.keyholders.map(({ keyholder }) => keyholder), node.blobs)
      } catch (error) {
        onFailure('sweep', error)
      }
    }
    this.#timer = setInterval(() => {
      this.#running = this.#running.then(sweep)
    }, SWEEP_EVERY_MS).unref()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }
}
