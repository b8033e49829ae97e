import { equalBytes, fromHex, toHex, type Did, type Handle, type RecordId } from '@chiron/protocol'
import { accessDecider, records } from '@chiron/ledger'
import { identityForm } from '@chiron/fhir'
import type { Patient } from '@medplum/fhirtypes'
import type { Engine } from '../../engine/engine.ts'
import type { LedgerFacts } from '../../ledger/ledger-facts.ts'
import type { EnvelopeContent } from '@chiron/vault'
import { openOrder, type Custodian } from '../custody.ts'
import type { IndexStore, RowForm, RowUpsert } from '../index/port.ts'
import { KeyedLock } from '../keyed-lock.ts'
import { readContent } from '../records/content.ts'
import { fetchedRow } from '../records/fetched-row.ts'
import type { OpenAccess, Seeker } from './access-service.ts'
import { nextBoundary } from './boundaries.ts'
import { mayShow } from './obligations.ts'

interface Loaded {
  readonly revision: string
  /** When the access ends by itself, Unix milliseconds. */
  readonly until: number
  /** When the passing of time alone may change what it covers: the next beginning or end of a rule. */
  readonly recheck: number
  /** What the access opened in the index: record in hexadecimal, and in which form. */
  readonly rows: ReadonlyMap<string, RowForm>
}

/** A version on a patient's list. `name`: the record in hexadecimal. */
interface Version {
  readonly name: string
  readonly record: RecordId
  readonly version: number
}

const FETCH_BATCH = 1000

/**
 * Brings into the index what an open access covers, and takes out what it no longer covers: keys through the keyholders
 * (P1), ciphertext from the blob store. What this organisation authored is in the index already and only gets opened.
 */
export class Charts {
  readonly #organisation: Did
  readonly #engine: Engine
  readonly #facts: LedgerFacts
  readonly #custodian: Custodian
  readonly #index: IndexStore
  readonly #timeMs: () => number
  readonly #loaded = new Map<string, Loaded>()
  readonly #revisions = new Map<string, number>()
  readonly #patientIds = new Map<string, string>()
  readonly #locks = new KeyedLock()
  #version = 0
  #common = 0

  constructor(options: { organisation: Did }, dependencies: { engine: Engine; facts: LedgerFacts; custodian: Custodian; index: IndexStore; timeMs: () => number }) {
    this.#organisation = options.organisation
    this.#engine = dependencies.engine
    this.#facts = dependencies.facts
    this.#custodian = dependencies.custodian
    this.#index = dependencies.index
    this.#timeMs = dependencies.timeMs
  }

  /** Grows whenever a chart that was loaded may have to be looked at again. */
  get version(): number {
    return this.#version
  }

  /** Something about a patient's rules or labels changed: what is open must be looked at anew. */
  touch(patient: Handle): void {
    const key = toHex(patient)
    this.#revisions.set(key, (this.#revisions.get(key) ?? 0) + 1)
    this.#version += 1
  }

  /** What everybody's records are decided by changed: every chart must be looked at anew. */
  touchAll(): void {
    this.#common += 1
    this.#version += 1
  }

  /** Everything is looked at anew, as after the index was emptied. */
  forget(): void {
    this.#loaded.clear()
    this.#version += 1
  }

