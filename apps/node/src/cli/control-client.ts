import { request as httpRequest, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import * as v from 'valibot'
import {
  controlFailure, importEvent, importPath, operations, labelReviewEvent, labelReviewPath, rebuildEvent, rebuildPath, type ImportEvent, type LabelReviewEvent, type OperationName, type RebuildEvent, type RequestOf, type ResponseOf,
} from '../control/api.ts'
import { CliError } from './errors.ts'

/** Errors of connecting that mean: nobody listens there. */
const NOBODY = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ENOTDIR'])

/** Asks the running node over its Unix socket. */
export class ControlClient {
  readonly #socketPath: string
  readonly #dataDirectory: string

  constructor(options: { socketPath: string; dataDirectory: string }) {
    this.#socketPath = options.socketPath
    this.#dataDirectory = options.dataDirectory
  }

  /**
   * Asks and checks the answer's shape.
   * @throws CliError `ERR_CLI_NO_NODE`, `ERR_CLI_NODE_LOST`, `ERR_CLI_REFUSED` (the node's sentence), `ERR_CLI_ANSWER`
   */
  async call<N extends OperationName>(name: N, request: RequestOf<N>): Promise<ResponseOf<N>> {
    const { method, path, response } = operations[name]
    const fields = new Map(Object.entries(request as Record<string, unknown>))
    const address = path.replace(/:(\w+)/g, (_, field: string) => {
      const value = String(fields.get(field))
      fields.delete(field)
      return encodeURIComponent(value)
    })
    const query = method === 'GET' ? new URLSearchParams([...fields].map(([field, value]): [string, string] => [field, String(value)])).toString() : ''
    const answer = await this.#send(
      method,
      query === '' ? address : `${address}?${query}`,
      method === 'POST' ? { type: 'application/json', content: Buffer.from(JSON.stringify(Object.fromEntries(fields))) } : undefined,
    )
    const parsed = v.safeParse(response, parseJson(await text(answer)))
    if (!parsed.success) throw wrongAnswer(new v.ValiError(parsed.issues))
    return parsed.output as ResponseOf<N>
  }

  /**
   * Hands over one FHIR document and follows the import; resolves with the last event.
   * @throws CliError as {@link call}
   */
  async import(organisation: string | undefined, content: Buffer, onProgress: (event: ImportEvent) => void): Promise<Extract<ImportEvent, { type: 'done' }>> {
    const query = organisation === undefined ? '' : `?${new URLSearchParams({ organisation }).toString()}`
    const answer = await this.#send('POST', `${importPath}${query}`, { type: 'application/fhir+json', content })
    return await follow(answer, importEvent, onProgress, 'the import')
  }

  /**
   * Has indexes made again and follows it; resolves with the last event.
   * @throws CliError as {@link call}
   */
  async rebuildIndex(organisation: string | undefined, onProgress: (event: RebuildEvent) => void): Promise<Extract<RebuildEvent, { type: 'done' }>> {
    const content = Buffer.from(JSON.stringify(organisation === undefined ? {} : { organisation }))
    const answer = await this.#send('POST', rebuildPath, { type: 'application/json', content })
    return await follow(answer, rebuildEvent, onProgress, 'the rebuild')
  }

  /**
   * Has records compared with the value sets of labels, and labelled if `apply` says so; resolves with the last event.
   * @throws CliError as {@link call}
   */
  async reviewLabels(organisation: string | undefined, apply: boolean, onProgress: (event: LabelReviewEvent) => void): Promise<Extract<LabelReviewEvent, { type: 'done' }>> {
    const content = Buffer.from(JSON.stringify({ apply, ...(organisation === undefined ? {} : { organisation }) }))
    const answer = await this.#send('POST', labelReviewPath, { type: 'application/json', content })
    return await follow(answer, labelReviewEvent, onProgress, 'the review of labels')
  }

  async #send(method: string, path: string, body: { type: string; content: Buffer } | undefined): Promise<IncomingMessage> {
    const answer = await this.#connect(method, path, body)
    if (answer.statusCode === 200) return answer
    const parsed = v.safeParse(controlFailure, parseJson(await text(answer)))
    if (!parsed.success) throw wrongAnswer(new v.ValiError(parsed.issues))
    throw new CliError('ERR_CLI_REFUSED', parsed.output.message, { nodeCode: parsed.output.code })
  }

  #connect(method: string, path: string, body: { type: string; content: Buffer } | undefined): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': body.type, 'content-length': body.content.length }
      const sent = httpRequest({ socketPath: this.#socketPath, method, path, headers, agent: false }, resolve)
      sent.once('error', (cause: NodeJS.ErrnoException) => reject(this.#connectionError(cause)))
      sent.end(body?.content)
    })
  }

  #connectionError(cause: NodeJS.ErrnoException): CliError {
    if (NOBODY.has(cause.code ?? '')) {
      return new CliError('ERR_CLI_NO_NODE', `no node is running on ${this.#dataDirectory}; start one with: npx chiron up`, { cause })
    }
    if (cause.code === 'EACCES') {
      return new CliError('ERR_CLI_FILE', `you may not use ${this.#socketPath}: run this as the user who runs the node`, { cause })
    }
    return lost(cause)
  }
}

async function text(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of stream) chunks.push(chunk as Buffer)
  } catch (cause) {
    throw lost(cause)
  }
  return Buffer.concat(chunks).toString('utf8')
}

type Failed = Extract<ImportEvent, { type: 'failed' }>
type Event = { readonly type: 'progress' } | { readonly type: 'done' } | Failed

/** Reads events to the last. @throws CliError `ERR_CLI_REFUSED`, `ERR_CLI_NODE_LOST`, `ERR_CLI_ANSWER` */
async function follow<E extends Event>(stream: Readable, shape: v.GenericSchema<unknown, E>, onEvent: (event: E) => void, what: string): Promise<Extract<E, { type: 'done' }>> {
  let last: E | undefined
  for await (const event of events(stream, shape)) {
    last = event
    onEvent(event)
  }
  if (last?.type === 'failed') throw new CliError('ERR_CLI_REFUSED', last.message, { nodeCode: last.code })
  if (last?.type !== 'done') throw new CliError('ERR_CLI_NODE_LOST', `the node stopped before ${what} was finished: start it again and repeat the command, what is done is skipped`)
  return last as Extract<E, { type: 'done' }>
}

async function* events<E>(stream: Readable, shape: v.GenericSchema<unknown, E>): AsyncGenerator<E> {
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
      if (line === '') continue
      const parsed = v.safeParse(shape, parseJson(line))
      if (!parsed.success) throw wrongAnswer(new v.ValiError(parsed.issues))
      yield parsed.output
    }
  } catch (cause) {
    throw cause instanceof CliError ? cause : lost(cause)
  }
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw wrongAnswer(cause)
  }
}

function wrongAnswer(cause: unknown): CliError {
  return new CliError('ERR_CLI_ANSWER', 'the node answered in a way that this command does not understand: are both of the same version?', { cause })
}

function lost(cause: unknown): CliError {
  return new CliError('ERR_CLI_NODE_LOST', 'the connection to the node broke off: see what it printed, then repeat the command', { cause })
}
