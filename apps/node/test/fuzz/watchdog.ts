import { writeSync } from 'node:fs'
import { isMainThread, Worker, workerData } from 'node:worker_threads'

const INPUT_AT = 8

/**
 * Knows which input is running, so that one that never ends can be told: after so many milliseconds without another one
 * the process says so as a finding, and ends.
 */
export class Watchdog {
  readonly #shared: SharedArrayBuffer
  readonly #words: Int32Array
  readonly #bytes: Uint8Array
  readonly #worker: Worker

  constructor({ maxBytes, limitMs }: { readonly maxBytes: number; readonly limitMs: number }) {
    this.#shared = new SharedArrayBuffer(INPUT_AT + maxBytes)
    this.#words = new Int32Array(this.#shared, 0, 2)
    this.#bytes = new Uint8Array(this.#shared, INPUT_AT)
    this.#worker = new Worker(new URL(import.meta.url), { workerData: { shared: this.#shared, limitMs } })
    this.#worker.unref()
  }

  /** Tells that this input is run now. */
  readonly see = (input: Uint8Array): void => {
    this.#words[0] = ((this.#words[0] as number) + 1) | 0
    this.#words[1] = Math.min(input.length, this.#bytes.length)
    this.#bytes.set(input.subarray(0, this.#bytes.length))
  }
}

/** What the thread does: it looks a few times within the limit whether the count has moved. */
function watch({ shared, limitMs }: { readonly shared: SharedArrayBuffer; readonly limitMs: number }): void {
  const words = new Int32Array(shared, 0, 2)
  let last = words[0]
  let still = 0
  setInterval(() => {
    still = words[0] === last && words[0] !== 0 ? still + 1 : 0
    last = words[0]
    if (still < 4) return
    const input = Buffer.from(new Uint8Array(shared, INPUT_AT, words[1])).toString('base64')
    writeSync(1, `${JSON.stringify({ target: '', executions: 0, findings: [{ kind: 'hangs', key: 'hangs', message: `no end after ${limitMs} ms`, input }] })}\n`)
    process.exit(3)
  }, limitMs / 4)
}

if (!isMainThread) watch(workerData as Parameters<typeof watch>[0])
