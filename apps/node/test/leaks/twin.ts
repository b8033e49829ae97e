import { toHex, type RecordId } from '@chiron/protocol'
import { bodyOf, canariesOf, typeOfKey, type Names } from './bodies.ts'
import { PATIENTS, type Difference, type OrganisationName, type PatientKey, type ReaderWords, type RecordKey, type RecordWords, type Saying } from './model.ts'
import { Speaker } from './speaker.ts'
import { firstIdFor, idsFor, moveTime } from './stopped-time.ts'
import type { Asker, HttpAnswer, World } from './world.ts'

const JSON_TYPE = { 'content-type': 'application/fhir+json' }
/** Further than as many blocks as one request makes: each takes a millisecond. A divisor of 1000. */
export const STEP_MS = 20

/** One of the two worlds, told in the words of the model. */
export class Twin {
  readonly world: World
  readonly #records = new Map<RecordKey, RecordWords>()
  readonly #written = new Map<RecordKey, number>()
  readonly #speaker: Speaker
  readonly #differences: ReadonlyMap<RecordKey, Difference | 'rest'>

  /** @param differences how records here differ; none in the first world */
  constructor(world: World, records: readonly RecordWords[], differences: ReadonlyMap<RecordKey, Difference | 'rest'>) {
    this.world = world
    for (const record of records) this.#records.set(record.key, record)
    this.#differences = differences
    this.#speaker = new Speaker(world, { patientId: (patient) => this.patientId(patient), recordOf: (key) => this.#recordOf(key) })
  }

  /** Ids as users of an organisation name them. A record that is not here has the id that it would have. */
  names(organisation: OrganisationName, all: ReadonlyMap<RecordKey, RecordWords>): Names {
    const { ids } = this.#services('riverside')
    return {
      idOf: (key) => {
        const localId = all.get(key)?.localId
        if (localId === undefined) return firstIdFor(`record ${key}`)
        return organisation === 'riverside' ? localId : ids.chosen(typeOfKey(key), localId)
      },
    }
  }

  /** A reader, as this world knows them. */
  askerOf({ organisation, user, patient, purpose, scopes }: ReaderWords): Asker {
    return patient === undefined ? { organisation, user: user as string, purpose, scopes } : { organisation, patientId: this.patientId(patient), purpose, scopes }
  }

  /** The record as the ledger names it, in hexadecimal. */
  ledgerName(key: RecordKey): string {
    return toHex(this.#recordOf(key))
  }

  /** Canonical id of a Patient, also of one that is not here. */
  patientId(patient: PatientKey): string {
    return this.#canonicalOf(`Patient-${patient}`)
  }

  #recordOf(key: RecordKey): RecordId {
    return this.world.vocabulary.record(typeOfKey(key), this.#canonicalOf(key))
  }

  #canonicalOf(key: RecordKey): string {
    const localId = this.#records.get(key)?.localId
    return localId === undefined ? firstIdFor(`record ${key}`) : this.#services('riverside').ids.chosen(typeOfKey(key), localId)
  }

  async write(key: RecordKey): Promise<void> {
    const record = this.#records.get(key)
    if (record === undefined) return
    for (let version = 1; version <= record.versions; version++) await this.writeVersion(key)
  }

