import { SdkError } from '../errors.ts'
import { platformFetch, type Fetch } from '../ports.ts'
import { errorOf } from './outcome.ts'

/** A bearer token, or what fetches one anew when it is needed. */
export type TokenSource = string | (() => Promise<string>)

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below the base, with a leading slash, already escaped. */
  readonly path: string
  readonly accept: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: { readonly type: string; readonly content: string | Uint8Array }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** Parsed JSON; undefined for an empty body. */
  readonly body: unknown
}

/** Sends requests below one base address, with the token, and turns every answer that is no success into an {@link SdkError}. */
export class Transport {
  readonly base: string
  readonly #token: TokenSource | undefined
  readonly #fetch: Fetch

  constructor(options: { readonly base: string; readonly token?: TokenSource }, dependencies: { readonly fetch?: Fetch } = {}) {
    this.base = options.base.replace(/\/+$/, '')
    this.#token = options.token
    this.#fetch = dependencies.fetch ?? platformFetch
  }

  /** @throws SdkError by status (`http/outcome.ts`); `ERR_SDK_NETWORK`, `ERR_SDK_RESPONSE` */
  async send(call: Call): Promise<Answer> {
    const token = typeof this.#token === 'function' ? await this.#token() : this.#token
    const response = await this.#exchange(call, token)
    const { text, status } = response
    const ok = status >= 200 && status < 300
    const body = parseJson(text, ok)
    if (!ok) throw errorOf(status, body)
    return { status, headers: response.headers, body }
  }

  async #exchange(call: Call, token: string | undefined): Promise<{ status: number; headers: Headers; text: string }> {
    try {
      const response = await this.#fetch(`${this.base}${call.path}`, {
        method: call.method,
        redirect: 'error',
        headers: {
          accept: call.accept,
          ...(call.body === undefined ? {} : { 'content-type': call.body.type }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...call.headers,
        },
        ...(call.body === undefined ? {} : { body: bodyOf(call.body.content) }),
      })
      return { status: response.status, headers: response.headers, text: await response.text() }
    } catch (cause) {
      throw new SdkError('ERR_SDK_NETWORK', 'no answer from the server', { cause })
    }
  }
}

function bodyOf(content: string | Uint8Array): string | Uint8Array<ArrayBuffer> {
  return typeof content === 'string' ? content : new Uint8Array(content)
}

/** The body of a failure may be anything: a proxy's page, for one. */
function parseJson(text: string, ok: boolean): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    if (!ok) return undefined
    throw new SdkError('ERR_SDK_RESPONSE', 'the answer is not JSON', { cause })
  }
}
