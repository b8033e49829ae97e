import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { run } from '../main.ts'
import { ControlClient } from '../control-client.ts'
import type { RunningNode, StartOptions } from '../context.ts'

/** A request as a node sees it. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly body: unknown
}

export interface Answer {
  readonly status?: number
  readonly json?: unknown
  /** Lines of NDJSON, instead of `json`. */
  readonly lines?: readonly unknown[]
  /** Cuts the connection after the lines. */
  readonly cut?: boolean
}

/** Stands for a running node on a socket in a data directory of its own, and runs command lines against it. */
export class ControlDouble {
  readonly dataDirectory: string = mkdtempSync(join(tmpdir(), 'chiron-cli-'))
  readonly seen: Seen[] = []
  readonly started: StartOptions[] = []
  #server: Server | undefined
  #answer: (seen: Seen) => Answer = () => ({ status: 404, json: { code: 'ERR_TEST', message: 'no answer was set' } })

  async listen(answer: (seen: Seen) => Answer): Promise<void> {
    this.#answer = answer
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const content = Buffer.concat(chunks)
        const text = (content[0] === 0x1f ? gunzipSync(content) : content).toString('utf8')
        const seen = { method: request.method ?? '', url: request.url ?? '', body: text === '' ? undefined : (JSON.parse(text) as unknown) }
        this.seen.push(seen)
        const { status = 200, json, lines, cut } = this.#answer(seen)
        response.writeHead(status, { 'content-type': lines === undefined ? 'application/json' : 'application/x-ndjson' })
        if (lines === undefined) response.end(JSON.stringify(json))
        else if (cut === true) response.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''), () => response.destroy())
        else response.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
      })
    })
    await new Promise<void>((resolve) => this.#server?.listen(join(this.dataDirectory, 'chiron.sock'), resolve))
  }

  /** Runs a command line; what it printed and the exit code. */
  async chiron(args: readonly string[], options: { node?: RunningNode; stopped?: Promise<void> } = {}): Promise<{ code: number; stdout: string; stderr: string }> {
    let stdout = ''
    let stderr = ''
    const environment = { dataDirectory: this.dataDirectory, socketPath: join(this.dataDirectory, 'chiron.sock'), trustPath: join(this.dataDirectory, 'trust.json') }
    const code = await run(args, {
      io: { stdout: { write: (text) => (stdout += text) }, stderr: { write: (text) => (stderr += text) } },
      environment,
      client: new ControlClient(environment),
      startNode: (start) => {
        this.started.push(start)
        start.onProgress({ step: 'loading patients', done: 1, total: 2 })
        return options.node === undefined ? Promise.reject(new TypeError('no node was given')) : Promise.resolve(options.node)
      },
      untilStopped: () => options.stopped ?? Promise.resolve(),
    })
    return { code, stdout, stderr }
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => (this.#server === undefined ? resolve() : this.#server.close(() => resolve())))
    rmSync(this.dataDirectory, { recursive: true, force: true })
  }
}
