import { SdkError } from '../errors.ts'
import { Transport, type Answer, type Call, type TokenSource } from '../http/transport.ts'
import type { Fetch } from '../ports.ts'
import { readReceipt, RECEIPT_HEADER } from '../receipts/receipts.ts'
import type { Bundle, FhirResource, FhirResult } from './resource.ts'

const FHIR_JSON = 'application/fhir+json'

/** Search parameters: a list repeats the parameter (and), a comma within a value means or. */
export type SearchParameters = Readonly<Record<string, string | number | readonly (string | number)[]>>

/**
 * An organisation's FHIR R4 base. Every method throws {@link SdkError} for an answer that is no success, with the
 * server's OperationOutcome in its context.
 */
export class FhirClient {
  readonly #transport: Transport

  /** `base` is such as `http://localhost:8080/riverside/fhir`. */
  constructor(options: { readonly base: string; readonly token?: TokenSource }, dependencies: { readonly fetch?: Fetch } = {}) {
    this.#transport = new Transport(options, dependencies)
  }

  async capabilities(): Promise<FhirResource> {
    return (await this.#send<FhirResource>('GET', '/metadata')).resource
  }

  async read<T extends FhirResource>(type: T['resourceType'], id: string): Promise<FhirResult<T>> {
    return await this.#send<T>('GET', instance(type, id))
  }

  async readVersion<T extends FhirResource>(type: T['resourceType'], id: string, version: string): Promise<FhirResult<T>> {
    return await this.#send<T>('GET', `${instance(type, id)}/_history/${encodeURIComponent(version)}`)
  }

  async history<T extends FhirResource>(type: T['resourceType'], id: string): Promise<Bundle<T>> {
    return (await this.#send<Bundle<T>>('GET', `${instance(type, id)}/_history`)).resource
  }

  /** One page of matches. */
  async search<T extends FhirResource>(type: T['resourceType'], parameters: SearchParameters = {}): Promise<Bundle<T>> {
    const query = queryOf(parameters)
    return (await this.#send<Bundle<T>>('GET', `/${encodeURIComponent(type)}${query === '' ? '' : `?${query}`}`)).resource
  }

  /** All pages, one after the other. @throws SdkError `ERR_SDK_RESPONSE` for a link that leads away from the base, or in a circle */
  async *searchPages<T extends FhirResource>(type: T['resourceType'], parameters: SearchParameters = {}): AsyncGenerator<Bundle<T>, void> {
    const visited = new Set<string>()
    let page = await this.search<T>(type, parameters)
    for (;;) {
      yield page
      const next: string | undefined = page.link?.find((link) => link.relation === 'next')?.url
      if (next === undefined) return
      const path = this.#pathBelowBase(next)
      if (visited.has(path)) throw new SdkError('ERR_SDK_RESPONSE', 'the pages lead in a circle')
      visited.add(path)
      page = (await this.#send<Bundle<T>>('GET', path)).resource
    }
  }

  /** `Patient/$everything`: all that this reader may see of one patient. */
  async everything(patientId: string): Promise<Bundle> {
    return (await this.#send<Bundle>('GET', `${instance('Patient', patientId)}/$everything`)).resource
  }

  /** `ifNoneExist` is a query: where it matches one resource, that one is the result and nothing is created. */
  async create<T extends FhirResource>(resource: T, options: { readonly ifNoneExist?: SearchParameters } = {}): Promise<FhirResult<T>> {
    const headers = options.ifNoneExist === undefined ? {} : { 'if-none-exist': queryOf(options.ifNoneExist) }
    return await this.#send<T>('POST', `/${encodeURIComponent(resource.resourceType)}`, resource, headers)
  }

  /** `ifMatch` is the `etag` of the version that the change was made from: another writer's version is not overwritten. */
  async update<T extends FhirResource & { readonly id: string }>(resource: T, options: { readonly ifMatch?: string } = {}): Promise<FhirResult<T>> {
    const headers = options.ifMatch === undefined ? {} : { 'if-match': options.ifMatch }
    return await this.#send<T>('PUT', instance(resource.resourceType, resource.id), resource, headers)
  }

  async delete(type: string, id: string): Promise<FhirResult<FhirResource | undefined>> {
    return resultOf<FhirResource | undefined>(await this.#transport.send(call('DELETE', instance(type, id))))
  }

  /** A transaction bundle: all of it or nothing, in one ledger transaction. */
  async transaction(bundle: Bundle & { readonly type: 'transaction' }): Promise<FhirResult<Bundle>> {
    return await this.#send<Bundle>('POST', '/', bundle)
  }

  async #send<T extends FhirResource>(method: Call['method'], path: string, body?: FhirResource, headers: Readonly<Record<string, string>> = {}): Promise<FhirResult<T>> {
    const answer = await this.#transport.send(call(method, path, body, headers))
    if (!isResource(answer.body)) throw new SdkError('ERR_SDK_RESPONSE', 'the answer holds no resource', { context: { status: answer.status } })
    return resultOf(answer) as FhirResult<T>
  }

  #pathBelowBase(url: string): string {
    const base = `${this.#transport.base}/`
    const absolute = URL.canParse(url, base) ? new URL(url, base).href : ''
    if (!absolute.startsWith(base)) throw new SdkError('ERR_SDK_RESPONSE', 'the next page lies at another address')
    return absolute.slice(base.length - 1)
  }
}

function call(method: Call['method'], path: string, body?: FhirResource, headers: Readonly<Record<string, string>> = {}): Call {
  return { method, path, accept: FHIR_JSON, headers, ...(body === undefined ? {} : { body: { type: FHIR_JSON, content: JSON.stringify(body) } }) }
}

function resultOf<T>(answer: Answer): FhirResult<T> {
  const [etag, location, receipt] = ['etag', 'location', RECEIPT_HEADER].map((name) => answer.headers.get(name))
  return {
    status: answer.status,
    resource: answer.body as T,
    ...(etag ? { etag } : {}),
    ...(location ? { location } : {}),
    ...(receipt ? { receipt: readReceipt(receipt) } : {}),
  }
}

function isResource(body: unknown): body is FhirResource {
  return typeof body === 'object' && body !== null && 'resourceType' in body && typeof body.resourceType === 'string'
}

function instance(type: string, id: string): string {
  return `/${encodeURIComponent(type)}/${encodeURIComponent(id)}`
}

function queryOf(parameters: SearchParameters): string {
  const pairs = Object.entries(parameters).flatMap(([name, value]) => [value].flat().map((item) => [name, String(item)] as const))
  return pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')
}
