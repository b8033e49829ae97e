import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { keyObjectOf, packChecks, verifyPacked, type SignatureCheck } from './verify-batch.ts'

/** Checks that go to a thread together, at least and at most: as many as give each thread the same. */
const LEAST_BATCH = 4
const MOST_BATCH = 64
/** Threads that may fail before checks are made on the main thread. */
const MOST_FAILURES = 4

interface Group {
  readonly checks: readonly SignatureCheck[]
  readonly answers: boolean[]
  left: number
  done(valid: readonly boolean[]): void
}

interface Place {
  readonly group: Group
  readonly index: number
}

interface Thread {
  readonly worker: Worker
  /** What it was asked, oldest first. */
  readonly asked: (readonly Place[])[]
}

/**
 * Checks signatures on threads of their own, so that all cores do while the main thread executes blocks. Checks that
 * are asked for in one turn of the event loop travel together. Threads are started by the first and keep no process alive.
 */
export class VerifyPool {
  readonly #size: number
  #threads: Thread[] = []
  #waiting: Place[] = []
  #failures = 0

  constructor(size = availableParallelism()) {
    this.#size = size
  }

  /** Tells whether each signature is valid, later. @param done is told nothing if the pool is closed before */
  verify(checks: readonly SignatureCheck[], done: (valid: readonly boolean[]) => void): void {
    const group: Group = { checks, answers: [], left: checks.length, done }
    if (this.#waiting.length === 0) setImmediate(() => this.#send())
    for (let index = 0; index < checks.length; index++) this.#waiting.push({ group, index })
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    this.#waiting = []
    await Promise.all(this.#threads.splice(0).map(({ worker }) => worker.terminate()))
  }

  #send(): void {
    const waiting = this.#waiting
    this.#waiting = []
    const batch = Math.max(LEAST_BATCH, Math.min(MOST_BATCH, Math.ceil(waiting.length / this.#size)))
    for (let from = 0; from < waiting.length; from += batch) {
      const places = waiting.slice(from, from + batch)
      const packed = packChecks(places.map(({ group, index }) => group.checks[index] as SignatureCheck))
      if (this.#failures > MOST_FAILURES) {
        answer(places, verifyPacked(packed, keyObjectOf))
        continue
      }
      const thread = this.#idlest()
      thread.asked.push(places)
      thread.worker.ref()
      thread.worker.postMessage(packed, [packed.buffer])
    }
  }

  #idlest(): Thread {
    while (this.#threads.length < this.#size) this.#threads.push(this.#start())
    return this.#threads.reduce((least, thread) => (thread.asked.length < least.asked.length ? thread : least))
  }

  #start(): Thread {
    const worker = new Worker(new URL('verify-thread.ts', import.meta.url), { execArgv: [], env: {} })
    const thread: Thread = { worker, asked: [] }
    worker.unref()
    worker.on('message', (valid: Uint8Array) => {
      const places = thread.asked.shift() ?? []
      if (thread.asked.length === 0) worker.unref()
      answer(places, valid)
    })
    // What a thread that failed was asked is asked of the others; without any, new ones are started.
    worker.on('error', () => this.#retire(thread))
    return thread
  }

  #retire(thread: Thread): void {
    this.#failures++
    this.#threads = this.#threads.filter((other) => other !== thread)
    const unanswered = thread.asked.flat()
    if (unanswered.length === 0) return
    if (this.#waiting.length === 0) setImmediate(() => this.#send())
    this.#waiting.push(...unanswered)
  }
}

function answer(places: readonly Place[], valid: Uint8Array): void {
  for (let i = 0; i < places.length; i++) {
    const { group, index } = places[i] as Place
    group.answers[index] = valid[i] === 1
    group.left--
    if (group.left === 0) group.done(group.answers)
  }
}