  /** Until when a loaded chart needs no other look because of time alone, Unix milliseconds. */
  settledUntil(access: OpenAccess): number {
    return Math.min(access.until, this.#loaded.get(toHex(access.id))?.recheck ?? 0)
  }

  /** Makes the index show exactly what the access covers now. `patientId` is the canonical id of the Patient. */
  async load(seeker: Seeker, access: OpenAccess, patientId: string): Promise<void> {
    const key = toHex(access.id)
    this.#patientIds.set(toHex(access.patient), patientId)
    if (this.#isLoaded(key, access.patient)) return
    await this.#locks.run([key], async () => {
      if (this.#isLoaded(key, access.patient)) return
      const revision = this.#revision(access.patient)
      const recheck = nextBoundary(this.#engine.state, access.patient, this.#timeMs())
      const rows = await this.#bring(seeker, access, patientId, this.#loaded.get(key)?.rows ?? new Map())
      this.#loaded.set(key, { revision, until: access.until, recheck, rows })
    })
  }

  #isLoaded(key: string, patient: Handle): boolean {
    const loaded = this.#loaded.get(key)
    return loaded !== undefined && loaded.revision === this.#revision(patient) && this.#timeMs() < loaded.recheck
  }

  /** Closes what ran out. */
  async expire(): Promise<void> {
    const now = this.#timeMs()
    for (const [key, { until }] of [...this.#loaded]) if (now >= until) await this.close(key)
  }

  /** Loads charts whose Patient ids may not be known here yet: those are read from a record of the chart. */
  async loadAll(seeker: Seeker, opened: ReadonlyMap<string, OpenAccess>): Promise<readonly { readonly access: OpenAccess; readonly patientId: string }[]> {
    const loaded: { access: OpenAccess; patientId: string }[] = []
    for (const [handle, access] of opened) {
      const patientId = this.#patientIds.get(handle) ?? (await this.#findPatientId(seeker, access))
      if (patientId === undefined) continue
      await this.load(seeker, access, patientId)
      loaded.push({ access, patientId })
    }
    return loaded
  }

  /** The access ended: rows that only it opened leave the index. */
  async close(accessKey: string): Promise<void> {
    await this.#locks.run([accessKey], async () => {
      if (!this.#loaded.delete(accessKey)) return
      this.#version += 1
      await this.#index.dropAccess(accessKey)
    })
  }

  /** From any record that the access covers: it names its patients in the order of the ledger's subjects. */
  async #findPatientId(seeker: Seeker, access: OpenAccess): Promise<string | undefined> {
    const decide = accessDecider(this.#engine.state, access.id, this.#timeMs())
    for (const [, { record, version }] of records.recordsOf(this.#engine.state, access.patient)) {
      const committed = records.recordVersion(this.#engine.state, record, version)
      if (committed === undefined || !mayShow(decide(record))) continue
      const [content] = await this.#custodian.open(access.id, seeker.did, [openOrder(committed)])
      const position = committed.subjects.findIndex(({ handle }) => equalBytes(handle, access.patient))
      return content === undefined ? undefined : readContent(content).subjects[position]
    }
    return undefined
  }

  #revision(patient: Handle): string {
    return `${this.#facts.recordCount(patient)}/${this.#revisions.get(toHex(patient)) ?? 0}/${this.#common}`
  }

  async #bring(seeker: Seeker, access: OpenAccess, patientId: string, before: ReadonlyMap<string, RowForm>): Promise<Map<string, RowForm>> {
    const key = toHex(access.id)
    const decide = accessDecider(this.#engine.state, access.id, this.#timeMs(), this.#facts)
    const covered = new Map<string, RowForm>()
    const refused = new Set<string>()
    const versions: Version[] = []
    for (const [, { record, version, others }] of records.recordsOf(this.#engine.state, access.patient)) {
      const name = toHex(record)
      if (refused.has(name)) continue
      if (!covered.has(name)) {
        const decision = decide(record)
        if (!mayShow(decision)) {
          refused.add(name)
          continue
        }
        covered.set(name, decision.obligations.includes('identity-only') ? 1 : 0)
        if (!before.has(name)) for (const other of others) this.touch(other)
      }
      versions.push({ name, record, version })
    }
    const { openings, missing } = await this.#compare(key, versions, covered, before)
    const withdrawals = [...before]
      .filter(([record, form]) => covered.get(record) !== form)
      .map(([record, form]) => ({ record: fromHex(record), form, access: key }))
    await this.#index.apply({ accesses: [{ access: key, patient: patientId }], openings, withdrawals })
    for (let at = 0; at < missing.length; at += FETCH_BATCH) await this.#fetch(seeker, access, missing.slice(at, at + FETCH_BATCH), covered)
    return covered
  }

  /** Tells rows that are here and only need opening from versions that have to be fetched. */
  async #compare(
    access: string,
    versions: readonly Version[],
    covered: ReadonlyMap<string, RowForm>,
    before: ReadonlyMap<string, RowForm>,
  ) {
    const openings: { record: Uint8Array; form: RowForm; access: string }[] = []
    const missing: records.RecordVersion[] = []
    const held = await this.#index.versionsOf(versions.map(({ record }) => record))
    const seen = new Set<string>()
    for (const { name, record, version } of versions) {
      const form = covered.get(name) as RowForm
      const present = held.get(name)?.filter((row) => row.form === form) ?? []
      if (!seen.has(name) && present.length > 0 && before.get(name) !== form) openings.push({ record, form, access })
      seen.add(name)
      const committed = present.some((row) => row.version === String(version)) ? undefined : this.#facts.version(record, version)
      if (committed !== undefined) missing.push(committed)
    }
    return { openings, missing }
  }

  async #fetch(seeker: Seeker, access: OpenAccess, versions: readonly records.RecordVersion[], forms: ReadonlyMap<string, RowForm>): Promise<void> {
    const contents = await this.#custodian.open(access.id, seeker.did, versions.map(openOrder))
    const upserts = versions.map((version, index): RowUpsert => {
      const row = { ...fetchedRow(this.#facts.head, this.#organisation, version, readContent(contents[index] as EnvelopeContent)), accesses: [toHex(access.id)] }
      if (forms.get(toHex(version.record)) === 0) return row
      // An identity form is a copy for readers: also where the whole row is the organisation's own.
      return { ...row, form: 1, authored: false, ...(row.resource === undefined ? {} : { resource: identityForm(row.resource as Patient) }) }
    })
    await this.#index.apply({ upserts })
  }
}
