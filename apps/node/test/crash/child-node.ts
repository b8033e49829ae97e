import { fork, type ChildProcess } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Answer, ChildQuestions, ChildReady, Flushing, Question, QuestionName } from './node-child.ts'

/** Compiled sources, for the next start: halves what a start costs. */
const COMPILED = join(tmpdir(), 'chiron-compiled')
const PROGRAM = fileURLToPath(new URL('node-child.ts', import.meta.url))

/** What the process left behind when it ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
}

export interface ChildOptions {
  readonly logLevel?: 'error' | 'debug'
  readonly flushing?: Flushing
  /** Beside this process's own. */
  readonly environment?: Readonly<Record<string, string>>
}

/** A node in a process of its own, to be killed. */
export class ChildNode {
  readonly ended: Promise<Ended>
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (error: unknown) => void }>()
  #ready: ChildReady | undefined
  #output = ''
  #asked = 0

  private constructor(child: ChildProcess) {
    this.#process = child
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()))
    const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })))
    const drained = [child.stdout, child.stderr].map((stream) => new Promise<void>((resolve) => stream?.once('close', resolve)))
    this.ended = Promise.all([exited, ...drained]).then(([{ code, signal }]) => {
      for (const { reject } of this.#waiting.values()) reject(new ChildEnded(this.#output))
      return { code, signal, output: this.#output }
    })
  }

  /** Starts a process that opens a node on a directory, without waiting until it has. */
  static spawn(directory: string, { logLevel = 'error', flushing = 'durable', environment = {} }: ChildOptions = {}): ChildNode {
    return new ChildNode(fork(PROGRAM, [directory, logLevel, flushing], { env: { NODE_COMPILE_CACHE: COMPILED, ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [] }))
  }

  /** @throws ChildEnded with what the process printed when it ended before it was ready */
  static async start(directory: string, options: ChildOptions = {}): Promise<ChildNode> {
    const node = ChildNode.spawn(directory, options)
    await node.untilReady()
    return node
  }

  async untilReady(): Promise<ChildReady> {
    this.#ready ??= await new Promise<ChildReady>((resolve, reject) => {
      this.#process.once('message', (message) => {
        resolve(message as ChildReady)
        this.#process.on('message', (answer) => this.#settle(answer as Answer))
      })
      void this.ended.then(({ output }) => reject(new ChildEnded(output)))
    })
    return this.#ready
  }

  get ready(): ChildReady {
    return this.#ready as ChildReady
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null
  }

  /** What the process printed so far. */
  get output(): string {
    return this.#output
  }

  async ask<N extends QuestionName>(name: N, ask: ChildQuestions[N]['question']): Promise<ChildQuestions[N]['answer']> {
    const number = ++this.#asked
    const question: Question<N> = { number, name, ask }
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject })
      this.#process.send(question, (error) => (error === null ? undefined : reject(new ChildEnded(this.#output))))
    })
    return (await answer) as ChildQuestions[N]['answer']
  }

  /** Sends SIGKILL; whatever the process is doing stays half done. */
  async kill(): Promise<Ended> {
    this.#process.kill('SIGKILL')
    return await this.ended
  }

  async stop(): Promise<Ended> {
    await this.ask('stop', {})
    return await this.ended
  }

  #settle({ number, answer, failure }: Answer): void {
    const waiting = this.#waiting.get(number)
    this.#waiting.delete(number)
    if (failure === undefined) waiting?.resolve(answer)
    else waiting?.reject(new ChildRefused(failure))
  }
}

export class ChildEnded extends Error {
  override readonly name = 'ChildEnded'
}

export class ChildRefused extends Error {
  override readonly name = 'ChildRefused'
}
