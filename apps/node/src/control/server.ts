import { Hono, type Context } from 'hono'
import { stream } from 'hono/streaming'
import * as v from 'valibot'
import { custody, network } from '@chiron/ledger'
import { toHex } from '@chiron/protocol'
import { GatewayError } from '../gateway/errors.ts'
import { answerFor } from '../gateway/http/outcome.ts'
import { importDocument } from '../intake/import.ts'
import { importPath, importQuery, operations, type ImportEvent, type OperationName, type RequestOf, type ResponseOf } from './api.ts'
import * as consents from './consents.ts'
import type { ControlDependencies } from './dependencies.ts'
import { exportPatient } from './export.ts'
import { gatewayNamed, patientNamed } from './lookups.ts'
import { adminReader, patientToken, userToken } from './sessions.ts'

export type { ControlDependencies } from './dependencies.ts'

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
  app.post(importPath, async (c) => await importStream(c, dependencies))
  app.notFound((c) => c.json({ code: 'ERR_CONTROL_UNKNOWN', message: 'this node does not know the command: are both of the same version?' }, 404))
  app.onError((error, c) => {
    const { status, code, message } = failureOf(error)
    return c.json({ code, message }, status as 500)
  })
  return app
}

function handlersOf(dependencies: ControlDependencies): Handlers {
  const { desk, engine, gateways } = dependencies
  const indexes = async () => ({
    indexes: await Promise.all(
      [...gateways.values()].map(async (gateway) => {
        const { rows, height } = await gateway.services.index.status()
        const behind = height < engine.status().height
        return { organisation: gateway.name, rows, height, state: gateway.isRebuilding ? ('rebuilding' as const) : behind ? ('behind' as const) : ('ready' as const) }
      }),
    ),
  })
  return {
    token: async (request) =>
      request.for === 'user'
        ? await userToken(dependencies, request.organisation, request.user, request.purpose)
        : await patientToken(dependencies, patientNamed(dependencies, request.patient), request.purpose),
    grant: async (request) => await consents.grant(dependencies, request),
    revoke: async (request) => await consents.revoke(dependencies, request),
    rules: ({ patient }) => ({ rules: desk.ruleRows(patientNamed(dependencies, patient)) }),
    ask: async (request) => await consents.ask(dependencies, request),
    approve: async (request) => await consents.approve(dependencies, request),
    deny: async (request) => await consents.deny(dependencies, request),
    requests: ({ patient }) => ({ requests: desk.requestRows(patientNamed(dependencies, patient)) }),
    accesses: (request) => consents.accesses(dependencies, request),
    closeAccess: async (request) => await consents.closeAccess(dependencies, request),
    treat: async (request) => await consents.treat(dependencies, request),
    contest: async (request) => await consents.contest(dependencies, request),
    treatments: (request) => consents.treatments(dependencies, request),
    audit: async ({ patient }) => {
      const patientId = patientNamed(dependencies, patient)
      for (const gateway of gateways.values()) await gateway.flush()
      return { rows: desk.audit(patientId) }
    },
    export: async (request) => await exportPatient(dependencies, request),
    rebuildIndex: async ({ organisation }) => {
      for (const gateway of organisation === undefined ? gateways.values() : [gatewayNamed(dependencies, organisation)]) await gateway.rebuild()
      return await indexes()
    },
    indexes,
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
        organisations: [...gateways.values()].map((gateway) => ({ name: gateway.name, did: gateway.services.organisation.did, base: gateway.baseUrl })),
        keyholders: { count: set?.keyholders.length ?? 0, threshold: set?.threshold ?? 0 },
      }
    },
  }
}

async function importStream(c: Context, dependencies: ControlDependencies): Promise<Response> {
  const { organisation } = checked(importQuery, c.req.query())
  const gateway = gatewayNamed(dependencies, organisation)
  const document = new Uint8Array(await c.req.arrayBuffer())
  c.header('content-type', 'application/x-ndjson')
  return stream(c, async (out) => {
    const send = async (event: ImportEvent): Promise<void> => void (await out.write(`${JSON.stringify(event)}\n`))
    try {
      const reader = await adminReader(dependencies, gateway.name)
      const result = await importDocument(gateway, reader, document, ({ done, total }) => void send({ type: 'progress', done, total }))
      await send({ type: 'done', status: result.status, resources: result.resources, patients: [...result.patients] })
    } catch (error) {
      const { code, message } = failureOf(error)
      await send({ type: 'failed', code, message })
    }
  })
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

/** An error as a sentence with what to do; those that nobody foresaw by class and code only. */
function failureOf(error: unknown): { status: number; code: string; message: string } {
  const { status, outcome, unexpected } = answerFor(error)
  const stable = (error as { code?: unknown }).code
  const code = typeof stable === 'string' ? stable : 'ERR_CONTROL_FAILED'
  const [issue] = outcome.issue
  const details = issue?.diagnostics === undefined || issue.diagnostics === issue.details?.text ? '' : `: ${issue.diagnostics}`
  const known = unexpected === undefined || error instanceof GatewayError
  return { status, code, message: known ? `${issue?.details?.text ?? 'refused'}${issue?.expression === undefined ? '' : ` at ${issue.expression[0]}`}${details}` : `the node failed to answer (${code}); its log has the details` }
}
