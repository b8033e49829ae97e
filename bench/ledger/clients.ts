import { fork, type ChildProcess } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { unpackTxs } from './network.ts'

/** What the clients' process is asked to sign. */
export type Order =
  | { readonly kind: 'staff' }
  | { readonly kind: 'patients'; readonly from: number; readonly to: number }
  | { readonly kind: 'puts'; readonly first: number; readonly transactions: number; readonly batch: number; readonly patients: number; /** Puts that a keyholder takes at once. */ readonly group: number }

/**
 * The clients, in a process of their own. They sign before the clock runs, and the process is idle while it does: what
 * clients spend is not the ledger's, and what the ledger is measured at is not helped by their core.
 */
export class Clients {
  readonly #process: ChildProcess
  readonly #file: string

  constructor(directory: string) {
    this.#file = join(directory, 'signed')
    this.#process = fork(join(import.meta.dirname, 'client-process.ts'), [this.#file], { execArgv: [] })
  }

  /** Signed transactions, made now. */
  async sign(order: Order): Promise<Uint8Array[]> {
    const done = new Promise<void>((resolve, reject) => {
      this.#process.once('message', () => resolve())
      this.#process.once('exit', (code) => reject(new Error(`the clients' process ended with ${code}`)))
    })
    this.#process.send(order)
    await done
    this.#process.removeAllListeners()
    const signed = unpackTxs(readFileSync(this.#file))
    rmSync(this.#file)
    return signed
  }

  close(): void {
    this.#process.disconnect()
  }
}
