import { connect, type Socket } from 'node:net'
import { Agent, request, type IncomingMessage } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import type { OddRequest } from '../gateway/odd-requests.ts'
import { CANARY } from '../gateway/odd-requests.ts'
import type { OddStream } from './odd-streams.ts'

/** No answer within so many milliseconds is none. */
const HANGS_MS = 20_000

export interface PlainAnswer {
  readonly status: number
  readonly type: string
  readonly text: string
}

/** Where requests go: a port of this machine, or a Unix socket. */
export type Where = { readonly port: number } | { readonly socketPath: string }

export function ask(where: Where, agent: Agent, { method, path, headers, body }: OddRequest): Promise<PlainAnswer> {
  return new Promise((resolve, reject) => {
    const options = 'port' in where ? { host: '127.0.0.1', port: where.port } : { socketPath: where.socketPath }
    const asked = request({ ...options, agent, method, path, headers: body === undefined ? headers : { ...headers, 'content-length': String(body.length) }, timeout: HANGS_MS }, (message: IncomingMessage) => {
      const chunks: Buffer[] = []
      message.on('data', (chunk: Buffer) => chunks.push(chunk))
      message.on('error', reject)
      message.on('end', () => resolve({ status: message.statusCode ?? 0, type: message.headers['content-type'] ?? '', text: Buffer.concat(chunks).toString() }))
    })
    asked.on('timeout', () => asked.destroy(new TypeError('no answer')))
    asked.on('error', (error: NodeJS.ErrnoException) => {
      // The server may close a connection that was idle in the moment in which it is used again (RFC 9112 §9.3.1).
      const wasIdle = asked.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
      if (wasIdle) resolve(ask(where, new Agent({ keepAlive: false }), { method, path, headers, ...(body === undefined ? {} : { body }) }))
      else reject(error)
    })
    asked.end(body)
  })
}

/** What is wrong with an answer. */
export function faultsOf({ method, path }: Pick<OddRequest, 'method' | 'path'>, { status, type, text }: PlainAnswer): string[] {
  const faults: string[] = []
  if (status >= 500) faults.push('server error')
  if (/\n {4}at |node_modules|\/src\/|\.ts:\d/.test(text)) faults.push('traces of the program')
  // Where in a document something is wrong is told by the names in it, whatever they are; never by its values.
  if (status >= 400 && text.replaceAll(/"expression":\["(?:[^"\\]|\\.)*"\]/g, '').includes(CANARY)) faults.push('repeats what was sent')
  if (status >= 400 && method !== 'HEAD' && /^\/[a-z]+\/fhir/.test(path) && (!type.startsWith('application/fhir+json') || !text.includes('"resourceType":"OperationOutcome"'))) faults.push('no OperationOutcome')
  return faults.map((fault) => `${fault}: ${status} to ${method} ${path.slice(0, 300)}: ${text.slice(0, 300)}`)
}

/** Sends a stream and gives the statuses of all answers, in order; rejects when the server neither answers nor ends the connection. */
export function speak(where: Where, { chunks, ending, expected }: OddStream): Promise<{ readonly statuses: readonly number[]; readonly text: string }> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket: Socket = 'port' in where ? connect({ host: '127.0.0.1', port: where.port }) : connect({ path: where.socketPath })
    const end = (): void => {
      socket.destroy()
      resolve({ statuses: statusesIn(text).statuses, text })
    }
    socket.setTimeout(HANGS_MS, () => {
      socket.destroy()
      reject(new TypeError(`no end after ${text.slice(0, 100)}`))
    })
    socket.on('data', (data) => {
      text += data.toString('latin1')
      // Who keeps the connection has answered all the same.
      if (expected === 'any' && statusesIn(text).isWhole) end()
    })
    // The server may close on what it refuses before all was sent.
    socket.on('error', end)
    socket.on('close', end)
    socket.on('connect', () => {
      void send(socket, chunks, ending)
    })
  })
}

/** Each piece in a turn of its own, so that the server gets them one by one. */
async function send(socket: Socket, chunks: readonly Uint8Array[], ending: OddStream['ending']): Promise<void> {
  for (const chunk of chunks) {
    if (socket.destroyed) return
    socket.write(chunk)
    if (chunks.length > 2) await setImmediate()
  }
  if (ending === 'half') socket.end()
  else if (ending === 'gone') socket.destroy()
}

/** Statuses of the answers that follow each other in a text, but of those that say to go on; whether the last one is whole. */
function statusesIn(text: string): { readonly statuses: readonly number[]; readonly isWhole: boolean } {
  const statuses: number[] = []
  let at = 0
  while (at < text.length) {
    const end = text.indexOf('\r\n\r\n', at)
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(text.slice(at, at + 13))?.[1] ?? Number.NaN)
    // Whatever else stands there is no answer, and counts as one that should not be.
    if (Number.isNaN(status)) return { statuses: [...statuses, 599], isWhole: true }
    if (status >= 200) statuses.push(status)
    if (end < 0) return { statuses, isWhole: false }
    const head = text.slice(at, end)
    const length = /^content-length: (\d+)\r?$/im.exec(head)?.[1]
    if (length === undefined && /^transfer-encoding: chunked\r?$/im.test(head)) {
      const last = text.indexOf('\r\n0\r\n\r\n', end)
      if (last < 0) return { statuses, isWhole: false }
      at = last + 7
    } else at = end + 4 + Number(length ?? '0')
  }
  return { statuses, isWhole: at === text.length && statuses.length > 0 }
}

/** What is wrong with the answers to a stream. */
export function faultsOfStream({ kind, chunks, expected }: OddStream, { statuses, text }: { readonly statuses: readonly number[]; readonly text: string }): string[] {
  const faults: string[] = []
  if (statuses.some((status) => status >= 500)) faults.push('server error')
  if (/\n {4}at |node_modules|\/src\/|\.ts:\d/.test(text)) faults.push('traces of the program')
  if (expected === 'refused' && (statuses.length !== 1 || (statuses[0] as number) < 400)) faults.push('not refused once')
  if (typeof expected === 'number' && statuses.length !== expected) faults.push(`not ${expected} answers`)
  return faults.map((fault) => `${fault}: ${statuses.join(' ')} to ${kind}: ${Buffer.concat(chunks.slice(0, 40)).toString('latin1').slice(0, 400)}: ${text.slice(0, 200)}`)
}
