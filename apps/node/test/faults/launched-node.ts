import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const LAUNCHER = fileURLToPath(new URL('../../bin/chiron.mjs', import.meta.url))

export interface LaunchedEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** `chiron up` in a process of its own, as an operator starts it. */
export class LaunchedNode {
  readonly ended: Promise<LaunchedEnd>
  readonly #process: ChildProcess
  #stdout = ''
  #stderr = ''

  constructor(directory: string, options: { readonly port?: number; readonly env?: Readonly<Record<string, string>> } = {}) {
    const env = { ...process.env, CHIRON_DATA: directory, LOG_LEVEL: 'info', ...options.env }
    this.#process = spawn(process.execPath, [LAUNCHER, 'up', '--json', '--port', String(options.port ?? 0)], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#process.stderr?.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()))
    this.#process.stdout?.on('data', (chunk: Buffer) => (this.#stdout += chunk.toString()))
    this.ended = new Promise((resolve) => this.#process.once('close', (code, signal) => resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr })))
  }

  /** Address, once it is up. @throws Error with what it printed when it ended instead */
  async untilUp(): Promise<string> {
    return await new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.#stdout.includes('\n')) resolve((JSON.parse(this.#stdout) as { url: string }).url)
      }
      this.#process.stdout?.on('data', look)
      look()
      void this.ended.then(({ stderr }) => reject(new Error(`the node ended: ${stderr}`)))
    })
  }

  get stderr(): string {
    return this.#stderr
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  async stop(): Promise<LaunchedEnd> {
    this.#process.kill('SIGTERM')
    return await this.ended
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.ended
  }
}
