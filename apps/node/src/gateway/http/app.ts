import { isResourceType } from '@chiron/fhir'
import { Hono, type Context } from 'hono'
import type { Gateway } from '../gateway.ts'
import { GatewayError } from '../errors.ts'
import type { FhirRequest } from '../fhir/request.ts'
import type { Tokens } from '../tokens.ts'
import { logRoutes, type LogSource } from '../../transparency/log-routes.ts'
import { Bodies } from './body.ts'
import { chironRoutes } from './chiron-routes.ts'
import { definitionRoutes } from './definition-routes.ts'
import { emergencyRoutes } from './emergency-routes.ts'
import { answerFor } from './outcome.ts'
import { respond } from './respond.ts'
import { walletRoutes } from './wallet-routes.ts'

/** Line of the access log: no ids, no queries, no bodies. */
export interface RequestLine {
  readonly method: string
  readonly organisation: string
  readonly route: string
  readonly status: number
  readonly ms: number
  readonly error?: string
}

export interface AppDependencies {
  readonly gateways: ReadonlyMap<string, Gateway>
  readonly tokens: Tokens
  /** The ledger's log, shown at `/log`; not there unless given. */
  readonly ledgerLog?: LogSource
  readonly now: () => number
  readonly log: (line: RequestLine) => void
}

const WITH_BODY = new Set(['POST', 'PUT', 'PATCH'])

/** The HTTP face of every organisation on a node: FHIR at `/{org}/fhir`, the ledger for wallets at `/{org}/chiron`. */
export function createApp(dependencies: AppDependencies): Hono {
  const { gateways, tokens, ledgerLog, now, log } = dependencies
  const app = new Hono()
  const bodies = new Bodies()
  const gatewayOf = (c: Context): Gateway => {
    const gateway = gateways.get(c.req.param('org') ?? '')
    if (gateway === undefined) throw new GatewayError('ERR_GATEWAY_NOT_FOUND', `no such organisation here; there are ${[...gateways.keys()].join(', ')}`)
    return gateway
  }
  app.use('*', async (c, next) => {
    const started = now()
    await next()
    bodies.release(c)
    const failure = c.get('failure' as never) as string | undefined
    log({
      method: METHODS.has(c.req.method) ? c.req.method : 'other',
      ...routeOf(c.req.path, gateways),
      status: c.res.status,
      ms: now() - started,
      ...(failure === undefined ? {} : { error: failure }),
    })
  })
  app.onError((error, c) => {
    const { status, outcome, unexpected } = answerFor(error)
    if (unexpected !== undefined || REFUSALS.has(status)) c.set('failure' as never, nameOf(error) as never)
    const headers: Record<string, string> = { 'content-type': 'application/fhir+json; charset=utf-8' }
    if (status === 401) headers['www-authenticate'] = 'Bearer'
    if (status === 405) headers['allow'] = allowedAt(c.req.path)
    if (status === 503 || status === 429) headers['retry-after'] = '1'
    return c.body(JSON.stringify(outcome), status as 500, headers)
  })
  app.notFound(() => {
    throw new GatewayError('ERR_GATEWAY_NOT_FOUND', 'there is nothing at this address; FHIR lies below /{organisation}/fhir')
  })
  app.get('/', (c) => c.json({ name: 'Chiron', organisations: [...gateways.values()].map(({ name, baseUrl }) => ({ name, fhir: baseUrl, metadata: `${baseUrl}/metadata` })) }))
  app.get('/health', (c) => c.json({ status: 'up' }))
  if (ledgerLog !== undefined) app.route('/log', logRoutes(ledgerLog))
  app.get('/:org/fhir/metadata', (c) => respond(c, gatewayOf(c).baseUrl, { status: 200, resource: gatewayOf(c).capabilities() }))
  app.route('/:org/fhir/StructureDefinition', definitionRoutes(gatewayOf))
  app.all('/:org/fhir', async (c) => await handleFhir(c, gatewayOf(c), tokens, bodies))
  app.all('/:org/fhir/*', async (c) => await handleFhir(c, gatewayOf(c), tokens, bodies))
  app.route('/:org/chiron', chironRoutes(gatewayOf, tokens, bodies))
  app.route('/:org/chiron', emergencyRoutes(gatewayOf, tokens, bodies))
  app.route('/:org/chiron', walletRoutes(gatewayOf, tokens, bodies, now))
  return app
}

