import { consent, identity } from '@chiron/ledger'
import { isDid, toHex, type Did } from '@chiron/protocol'
import { GatewayError } from '../gateway/errors.ts'
import type { RequestOf, ResponseOf } from './api.ts'
import type { DelegateRow } from './delegate-operations.ts'
import type { ControlDependencies } from './dependencies.ts'
import { patientNamed } from './lookups.ts'

export async function appoint(dependencies: ControlDependencies, request: RequestOf<'appointDelegate'>): Promise<DelegateRow> {
  const patientId = patientNamed(dependencies, request.patient)
  const delegate = delegateNamed(dependencies, request.delegate)
  const { actions, categories, labels, forMs } = request
  await dependencies.desk.appointDelegate(patientId, delegate, { actions, categories, labels, forMs })
  const { delegates } = list(dependencies, { patient: request.patient })
  return delegates.find((row) => row.delegate === delegate) as DelegateRow
}

export async function dismiss(dependencies: ControlDependencies, request: RequestOf<'dismissDelegate'>): Promise<ResponseOf<'dismissDelegate'>> {
  const delegate = delegateNamed(dependencies, request.delegate)
  const { timeMs } = await dependencies.desk.dismissDelegate(patientNamed(dependencies, request.patient), delegate)
  return { delegate, atMs: timeMs }
}

/** People who were appointed and not dismissed, newest first. */
export function list(dependencies: ControlDependencies, request: RequestOf<'delegates'>): ResponseOf<'delegates'> {
  const { desk, engine } = dependencies
  const handle = desk.handle(patientNamed(dependencies, request.patient))
  const rows = [...consent.delegatesOf(engine.state, handle)].map(([delegate, { id, actions, categories, labels, sinceMs, untilMs }]): DelegateRow => ({
    delegation: toHex(id),
    delegate,
    actions: [...actions],
    categories: categories.map((tag) => desk.tagName(handle, tag)),
    labels: labels.map((tag) => desk.tagName(handle, tag)),
    sinceMs,
    untilMs,
    status: desk.timeMs() < untilMs ? 'in-force' : 'ended',
  }))
  return { delegates: rows.toSorted((a, b) => b.sinceMs - a.sinceMs) }
}

function delegateNamed(dependencies: ControlDependencies, name: string): Did {
  if (isDid(name)) return name
  const did = identity.handleOwner(dependencies.engine.state, dependencies.desk.handle(patientNamed(dependencies, name)))
  if (did === undefined) throw new GatewayError('ERR_GATEWAY_NOT_FOUND', 'nobody on the ledger has this patient id')
  return did
}
