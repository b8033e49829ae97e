import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { securityHeaders } from './http-headers.ts'
import { StorageError, toStorageError } from './storage/errors.ts'

/** A server that listens; until `serve` it answers `503`. */
export interface Listening {
  readonly port: number
  serve(app: Hono): void
  /** Stops taking requests, waits for those under way, at most five seconds. */
  close(): Promise<void>
}

/** What one client may take of a server. Times in milliseconds. */
export interface HttpLimits {
  /** For the whole head of a request. */
  readonly headersTimeoutMs: number
  /** For a whole request, with its body. */
  readonly requestTimeoutMs: number
  /** Of silence between two requests of a connection. */
  readonly keepAliveTimeoutMs: number
  /** How often the times are looked at. */
  readonly checkEveryMs: number
  /** Connections at once; further ones are closed. */
  readonly connections: number
  /** Requests under way at once; further ones get `503`. */
  readonly requests: number
}

const LIMITS: HttpLimits = { headersTimeoutMs: 15_000, requestTimeoutMs: 120_000, keepAliveTimeoutMs: 10_000, checkEveryMs: 5000, connections: 4096, requests: 512 }
const MAX_HEAD_BYTES = 16 * 1024
const GRACE_MS = 5000

export interface PortOptions {
  /** Whether clients come by HTTPS, through whatever ends TLS in front of the node. */
  readonly https?: boolean
  readonly limits?: Partial<HttpLimits>
}

/** @throws StorageError `ERR_STORAGE_LOCKED` when the port is taken */
export async function listenOnPort(host: string, port: number, { https = false, limits }: PortOptions = {}): Promise<Listening> {
  const bounds = { ...LIMITS, ...limits }
  const server = boundedServer(bounds)
  try {
    await listen(server, { host, port })
  } catch (cause) {
    const code = (cause as { code?: string }).code
    const advice =
      code === 'EADDRINUSE'
        ? `port ${port} is in use: stop what listens there, or choose another one with PORT`
        : `cannot listen on ${host}:${port} (${code ?? 'unknown'}): check HOST and PORT`
    throw new StorageError('ERR_STORAGE_LOCKED', advice, { context: { port }, cause })
  }
  return listening(server, { headers: securityHeaders({ https }), requests: bounds.requests })
}

/** Listens on a Unix socket of mode 0600; one that a dead process left is replaced. The directory lock must be held. */
export async function listenOnSocket(path: string): Promise<Listening> {
  const server = boundedServer(LIMITS)
  rmSync(path, { force: true })
  try {
    await listen(server, { path })
    chmodSync(path, 0o600)
  } catch (cause) {
    throw toStorageError(cause, path, 'making the socket')
  }
  return listening(server, { headers: securityHeaders({ https: false }), requests: LIMITS.requests })
}

function boundedServer({ headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs, checkEveryMs, connections }: HttpLimits): Server {
  const server = createServer({
    headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs, keepAliveTimeout: keepAliveTimeoutMs, connectionsCheckingInterval: checkEveryMs,
    maxHeaderSize: MAX_HEAD_BYTES, insecureHTTPParser: false, requireHostHeader: true,
  })
  server.maxConnections = connections
  return server
}

function listen(server: Server, where: { host: string; port: number } | { path: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(where, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void

function listening(server: Server, { headers, requests }: { readonly headers: ReadonlyMap<string, string>; readonly requests: number }): Listening {
  const unavailable: Listener = (_request, response) => void response.writeHead(503, { 'retry-after': '1' }).end()
  let answer = unavailable
  let underWay = 0
  const ended = (): void => void underWay--
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    response.setHeaders(headers as Map<string, string>)
    underWay++
    response.once('close', ended)
    if (underWay > requests) unavailable(request, response)
    else answer(request, response)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? (address as AddressInfo).port : 0,
    serve: (app) => {
      answer = getRequestListener(app.fetch) as Listener
    },
    close: () =>
      new Promise((resolve) => {
        const force = setTimeout(() => server.closeAllConnections(), GRACE_MS)
        server.close(() => {
          clearTimeout(force)
          resolve()
        })
        server.closeIdleConnections()
      }),
  }
}
