import { Agent, request, type IncomingMessage } from 'node:http'

export interface Answer {
  /** 0 when the connection broke. */
  readonly status: number
  /** From the first byte sent to the last byte received. */
  readonly ms: number
  readonly body: string
  /** Id of the resource that `Location` or `Content-Location` names. */
  readonly id: string | undefined
}

/** FHIR over HTTP/1.1 with kept connections; over loopback, without TLS, as all servers are measured. */
export class FhirHttp {
  readonly #base: URL
  readonly #agent: Agent
  readonly #headers: Readonly<Record<string, string>>

  /** @param connections at most so many are open at a time */
  constructor(base: string, token: string | undefined, connections: number) {
    this.#base = new URL(`${base.replace(/\/+$/, '')}/`)
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
    this.#headers = { accept: 'application/fhir+json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
  }

  /** `path` lies below the base; '' is the base itself. */
  send(method: string, path: string, body?: string): Promise<Answer> {
    const content = body === undefined ? undefined : Buffer.from(body)
    const headers = content === undefined ? this.#headers : { ...this.#headers, 'content-type': 'application/fhir+json', 'content-length': content.length }
    const address = path === '' ? this.#base.href.replace(/\/$/, '') : new URL(path, this.#base)
    return new Promise((resolve) => {
      const started = performance.now()
      const fail = (error: Error): void => resolve({ status: 0, ms: performance.now() - started, body: String(error), id: undefined })
      const sent = request(address, { method, headers, agent: this.#agent }, (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('error', fail)
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, ms: performance.now() - started, body: Buffer.concat(chunks).toString(), id: idIn(answer) }))
      })
      sent.on('error', fail)
      sent.end(content)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

function idIn({ headers }: IncomingMessage): string | undefined {
  const location = headers.location ?? headers['content-location']
  return /[A-Z][A-Za-z]+\/([A-Za-z0-9.-]{1,64})/.exec(typeof location === 'string' ? location : '')?.[1]
}
