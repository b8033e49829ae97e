import type { Did, Handle } from '@chiron/protocol'
import type { Committed, Engine } from '../engine/engine.ts'
import type { GroupCommit } from './group-commit.ts'
import type { LedgerFacts } from '../ledger/ledger-facts.ts'
import type { AccessService } from './access/access-service.ts'
import type { Charts } from './access/charts.ts'
import type { Emergencies } from './access/emergencies.ts'
import type { Endorsements } from './access/endorsements.ts'
import type { DisplayLog } from './access/displays.ts'
import type { RefusalLog } from './access/refusals.ts'
import type { Reporter } from './access/reporter.ts'
import type { Sights } from './access/sights.ts'
import type { Narrowing } from './access/narrowing.ts'
import type { Names } from './names.ts'
import type { Custodian } from './custody.ts'
import type { Aliases } from './fhir/aliases.ts'
import type { IdScope } from './fhir/ids.ts'
import type { PlannedUnit } from './fhir/unit.ts'
import type { IndexStore } from './index/port.ts'
import type { KeyedLock } from './keyed-lock.ts'
import type { RecordWriter } from './records/writer.ts'
import type { PatientRegistrar } from './records/registrar.ts'
import type { Upkeep } from './upkeep.ts'
import type { Vocabulary } from './vocabulary.ts'

/** Everything that one organisation's gateway works with. Built once, in `gateway.ts`. */
export interface Services {
  readonly organisation: { readonly did: Did; readonly name: string; readonly handle: Handle }
  /** FHIR base without a trailing slash, such as `http://localhost:8080/riverside/fhir`. */
  readonly baseUrl: string
  readonly engine: Engine
  readonly facts: LedgerFacts
  readonly sights: Sights
  readonly vocabulary: Vocabulary
  readonly aliases: Aliases
  readonly ids: IdScope
  readonly index: IndexStore
  readonly access: AccessService
  readonly charts: Charts
  readonly emergencies: Emergencies
  readonly endorsements: Endorsements
  readonly narrowing: Narrowing
  readonly custodian: Custodian
  readonly displays: DisplayLog
  readonly refusals: RefusalLog
  readonly reporter: Reporter
  readonly writer: RecordWriter
  readonly commits: GroupCommit<PlannedUnit, Committed>
  readonly registrar: PatientRegistrar
  readonly upkeep: Upkeep
  readonly names: Names
  readonly locks: KeyedLock
  readonly now: () => number
}
