import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { Hono } from 'hono'
import { listenOnPort, type Listening, type PortOptions } from './http-server.ts'

const open: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

async function listenWith(app: Hono, options?: PortOptions): Promise<Listening> {
  const server = await listenOnPort('127.0.0.1', 0, options)
  open.push(() => server.close())
  server.serve(app)
  return server
}

function hello(): Hono {
  return new Hono().get('/', (c) => c.text('hello')).get('/kept', (c) => c.text('for good', 200, { 'cache-control': 'public, max-age=31536000, immutable' }))
}

/** Sends text as it is; resolves with all that came until the other side closed. */
async function raw(port: number, text: string): Promise<string> {
  const socket = dial(port)
  socket.write(text)
  return await ended(socket)
}

function dial(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  open.push(() => void socket.destroy())
  return socket
}

async function ended(socket: Socket): Promise<string> {
  let answer = ''
  socket.on('data', (data) => (answer += data.toString('latin1')))
  return await new Promise((resolve) => {
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(answer))
  })
}

const head = (line: string, ...headers: string[]): string => [line, 'host: x', 'connection: close', ...headers, '', ''].join('\r\n')

describe('every answer', () => {
  it('tells browsers to show, run, frame, keep and pass on nothing, unless its route says otherwise', async () => {
    const { port } = await listenWith(hello())
    for (const [path, status] of [['/', 200], ['/nothing', 404]] as const) {
      const { headers, status: found } = await fetch(`http://127.0.0.1:${port}${path}`)
      expect(found).toBe(status)
      expect(Object.fromEntries(headers)).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': expect.stringMatching(/^default-src 'none'; base-uri 'none'; object-src 'none';.*frame-ancestors 'none'; sandbox$/),
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      })
      expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
    }
    const kept = await fetch(`http://127.0.0.1:${port}/kept`)
    expect(kept.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(kept.headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('has them before the node is ready, too', async () => {
    const server = await listenOnPort('127.0.0.1', 0)
    open.push(() => server.close())
    const answer = await fetch(`http://127.0.0.1:${server.port}/`)
    expect(answer.status).toBe(503)
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('asks for HTTPS from now on where clients came by HTTPS, and nowhere else', async () => {
    const [plain, tls] = [await listenWith(hello()), await listenWith(hello(), { https: true })]
    expect((await fetch(`http://127.0.0.1:${plain.port}/`)).headers.get('strict-transport-security')).toBeNull()
    expect((await fetch(`http://127.0.0.1:${tls.port}/`)).headers.get('strict-transport-security')).toBe('max-age=63072000; includeSubDomains')
  })
})

describe('requests that two servers could read differently', () => {
  const chunked = ['transfer-encoding: chunked', 'content-length: 4']
  it.each<[string, string]>([
    ['two lengths', `${head('POST / HTTP/1.1', 'content-length: 1', 'content-length: 2')}ab`],
    ['a length and chunks', `${head('POST / HTTP/1.1', ...chunked)}0\r\n\r\n`],
    ['an unknown transfer coding', `${head('POST / HTTP/1.1', 'transfer-encoding: xchunked')}0\r\n\r\n`],
    ['a length that is no number', `${head('POST / HTTP/1.1', 'content-length: +4')}abcd`],
    ['a chunk whose size is no number', `${head('POST / HTTP/1.1', 'transfer-encoding: chunked')}0x1\r\na\r\n0\r\n\r\n`],
    ['a folded header', head('GET / HTTP/1.1', 'x-one: a', ' folded: b')],
    ['a space before the colon', head('GET / HTTP/1.1', 'x-one : a')],
    ['a bare line feed', 'GET / HTTP/1.1\nhost: x\n\n'],
    ['no host', 'GET / HTTP/1.1\r\nconnection: close\r\n\r\n'],
    ['a control character in a header', head('GET / HTTP/1.1', 'x-one: a\u0001b')],
  ])('are refused: %s', async (_name, text) => {
    let asked = 0
    const { port } = await listenWith(new Hono().all('/', async (c) => c.text(`${await c.req.text()}${++asked}`)))
    expect(await raw(port, text)).toMatch(/^HTTP\/1\.1 400 /)
    expect(asked).toBe(0)
  })

  it('are refused: a head of more than 16 KiB', async () => {
    const { port } = await listenWith(hello())
    expect(await raw(port, head('GET / HTTP/1.1', `x-one: ${'a'.repeat(17_000)}`))).toMatch(/^HTTP\/1\.1 431 /)
  })
})

describe('clients that take their time', () => {
  const limits = { headersTimeoutMs: 200, requestTimeoutMs: 400, checkEveryMs: 50 }

  it('lose a connection whose head does not end', async () => {
    const { port } = await listenWith(hello(), { limits })
    expect(await raw(port, 'GET / HTTP/1.1\r\nhost: x\r\nx-one: ')).toMatch(/^HTTP\/1\.1 408 /)
  })

  it('lose a connection whose body does not end', async () => {
    const { port } = await listenWith(new Hono().post('/', async (c) => c.text(await c.req.text())), { limits })
    expect(await raw(port, `${head('POST / HTTP/1.1', 'content-length: 9')}abc`)).toMatch(/^HTTP\/1\.1 408 /)
  })
})

describe('crowds', () => {
  it('get 503 beyond the requests that may be under way, and answers again afterwards', async () => {
    const released = gate()
    const started = gate()
    let count = 0
    const app = new Hono().get('/', async (c) => {
      if (++count === 2) started.resolve()
      await released.promise
      return c.text('done')
    })
    const { port } = await listenWith(app, { limits: { requests: 2 } })
    const ask = async (): Promise<number> => (await fetch(`http://127.0.0.1:${port}/`)).status
    const first = [ask(), ask()]
    await started.promise
    const refused = await fetch(`http://127.0.0.1:${port}/`)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    released.resolve()
    expect(await Promise.all(first)).toEqual([200, 200])
    expect(await ask()).toBe(200)
  })

  it('get no connection beyond those that there may be', async () => {
    const { port } = await listenWith(hello(), { limits: { connections: 1 } })
    const first = dial(port)
    first.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    await new Promise((resolve) => first.once('data', resolve))
    expect(await ended(dial(port))).toBe('')
  })
})

/** A promise to be kept by hand. */
function gate(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((keep) => (resolve = keep))
  return { promise, resolve }
}
