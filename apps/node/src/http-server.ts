import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { StorageError, toStorageError } from './storage/errors.ts'

/** A server that listens; until `serve` it answers `503`. */
export interface Listening {
  readonly port: number
  serve(app: Hono): void
  /** Stops taking requests, waits for those under way, at most five seconds. */
  close(): Promise<void>
}

const GRACE_MS = 5000

/** @throws StorageError `ERR_STORAGE_LOCKED` when the port is taken */
export async function listenOnPort(host: string, port: number): Promise<Listening> {
  const server = createServer()
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
  return listening(server)
}

/** Listens on a Unix socket of mode 0600; one that a dead process left is replaced. The directory lock must be held. */
export async function listenOnSocket(path: string): Promise<Listening> {
  const server = createServer()
  rmSync(path, { force: true })
  try {
    await listen(server, { path })
    chmodSync(path, 0o600)
  } catch (cause) {
    throw toStorageError(cause, path, 'making the socket')
  }
  return listening(server)
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

function listening(server: Server): Listening {
  const starting = (_request: unknown, response: { writeHead(status: number, headers: Record<string, string>): { end(): void } }): void => {
    response.writeHead(503, { 'retry-after': '1' }).end()
  }
  server.on('request', starting)
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? (address as AddressInfo).port : 0,
    serve: (app) => {
      server.off('request', starting)
      server.on('request', getRequestListener(app.fetch))
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
