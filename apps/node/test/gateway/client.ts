import { expect } from 'vitest'

export interface Resource {
  readonly resourceType: string
  readonly id: string
  readonly meta: { readonly versionId: string; readonly lastUpdated: string; readonly tag?: readonly { readonly code?: string }[] }
  readonly [element: string]: unknown
}

export interface Entry {
  readonly fullUrl?: string
  readonly resource?: Resource
  readonly search?: { readonly mode: string }
  readonly request?: { readonly method: string; readonly url: string }
  readonly response?: { readonly status: string; readonly location?: string; readonly etag?: string; readonly lastModified?: string; readonly outcome?: Outcome }
}

export interface Outcome {
  readonly resourceType: 'OperationOutcome'
  readonly issue: readonly { readonly severity: string; readonly code: string; readonly diagnostics?: string; readonly expression?: readonly string[] }[]
}

/** An answer that was checked for what every answer must keep to. */
export class Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string

  constructor(status: number, headers: Headers, text: string) {
    this.status = status
    this.headers = headers
    this.text = text
  }

  get json(): Record<string, unknown> {
    return JSON.parse(this.text) as Record<string, unknown>
  }

  get resource(): Resource {
    return this.json as unknown as Resource
  }

  get outcome(): Outcome {
    const outcome = this.json as unknown as Outcome
    expect(outcome.resourceType).toBe('OperationOutcome')
    return outcome
  }

  get total(): number {
    return this.json['total'] as number
  }

  get receipt(): string | null {
    return this.headers.get('chiron-receipt')
  }

  entries(): Entry[] {
    return (this.json['entry'] ?? []) as Entry[]
  }

  /** Resources of a searchset, those that matched. */
  matches(): Resource[] {
    return this.entries().filter((entry) => entry.search?.mode === 'match').map((entry) => entry.resource as Resource)
  }

  included(): Resource[] {
    return this.entries().filter((entry) => entry.search?.mode === 'include').map((entry) => entry.resource as Resource)
  }

  link(relation: string): string | undefined {
    return (this.json['link'] as { relation: string; url: string }[] | undefined)?.find((link) => link.relation === relation)?.url
  }

  /** Paths of the elements that an outcome complains about. */
  expressions(): string[] {
    return this.outcome.issue.flatMap((issue) => issue.expression ?? [])
  }

  expect(status: number): this {
    if (this.status !== status) expect.fail(`expected ${status}, got ${this.status}: ${this.text.slice(0, 800)}`)
    return this
  }
}

/** Expects what becomes true when a block has been taken in; fails after ten seconds. */
export function eventually<T>(probe: () => T | Promise<T>) {
  return expect.poll(probe, { timeout: 10_000, interval: 20 })
}

export type Headline = Readonly<Record<string, string>>

/** Speaks HTTP to one organisation, with one token. */
export class Client {
  readonly base: string
  readonly token: string | undefined

  constructor(base: string, token: string | undefined) {
    this.base = base
    this.token = token
  }

  /** Searches and reads below `fhir/`. */
  async get(path: string, headers: Headline = {}): Promise<Answer> {
    return await this.send('GET', `fhir/${path}`, undefined, headers)
  }

  /** Sends JSON; `path` is below the organisation, such as `fhir/Patient`. */
  async post(path: string, body: unknown, headers: Headline = {}): Promise<Answer> {
    return await this.send('POST', path, JSON.stringify(body), { 'content-type': 'application/fhir+json', ...headers })
  }

  async create(resource: { readonly resourceType: string }, headers: Headline = {}): Promise<Answer> {
    return await this.post(`fhir/${resource.resourceType}`, resource, headers)
  }

  async put(resource: { readonly resourceType: string; readonly id: string }, headers: Headline = {}): Promise<Answer> {
    const path = `fhir/${resource.resourceType}/${resource.id}`
    return await this.send('PUT', path, JSON.stringify(resource), { 'content-type': 'application/fhir+json', ...headers })
  }

  async delete(path: string, headers: Headline = {}): Promise<Answer> {
    return await this.send('DELETE', `fhir/${path}`, undefined, headers)
  }

  async send(method: string, path: string, body: BodyInit | undefined, headers: Headline): Promise<Answer> {
    const authorization: Record<string, string> = this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }
    const url = path.startsWith('http') ? path : `${this.base}/${path}`
    const response = await fetch(url, { method, headers: { ...authorization, ...headers }, ...(body === undefined ? {} : { body }) })
    const answer = new Answer(response.status, response.headers, await response.text())
    keepsToRules(method, answer)
    return answer
  }
}

/** What holds for every answer: no server error, an OperationOutcome for an error, nothing of the program's inside. */
function keepsToRules(method: string, answer: Answer): void {
  if (answer.status >= 500) expect.fail(`server error ${answer.status}: ${answer.text.slice(0, 800)}`)
  expect(answer.text).not.toMatch(/\n {4}at |node_modules|\/src\/|\.ts:\d/)
  if (answer.status < 400 || method === 'HEAD') return
  expect(answer.headers.get('content-type')).toContain('application/fhir+json')
  expect(answer.outcome.issue.length).toBeGreaterThan(0)
}