/** Statuses whose reason is logged: who tries doors leaves a line for each. */
const REFUSALS = new Set([401, 403, 413, 429])
/** Addresses beside FHIR that are told apart in the log. */
const CHIRON_ROUTES = new Set(['claim', 'emergencies', 'endorsements', 'session', 'tx'])
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Parts of an address that are words of this program or of FHIR; everything else may be somebody's name. */
function routeOf(path: string, gateways: ReadonlyMap<string, Gateway>): Pick<RequestLine, 'organisation' | 'route'> {
  const [, organisation = '', face = '', type = ''] = path.split('/')
  if (!gateways.has(organisation)) return { organisation: '', route: '' }
  if (face !== 'fhir' && face !== 'chiron') return { organisation, route: '' }
  const isNamed = face === 'fhir' ? isResourceType(type) : CHIRON_ROUTES.has(type)
  return { organisation, route: isNamed ? `${face}/${type}` : face }
}

/** Methods of an address below a FHIR base, for `405` (RFC 9110 §15.5.6). */
function allowedAt(path: string): string {
  const depth = path.split('/').filter((part) => part !== '').length - 2
  if (depth <= 0) return 'POST'
  if (depth === 1) return 'GET, HEAD, POST'
  return depth === 2 ? 'GET, HEAD, PUT, DELETE' : 'GET, HEAD'
}

async function handleFhir(c: Context, gateway: Gateway, tokens: Tokens, bodies: Bodies): Promise<Response> {
  const reader = await tokens.verify(c.req.header('authorization'), gateway.name)
  requireJson(c)
  const { path, query } = addressOf(c.req.url)
  const isForm = path.at(-1) === '_search' && c.req.method === 'POST'
  const body = WITH_BODY.has(c.req.method) && !isForm ? await bodies.json(c) : undefined
  const form = isForm ? await bodies.form(c) : []
  const request: FhirRequest = {
    method: c.req.method,
    path,
    query: [...query, ...form],
    ...(body === undefined ? {} : { body }),
    ...header(c, 'if-match', 'ifMatch'),
    ...header(c, 'if-none-match', 'ifNoneMatch'),
    ...header(c, 'if-none-exist', 'ifNoneExist'),
    ...header(c, 'prefer', 'prefer'),
  }
  return respond(c, gateway.baseUrl, await gateway.handle(reader, request))
}

/** Path below the FHIR base, decoded, and query of a request's whole URL. */
function addressOf(url: string): { readonly path: readonly string[]; readonly query: URLSearchParams } {
  const start = url.indexOf('/', url.indexOf('//') + 2)
  const question = url.indexOf('?', start)
  const path = url.slice(start, question < 0 ? undefined : question)
  return {
    path: path.split('/').slice(3).filter((part) => part !== '').map(decodePart),
    query: new URLSearchParams(question < 0 ? '' : url.slice(question)),
  }
}

function header<Key extends string>(c: Context, name: string, key: Key): Partial<Record<Key, string>> {
  const value = c.req.header(name)
  return value === undefined ? {} : ({ [key]: value } as Record<Key, string>)
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch (cause) {
    throw new GatewayError('ERR_GATEWAY_INVALID', 'the address is not properly percent-encoded', { cause })
  }
}

/** @throws GatewayError `ERR_GATEWAY_MEDIA_TYPE` when the client accepts no JSON */
function requireJson(c: Context): void {
  const accept = c.req.header('accept') ?? '*/*'
  const format = c.req.query('_format')
  if (format !== undefined && !/json/i.test(format)) throw new GatewayError('ERR_GATEWAY_NOT_ACCEPTABLE', 'this server answers in JSON only')
  if (!/json|\*\/\*|application\/\*/i.test(accept)) throw new GatewayError('ERR_GATEWAY_NOT_ACCEPTABLE', 'this server answers in JSON only')
}

/** Class and stable code of an error: what the log may have. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const code = 'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? ` ${error.code}` : ''
  const cause = error.cause instanceof Error ? ` <- ${nameOf(error.cause)}` : ''
  return `${error.name}${code}${cause}`
}
