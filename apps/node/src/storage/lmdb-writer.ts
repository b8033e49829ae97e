import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { StorageError, type StorageErrorCode, type StorageErrorContext } from './errors.ts'
import { packWrites } from './packed-writes.ts'
import type { StoreWrite } from './state-store.ts'

/** What the thread answers to a commit: undefined, or why it failed. */
export type WriterAnswer = { readonly code: StorageErrorCode; readonly message: string; readonly context: StorageErrorContext } | undefined

interface Waiting {
  resolve(): void
  reject(error: StorageError): void
}

/** Commits to an LMDB environment on a thread of its own, which is started by the first commit and keeps no process alive. */
export class LmdbWriter {
  readonly #path: string
  #worker: Worker | undefined
  #waiting: Waiting | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** One at a time. Durable when it resolves. @throws StorageError */
  commit(writes: readonly StoreWrite[]): Promise<void> {
    const worker = (this.#worker ??= this.#start())
    const packed = packWrites(writes)
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      worker.ref()
      worker.postMessage(packed, [packed.buffer])
    })
  }

  /** Closes the thread's environment and ends it. */
  async close(): Promise<void> {
    const worker = this.#worker
    if (worker === undefined) return
    this.#worker = undefined
    const ended = once(worker, 'exit')
    worker.ref()
    worker.postMessage(undefined, [])
    await ended
  }

  #start(): Worker {
    const worker = new Worker(new URL('lmdb-writer-thread.ts', import.meta.url), { workerData: this.#path, execArgv: [], env: {} })
    worker.unref()
    worker.on('message', (failure: WriterAnswer) => this.#settle(failure))
    worker.on('error', () => this.#settle({ code: 'ERR_STORAGE_IO', message: `the thread that writes ${this.#path} failed: check the disk before you start the node again`, context: { path: this.#path } }))
    return worker
  }

  #settle(failure: WriterAnswer): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    this.#worker?.unref()
    if (failure === undefined) waiting?.resolve()
    else waiting?.reject(new StorageError(failure.code, failure.message, { context: failure.context }))
  }
}
