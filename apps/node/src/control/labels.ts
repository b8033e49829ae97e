import { fromHex, toHex, type RecordId } from '@chiron/protocol'
import type { RequestOf, ResponseOf } from './api.ts'
import type { ControlDependencies } from './dependencies.ts'
import { patientNamed, recordNamed } from './lookups.ts'

export async function label(dependencies: ControlDependencies, request: RequestOf<'label'>): Promise<ResponseOf<'label'>> {
  const { desk } = dependencies
  const patientId = patientNamed(dependencies, request.patient)
  const record = request.record.includes('/') ? recordNamed(dependencies, request.record) : (fromHex(request.record) as RecordId)
  const { timeMs } = await desk.label(patientId, record, request.labels, request.change)
  const name = toHex(record)
  const row = desk.labelRows(patientId).find((each) => each.record === name)
  return { record: name, given: row?.given ?? [], own: row?.own ?? [], atMs: timeMs }
}

export async function labels(dependencies: ControlDependencies, request: RequestOf<'labels'>): Promise<ResponseOf<'labels'>> {
  const rows = dependencies.desk.labelRows(patientNamed(dependencies, request.patient))
  return { labels: await Promise.all(rows.map(async (row) => ({ ...row, name: await nameOf(dependencies, row.record) }))) }
}

async function nameOf({ gateways }: ControlDependencies, record: string): Promise<string | null> {
  for (const { services } of gateways.values()) {
    const [row] = await services.index.rowsOf({ record: fromHex(record) })
    if (row !== undefined) return `${row.type}/${(await services.index.localId(row.type, row.id)) ?? row.id}`
  }
  return null
}
