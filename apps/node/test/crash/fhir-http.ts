import type { Bundle, Resource } from '@medplum/fhirtypes'

/** The node ended while it answered: whether the request was done is unknown. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
}

export interface HttpAnswer {
  readonly status: number
  readonly body: Resource | undefined
  /** Ledger receipt of a write, base64url. */
  readonly receipt?: string
}

/** FHIR over HTTP, for one organisation and token. */
export class FhirHttp {
  readonly #base: string
  readonly #token: string

  constructor(base: string, token: string) {
    this.#base = base
    this.#token = token
  }

  /** Any answer of the server. @throws ConnectionLost */
  async send(method: string, path: string, body?: object): Promise<HttpAnswer> {
    try {
      const response = await fetch(path.startsWith('http') ? path : `${this.#base}${path === '' ? '' : `/${path}`}`, {
        method,
        headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/fhir+json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      const receipt = response.headers.get('chiron-receipt')
      return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as Resource), ...(receipt === null ? {} : { receipt }) }
    } catch (cause) {
      throw new ConnectionLost('the node is gone', { cause })
    }
  }

  /** Every resource that a search matches, page after page. */
  async searchAll(query: string): Promise<Resource[]> {
    const found: Resource[] = []
    for (let next: string | undefined = query; next !== undefined; ) {
      const { status, body } = await this.send('GET', next)
      if (status !== 200) throw new Error(`search answered ${status}: ${JSON.stringify(body)}`)
      const bundle = body as Bundle
      found.push(...(bundle.entry ?? []).flatMap(({ resource, search }) => (resource !== undefined && search?.mode !== 'include' ? [resource] : [])))
      next = bundle.link?.find(({ relation }) => relation === 'next')?.url
    }
    return found
  }
}
