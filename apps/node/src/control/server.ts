import { Hono, type Context } from 'hono'
import { stream } from 'hono/streaming'
import * as v from 'valibot'
import { custody, network } from '@chiron/ledger'
import { fromHex, toHex, type TxId } from '@chiron/protocol'
import { GatewayError } from '../gateway/errors.ts'
import { importDocument } from '../intake/import.ts'
import { proveState, proveTx } from '../transparency/prove.ts'
import {
  importPath, importQuery, operations, rebuildPath, rebuildRequest, type ImportEvent, labelReviewPath, labelReviewRequest, type IndexRow, type LabelReviewEvent, type LabelReviewRow, type OperationName, type RebuildEvent, type RequestOf, type ResponseOf,
} from './api.ts'
import * as consents from './consents.ts'
import type { ControlDependencies } from './dependencies.ts'
import * as delegates from './delegates.ts'
import * as endorsements from './endorsements.ts'
import * as emergencies from './emergencies.ts'
import { exportPatient } from './export.ts'
import { failureOf } from './failure.ts'
import * as labels from './labels.ts'
import * as orders from './orders.ts'
import { gatewayNamed, patientNamed } from './lookups.ts'
import { adminReader, patientToken, userToken } from './sessions.ts'

export type { ControlDependencies } from './dependencies.ts'

const MAX_DOCUMENT_BYTES = 256 * 1024 * 1024

type Handlers = { readonly [N in OperationName]: (request: RequestOf<N>) => Promise<ResponseOf<N>> | ResponseOf<N> }

/** The operator's side of a node, for the Unix socket only: whoever reaches it may do everything here. */
export function createControlApp(dependencies: ControlDependencies): Hono {
  const app = new Hono()
  const handlers = handlersOf(dependencies)
  for (const name of Object.keys(operations) as OperationName[]) {
    const { method, path, request, response } = operations[name]
    app.on(method, path, async (c) => {
      const asked = checked(request, { ...(method === 'GET' ? c.req.query() : await bodyOf(c)), ...c.req.param() })
      const answer = await (handlers[name] as (asked: unknown) => unknown)(asked)
      return c.json(v.parse(response, answer) as object)
    })
  }
  app.post(importPath, async (c) => await importing(c, dependencies))
  app.post(rebuildPath, async (c) => await rebuilding(c, dependencies))
  app.post(labelReviewPath, async (c) => await reviewing(c, dependencies))
  app.notFound((c) => c.json({ code: 'ERR_CONTROL_UNKNOWN', message: 'this node does not know the command: are both of the same version?' }, 404))
  app.onError((error, c) => {
    const { status, code, message, unexpected } = failureOf(error)
    if (unexpected) dependencies.onFailure?.(error)
    return c.json({ code, message }, status as 500)
  })
  return app
}

function handlersOf(dependencies: ControlDependencies): Handlers {
  const { desk, engine, checkpoints, gateways } = dependencies
  return {
    token: async (request) =>
      request.for === 'user'
        ? await userToken(dependencies, request.organisation, request.user, request.purpose)
        : await patientToken(dependencies, patientNamed(dependencies, request.patient), request.purpose),
    grant: async (request) => await consents.grant(dependencies, request),
    revoke: async (request) => await consents.revoke(dependencies, request),
    rules: ({ patient }) => ({ rules: desk.ruleRows(patientNamed(dependencies, patient)) }),
    label: async (request) => await labels.label(dependencies, request),
    labels: async (request) => await labels.labels(dependencies, request),
    ask: async (request) => await consents.ask(dependencies, request),
    approve: async (request) => await consents.approve(dependencies, request),
    deny: async (request) => await consents.deny(dependencies, request),
    requests: ({ patient }) => ({ requests: desk.requestRows(patientNamed(dependencies, patient)) }),
    accesses: (request) => consents.accesses(dependencies, request),
    closeAccess: async (request) => await consents.closeAccess(dependencies, request),
    treat: async (request) => await consents.treat(dependencies, request),
    contest: async (request) => await consents.contest(dependencies, request),
    treatments: (request) => consents.treatments(dependencies, request),
    appointDelegate: async (request) => await delegates.appoint(dependencies, request),
    dismissDelegate: async (request) => await delegates.dismiss(dependencies, request),
    delegates: (request) => delegates.list(dependencies, request),
    declareEmergency: async (request) => await emergencies.declare(dependencies, request),
    confirmEmergency: async (request) => await emergencies.confirm(dependencies, request),
    reviewEmergency: async (request) => await emergencies.review(dependencies, request),
    contestEmergency: async (request) => await emergencies.contest(dependencies, request),
    endorse: async (request) => await endorsements.endorse(dependencies, request),
    order: async (request) => await orders.make(dependencies, request),
    liftOrder: async (request) => await orders.lift(dependencies, request),
    orders: (request) => orders.list(dependencies, request),
    authorise: async (request) => await orders.authorise(dependencies, request),
    emergenciesOfPatient: ({ patient }) => ({ emergencies: emergencies.about(dependencies, patient) }),
    emergenciesOfOrganisation: ({ organisation }) => ({ emergencies: gatewayNamed(dependencies, organisation).services.emergencies.waiting({ ofOthers: true }) }),
    audit: async ({ patient }) => {
      const patientId = patientNamed(dependencies, patient)
      for (const gateway of gateways.values()) await gateway.flush()
      return { rows: desk.audit(patientId) }
    },
    offerClaim: async ({ patient, forMs }) => await dependencies.claimDesk.offer(desk.handle(patientNamed(dependencies, patient)), forMs),
    withdrawClaim: async ({ patient }) => ({ did: await dependencies.claimDesk.withdraw(desk.handle(patientNamed(dependencies, patient))) }),
    export: async (request) => await exportPatient(dependencies, request),
    checkpoint: async () => ({ checkpoint: checkpoints.published() ?? (await checkpoints.covering(1)) }),
    prove: async ({ tx }) => ({ proof: tx === undefined ? await proveState(dependencies) : await proveTx(dependencies, fromHex(tx) as TxId) }),
    indexes: async () => ({ indexes: await indexRows(dependencies) }),
    status: () => {
      const { chainId, height, timeMs, stateRoot, txCount, fresh } = engine.status()
      const set = custody.currentCustodySet(engine.state)
      return {
        version: dependencies.version,
        url: dependencies.url,
        dataDirectory: dependencies.dataDirectory,
        sample: network.isSample(engine.state),
        chainId,
        height,
        timeMs,
        stateRoot: toHex(stateRoot),
        transactions: txCount,
        fresh,
        organisations: [...gateways.values()].map((gateway) => ({ name: gateway.name, did: gateway.services.organisation.did, base: gateway.baseUrl, unlisted: gateway.services.reporter.unlisted })),
        keyholders: { count: set?.keyholders.length ?? 0, threshold: set?.threshold ?? 0 },
        log: { ...checkpoints.status(), witnesses: [...checkpoints.status().witnesses] },
      }
    },
  }
}