  /** The next version of a record, by an administrator of its author. */
  async writeVersion(key: RecordKey): Promise<void> {
    const record = this.#records.get(key)
    if (record === undefined) return
    const version = (this.#written.get(key) ?? 0) + 1
    this.#written.set(key, version)
    const names = this.names(record.author, this.#records)
    const body = bodyOf(record, version, names)
    const difference = this.#differences.get(key)
    if (difference === 'rest') Object.assign(body, restOf(bodyOf(record, version, names, 'rest')))
    const id = names.idOf(key)
    const isFirst = version === 1 && record.localId === undefined
    idsFor(isFirst ? `record ${key}` : `version ${key} ${version}`)
    const sent = isFirst
      ? { method: 'POST', path: `fhir/${record.type}`, headers: JSON_TYPE, body: JSON.stringify(body) }
      : { method: 'PUT', path: `fhir/${record.type}/${id}`, headers: JSON_TYPE, body: JSON.stringify({ ...body, id }) }
    await this.#expect(await this.world.send(writerOf(record.author), sent), version === 1 ? 201 : 200, `writing ${key}`)
  }

  async delete(key: RecordKey): Promise<void> {
    const record = this.#records.get(key)
    if (record === undefined) return
    await this.#expect(await this.world.send(writerOf(record.author), { method: 'DELETE', path: `fhir/${record.type}/${this.names(record.author, this.#records).idOf(key)}` }), 204, `deleting ${key}`)
  }

  isDeleted(key: RecordKey): boolean {
    return this.#records.get(key)?.deleted === true
  }

  has(key: RecordKey): boolean {
    return this.#records.has(key)
  }

  /** Everything that stands in a record here and must not be seen. */
  canariesOf(key: RecordKey): { readonly words: readonly string[]; readonly cities: readonly string[] } {
    const record = this.#records.get(key) as RecordWords
    const versions = Array.from({ length: this.#written.get(key) ?? 0 }, (_, index) => canariesOf(record, index + 1))
    const rests = this.#differences.get(key) === 'rest' ? versions.map((_, index) => canariesOf(record, index + 1, 'rest')) : versions
    return { words: versions.flatMap(({ word, value, instant }) => [word, value, instant, instant.slice(0, 19)]), cities: rests.map(({ city }) => city) }
  }

  /** What a patient, an authority or an organisation says here; nothing where it is about who is not here. */
  async say(saying: Saying): Promise<void> {
    const patient = saying.say === 'rule' ? saying.rule.patient : 'patient' in saying ? saying.patient : undefined
    if (saying.say === 'label' && !this.has(saying.record)) return
    if (patient === undefined || this.#hasPatient(patient)) await this.#speaker.say(saying)
  }

  /** Names of this world alone, and what they are called in both. */
  ownNames(): ReadonlyMap<string, string> {
    const names = new Map<string, string>()
    for (const [key, id] of this.#speaker.said) names.set(toHex(id), `‹${key}›`)
    for (const patient of PATIENTS) if (this.#hasPatient(patient)) names.set(this.world.patientDid(this.patientId(patient)), `‹did of ${patient}›`)
    return names
  }

  #hasPatient(patient: PatientKey): boolean {
    return this.#records.has(`Patient-${patient}`)
  }

  #services(organisation: OrganisationName) {
    const gateway = this.world.node.gateways.get(organisation)
    if (gateway === undefined) throw new TypeError(`no gateway of ${organisation}`)
    return gateway.services
  }

  /** Writes a hidden version, and lets `between` happen when it is on the ledger and not yet in the index. */
  async writeVersionAround(key: RecordKey, between: () => Promise<void>): Promise<void> {
    const record = this.#records.get(key)
    if (record === undefined) return await between()
    const { index } = this.#services(record.author)
    const apply = index.apply
    index.apply = async (batch) => {
      if (batch.upserts !== undefined) {
        index.apply = apply
        await between()
      }
      await apply.call(index, batch)
    }
    await this.writeVersion(key)
  }

  async #expect(answer: HttpAnswer, status: number, what: string): Promise<void> {
    if (answer.status !== status) throw new TypeError(`${what}: ${answer.status} ${answer.text.slice(0, 600)}`)
  }
}

/** Carries something out in each world at the same time of the clock, and lets everything come to rest. */
export async function inBoth(twins: readonly Twin[], act: (twin: Twin) => Promise<void>): Promise<void> {
  moveTime(STEP_MS)
  for (const twin of twins) await act(twin)
  moveTime(STEP_MS)
  for (const twin of twins) await twin.world.settle()
}

export function writerOf(organisation: OrganisationName): Asker {
  return { organisation, user: 'admin', purpose: 'TREAT', scopes: ['user/*.cruds'] }
}

function restOf({ address, telecom, maritalStatus }: Record<string, unknown>): Record<string, unknown> {
  return { address, telecom, maritalStatus }
}

