import { RecordFlag, type Message } from '@chiron/protocol'
import type { Committed } from '../../engine/engine.ts'
import { GroupCommit } from '../group-commit.ts'
import { LedgerRefusal } from '../../ledger/refusal.ts'
import { GatewayError } from '../errors.ts'
import type { RowUpsert } from '../index/port.ts'
import type { Later } from '../later.ts'
import type { Reader } from '../reader.ts'
import type { WriteUnit } from '../records/writer.ts'
import type { Services } from '../services.ts'
import type { PlannedWrite } from './plan.ts'

/** Planned writes that stand or fall together, and who writes them. */
export interface PlannedUnit {
  readonly reader: Reader
  readonly writes: readonly PlannedWrite[]
}

/** What a commit works with. */
type CommitParts = Pick<Services, 'writer' | 'registrar' | 'index' | 'aliases' | 'upkeep'>

/** Messages that one ledger transaction takes (`txBody`): at most one for each write and one for each unit. */
const MAX_MESSAGES = 64

const COMPANY_MS = 5

/** Puts the units of requests that come at the same time into one ledger transaction. */
export function unitCommits(parts: CommitParts, later: Later): GroupCommit<PlannedUnit, Committed> {
  return new GroupCommit({ weightOf: ({ writes }) => writes.length + 1, maxWeight: MAX_MESSAGES, companyMs: COMPANY_MS }, async (units) => await commitUnits(parts, units), later)
}

/**
 * Commits planned writes in one ledger transaction, perhaps with those of other requests, and takes them into the index:
 * all of them, or none.
 * @throws GatewayError `ERR_GATEWAY_CONFLICT`, `ERR_GATEWAY_NO_ACCESS`, `ERR_GATEWAY_LEDGER` when a contract refuses;
 * `ERR_GATEWAY_UNAVAILABLE` when it is committed and the index failed, which upkeep mends
 */
export async function commit(services: Services, reader: Reader, writes: readonly PlannedWrite[]): Promise<Committed> {
  return await services.upkeep.during(async () => await services.commits.add({ reader, writes }))
}

/** When a contract refuses several units together, each is tried by itself: nobody fails for what another wrote. */
async function commitUnits(parts: CommitParts, units: readonly PlannedUnit[]): Promise<readonly PromiseSettledResult<Committed>[]> {
  try {
    const value = await write(parts, units)
    return units.map(() => ({ status: 'fulfilled', value }))
  } catch (error) {
    if (!(error instanceof LedgerRefusal)) throw error
    if (units.length === 1) throw error.codespace === 'records' ? refusalOf(error) : error
    const outcomes = await Promise.allSettled(units.map(async (unit) => await commitUnits(parts, [unit])))
    return outcomes.map((outcome) => (outcome.status === 'fulfilled' ? (outcome.value[0] as PromiseSettledResult<Committed>) : outcome))
  }
}

async function write(parts: CommitParts, units: readonly PlannedUnit[]): Promise<Committed> {
  const writes = units.flatMap((unit) => unit.writes)
  const committed = await parts.writer.write(await Promise.all(units.map(async (unit) => await writeUnit(parts, unit))))
  try {
    await parts.index.apply({ upserts: writes.map(upsertOf), aliases: aliasesOf(parts, writes) })
    parts.upkeep.took(committed)
  } catch (cause) {
    throw new GatewayError('ERR_GATEWAY_UNAVAILABLE', 'the write is on the ledger, but could not be taken into the search index yet; look for it before you send it again', { cause })
  }
  return committed
}

async function writeUnit(parts: CommitParts, { reader, writes }: PlannedUnit): Promise<WriteUnit> {
  const first: Message[] = []
  for (const { draft } of writes) {
    if (draft.type === 'Patient' && draft.version === 1) first.push(await parts.registrar.registration(draft.id))
  }
  return { reader, drafts: writes.map(({ draft }) => draft), first }
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

function aliasesOf(parts: CommitParts, writes: readonly PlannedWrite[]): { type: string; localId: string; id: string }[] {
  const aliases: { type: string; localId: string; id: string }[] = []
  for (const { draft, localId } of writes) {
    if (localId === undefined) {
      if (draft.version === 1) parts.aliases.addNone(draft.type, draft.id)
      continue
    }
    aliases.push({ type: draft.type, localId, id: draft.id })
    parts.aliases.add(draft.type, draft.id, localId)
  }
  return aliases
}