async function importing(c: Context, dependencies: ControlDependencies): Promise<Response> {
  const { organisation } = checked(importQuery, c.req.query())
  const gateway = gatewayNamed(dependencies, organisation)
  const document = await documentOf(c)
  return events<ImportEvent>(c, dependencies, async (send) => {
    const reader = await adminReader(dependencies, gateway.name)
    return { type: 'done', ...(await importDocument(gateway, reader, document, (progress) => send({ type: 'progress', ...progress }))) }
  })
}

async function rebuilding(c: Context, dependencies: ControlDependencies): Promise<Response> {
  const { organisation } = checked(rebuildRequest, await bodyOf(c))
  const gateways = organisation === undefined ? [...dependencies.gateways.values()] : [gatewayNamed(dependencies, organisation)]
  return events<RebuildEvent>(c, dependencies, async (send) => {
    for (const gateway of gateways) {
      await gateway.rebuild(({ done, total }) => send({ type: 'progress', organisation: gateway.name, done, total }))
      // The rebuild itself opened accesses, in blocks of their own.
      await gateway.services.upkeep.alone(async () => await gateway.services.upkeep.catchUp())
    }
    return { type: 'done', indexes: await indexRows(dependencies) }
  })
}

async function reviewing(c: Context, dependencies: ControlDependencies): Promise<Response> {
  const { organisation, apply } = checked(labelReviewRequest, await bodyOf(c))
  const gateways = organisation === undefined ? [...dependencies.gateways.values()] : [gatewayNamed(dependencies, organisation)]
  return events<LabelReviewEvent>(c, dependencies, async (send) => {
    const reviews: LabelReviewRow[] = []
    for (const gateway of gateways) {
      const review = await gateway.reviewLabels(apply, ({ done, total }) => send({ type: 'progress', organisation: gateway.name, done, total }))
      reviews.push({ organisation: gateway.name, ...review, labels: { ...review.labels } })
    }
    return { type: 'done', reviews }
  })
}

type Failed = Extract<ImportEvent, { type: 'failed' }>

/** Answers with lines of JSON while `work` goes on, which does not stop when nobody listens any more. The last is what it returns, or how it failed. */
function events<Event extends { readonly type: string }>(c: Context, { onFailure }: ControlDependencies, work: (send: (event: Event) => void) => Promise<Event>): Response {
  c.header('content-type', 'application/x-ndjson')
  return stream(c, async (out) => {
    const write = async (event: Event | Failed): Promise<void> => void (await out.write(`${JSON.stringify(event)}\n`))
    try {
      await write(await work((event) => void write(event)))
    } catch (error) {
      const { code, message, unexpected } = failureOf(error)
      if (unexpected) onFailure?.(error)
      await write({ type: 'failed', code, message })
    }
  })
}

async function indexRows({ engine, gateways }: ControlDependencies): Promise<IndexRow[]> {
  return await Promise.all(
    [...gateways.values()].map(async (gateway): Promise<IndexRow> => {
      const { rows, height } = await gateway.services.index.status()
      const behind = height < engine.status().height
      return { organisation: gateway.name, rows, height, state: gateway.isRebuilding ? 'rebuilding' : behind ? 'behind' : 'ready' }
    }),
  )
}

/** @throws GatewayError `ERR_GATEWAY_TOO_LARGE` */
async function documentOf(c: Context): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (c.req.raw.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > MAX_DOCUMENT_BYTES) throw new GatewayError('ERR_GATEWAY_TOO_LARGE', 'a document may have 256 MiB; split it')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function bodyOf(c: Context): Promise<Record<string, unknown>> {
  const body: unknown = await c.req.json().catch(() => undefined)
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
}

function checked<T>(shape: v.GenericSchema<unknown, T>, value: unknown): T {
  const parsed = v.safeParse(shape, value)
  if (parsed.success) return parsed.output
  const path = v.getDotPath(parsed.issues[0]) ?? 'the request'
  throw new GatewayError('ERR_GATEWAY_INVALID', `${path} is missing or not as it should be`)
}
