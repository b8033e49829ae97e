import type { Did, Handle } from '@chiron/protocol'
import { records } from '@chiron/ledger'
import type { BlobStore, KemKeyPair, Random, WalletCopies } from '@chiron/vault'
import type { Engine } from '../engine/engine.ts'
import { LedgerFacts } from '../ledger/ledger-facts.ts'
import { StateMemo } from '../ledger/state-memo.ts'
import type { Signer } from '../ledger/submitter.ts'
import { AccessService } from './access/access-service.ts'
import { Charts } from './access/charts.ts'
import { DisplayLog, type DisplayDetail } from './access/displays.ts'
import { Endorsements } from './access/endorsements.ts'
import { Emergencies } from './access/emergencies.ts'
import { Narrowing } from './access/narrowing.ts'
import { RefusalLog } from './access/refusals.ts'
import { Reporter } from './access/reporter.ts'
import { Sights } from './access/sights.ts'
import { Aliases } from './fhir/aliases.ts'
import { IdScope } from './fhir/ids.ts'
import { unitCommits } from './fhir/unit.ts'
import type { IndexStore } from './index/port.ts'
import { KeyedLock } from './keyed-lock.ts'
import type { Later } from './later.ts'
import type { Names } from './names.ts'
import { PatientRegistrar, type WalletStore } from './records/registrar.ts'
import { RecordWriter } from './records/writer.ts'
import type { Services } from './services.ts'
import { Upkeep } from './upkeep.ts'
import { VaultCustodian, type KeyholderService } from './vault-custodian.ts'
import type { Vocabulary } from './vocabulary.ts'

export interface ServicesOptions {
  readonly organisation: { readonly did: Did; readonly name: string; readonly handle: Handle }
  /** FHIR base without a trailing slash. */
  readonly baseUrl: string
  /** Secret of the organisation under which client-chosen ids are made canonical, 32 bytes. */
  readonly idKey: Uint8Array
}

export interface ServicesDependencies {
  readonly engine: Engine
  /** Shared by the gateways of a node. Left out, a gateway has its own, which begins anew at each height. */
  readonly facts?: LedgerFacts
  readonly signer: Signer
  readonly blobs: BlobStore
  /** Patients' copies of content keys, beside the ciphertext. */
  readonly copies: WalletCopies
  readonly keyholders: readonly KeyholderService[]
  readonly recipient: KemKeyPair
  readonly index: IndexStore
  readonly wallets: WalletStore
  readonly names: Names
  readonly vocabulary: Vocabulary
  readonly now: () => number
  readonly random: Random
  /** Checks Ed25519 signatures; the portable one unless given. */
  readonly verify?: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean
  readonly later: Later
  /** Keeps what a report's root stands for, so that the patient can open it. */
  readonly keepDetails: (details: readonly DisplayDetail[]) => Promise<void>
  /** Hears of failures in the background: their names go to the log. */
  readonly onFailure: (error: unknown) => void
}

const REMEMBERED_IDS = 20_000

/** Puts a gateway's parts together. Time, randomness, ledger, index, blobs and keyholders are the caller's. */
export function buildServices(options: ServicesOptions, dependencies: ServicesDependencies): Services {
  const { organisation, baseUrl } = options
  const { engine, signer, index, vocabulary, names, now, random } = dependencies
  const facts = dependencies.facts ?? new LedgerFacts(new StateMemo(engine.reader, () => engine.status().height))
  const refusals = new RefusalLog()
  const displays = new DisplayLog(random)
  const reporter = new Reporter({ ...dependencies, refusals, displays })
  const listRefusals = (): void => void reporter.report().catch(dependencies.onFailure)
  const access = new AccessService({ engine, facts, signer, refusals, now, random, listRefusals })
  const timeMs = (): number => access.timeMs()
  const custodian = new VaultCustodian(dependencies)
  const charts = new Charts({ organisation: organisation.did }, { engine, facts, custodian, index, timeMs })
  const narrowing = new Narrowing({ organisation: organisation.did }, { engine, timeMs })
  const upkeep = new Upkeep({ organisation: organisation.did }, { engine, index, custodian, access, charts, narrowing, onFailure: dependencies.onFailure, later: dependencies.later })
  const isWritten = facts.table(REMEMBERED_IDS, (type: string, id: string) => `${type}/${id}`, (state, type, id) => records.recordHead(state, vocabulary.record(type, id)) !== undefined)
  const aliases = new Aliases({ index })
  const writer = new RecordWriter({ engine, signer, custodian, now, random })
  const registrar = new PatientRegistrar({ wallets: dependencies.wallets, vocabulary, random })
  return {
    organisation,
    baseUrl,
    engine,
    facts,
    sights: new Sights({ facts, access, charts, narrowing }),
    vocabulary,
    aliases,
    ids: new IdScope({ key: options.idKey }, { isWritten }),
    index,
    access,
    charts,
    emergencies: new Emergencies({ ...dependencies, refusals }),
    endorsements: new Endorsements(dependencies),
    narrowing,
    custodian,
    displays,
    refusals,
    reporter,
    writer,
    registrar,
    commits: unitCommits({ writer, registrar, index, aliases, upkeep }, dependencies.later),
    upkeep,
    names,
    locks: new KeyedLock(),
    now,
  }
}

