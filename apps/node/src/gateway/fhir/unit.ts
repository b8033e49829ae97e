import { RecordFlag, type Message } from '@chiron/protocol'
import type { Committed } from '../../engine/engine.ts'
import { LedgerRefusal } from '../../ledger/refusal.ts'
import { GatewayError } from '../errors.ts'
import type { RowUpsert } from '../index/port.ts'
import type { Reader } from '../reader.ts'
import type { Services } from '../services.ts'
import type { PlannedWrite } from './plan.ts'

/**
 * Commits planned writes in one ledger transaction and takes them into the index: all of it, or none.
 * @throws GatewayError `ERR_GATEWAY_CONFLICT`, `ERR_GATEWAY_NO_ACCESS`, `ERR_GATEWAY_LEDGER` when a contract refuses;
 * `ERR_GATEWAY_UNAVAILABLE` when it is committed and the index failed, which upkeep mends
 */
export async function commit(services: Services, reader: Reader, writes: readonly PlannedWrite[]): Promise<Committed> {
  return await services.upkeep.during(async () => await write(services, reader, writes))
}

async function write(services: Services, reader: Reader, writes: readonly PlannedWrite[]): Promise<Committed> {
  const registrations: Message[] = []
  for (const write of writes) {
    if (write.draft.type === 'Patient' && write.draft.version === 1) registrations.push(await services.registrar.registration(write.draft.id))
  }
  let committed: Committed
  try {
    committed = (await services.writer.write(reader, writes.map((write) => write.draft), registrations)).committed
  } catch (error) {
    throw error instanceof LedgerRefusal && error.codespace === 'records' ? refusalOf(error) : error
  }
  try {
    await services.index.apply({ upserts: writes.map(upsertOf), aliases: aliasesOf(services, writes) })
  } catch (cause) {
    throw new GatewayError('ERR_GATEWAY_UNAVAILABLE', 'the write is on the ledger, but could not be taken into the search index yet; look for it before you send it again', { cause })
  }
  return committed
}

/** Codes of `records` in the ledger (its README). */
const VERSION_CONFLICT = 3
const NOT_PERMITTED = 4

function refusalOf(error: LedgerRefusal): GatewayError {
  if (error.code === VERSION_CONFLICT) return new GatewayError('ERR_GATEWAY_CONFLICT', 'somebody else was faster; read the newest version and try again', { cause: error })
  if (error.code === NOT_PERMITTED) return new GatewayError('ERR_GATEWAY_NO_ACCESS', 'you may not write into this chart', { cause: error })
  return new GatewayError('ERR_GATEWAY_LEDGER', `the ledger refused the write: ${error.message}`, { cause: error })
}

function upsertOf(write: PlannedWrite): RowUpsert {
  const { draft } = write
  return {
    record: draft.record,
    type: draft.type,
    id: draft.id,
    version: String(draft.version),
    form: 0,
    authored: true,
    lastUpdatedMs: write.lastUpdatedMs,
    subjects: draft.classification.patients,
    current: true,
    directory: (draft.classification.flags & RecordFlag.directory) !== 0,
    ...(draft.tombstone ? {} : { resource: write.resource as { resourceType: string; id?: string } }),
  }
}

function aliasesOf(services: Services, writes: readonly PlannedWrite[]): { type: string; localId: string; id: string }[] {
  const aliases: { type: string; localId: string; id: string }[] = []
  for (const { draft, localId } of writes) {
    if (localId === undefined) continue
    aliases.push({ type: draft.type, localId, id: draft.id })
    services.aliases.add(draft.type, draft.id, localId)
  }
  return aliases
}
