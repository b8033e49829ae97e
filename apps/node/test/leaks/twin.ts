import type { Did, Message, ObjectId, RuleTerms } from '@chiron/protocol'
import { fromHex, toHex } from '@chiron/protocol'
import { bodyOf, canariesOf, typeOfKey, type Names } from './bodies.ts'
import type { Difference, GranteeWords, OrganisationName, ReaderWords, RecordKey, RecordWords, RuleWords, Saying } from './model.ts'
import { firstIdFor, idsFor, moveTime, nowMs } from './stopped-time.ts'
import { salt, type Asker, type HttpAnswer, type HttpRequest, type World } from './world.ts'

const JSON_TYPE = { 'content-type': 'application/fhir+json' }
/** Further than as many blocks as one request makes: each takes a millisecond. A divisor of 1000. */
export const STEP_MS = 20
const DAY_MS = 86_400_000

/** One of the two worlds, told in the words of the model. */
export class Twin {
  readonly world: World
  readonly #records = new Map<RecordKey, RecordWords>()
  readonly #written = new Map<RecordKey, number>()
  readonly #rules = new Map<string, ObjectId>()
  readonly #differences: ReadonlyMap<RecordKey, Difference | 'rest'>

  /** @param differences how records here differ; none in the first world */
  constructor(world: World, records: readonly RecordWords[], differences: ReadonlyMap<RecordKey, Difference | 'rest'>) {
    this.world = world
    for (const record of records) this.#records.set(record.key, record)
    this.#differences = differences
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

  /** The record as the ledger names it, in hexadecimal. */
  ledgerName(key: RecordKey): string {
    const localId = this.#records.get(key)?.localId
    const id = localId === undefined ? firstIdFor(`record ${key}`) : this.#services('riverside').ids.chosen(typeOfKey(key), localId)
    return toHex(this.world.vocabulary.record(typeOfKey(key), id))
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
    const body = bodyOf(record, version, this.variantOf(key), names)
    const difference = this.#differences.get(key)
    if (difference === 'rest') Object.assign(body, restOf(bodyOf(record, version, 'rest', names)))
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

  /** What a record's canaries are called here. */
  variantOf(key: RecordKey): string {
    return this.#differences.get(key) === 'content' ? 'other' : ''
  }

  /** Everything that stands in a record here and must not be seen. */
  canariesOf(key: RecordKey): { readonly words: readonly string[]; readonly cities: readonly string[] } {
    const versions = Array.from({ length: this.#written.get(key) ?? 0 }, (_, index) => canariesOf(key, index + 1, this.variantOf(key)))
    const rests = this.#differences.get(key) === 'rest' ? Array.from(versions, (_, index) => canariesOf(key, index + 1, 'rest')) : versions
    return { words: versions.flatMap(({ word, value, instant }) => [word, value, instant, instant.slice(0, 19)]), cities: rests.map(({ city }) => city) }
  }

  async say(saying: Saying): Promise<void> {
    if ('patient' in saying && !this.#hasPatient(saying.patient)) return
    switch (saying.say) {
      case 'wait':
        return
      case 'rule': {
        const { rule } = saying
        if (!this.#hasPatient(rule.patient)) return
        this.#rules.set(rule.key, await this.#bySigner(rule.patient, { type: 'consent.grant', salt: salt(), patient: this.#handle(rule.patient), terms: this.#termsOf(rule) }))
        return
      }
      case 'revoke':
        for (const patient of ['p0', 'p1', 'p2']) {
          const rule = this.#rules.get(saying.rule) as ObjectId
          if (this.#hasPatient(patient) && (await this.#revoked(patient, rule))) return
        }
        return
      case 'treat':
        await this.world.say({ organisation: saying.organisation }, { type: 'consent.registerTreatment', salt: salt(), patient: this.#handle(saying.patient), until: nowMs() + DAY_MS })
        return
      case 'contest':
        if (!this.#contested.has(`${saying.patient} ${saying.organisation}`)) await this.#bySigner(saying.patient, { type: 'consent.contestTreatment', salt: salt(), patient: this.#handle(saying.patient), organisation: this.world.organisation(saying.organisation) })
        this.#contested.add(`${saying.patient} ${saying.organisation}`)
        return
      case 'delegate':
        this.#rules.set('delegation', await this.#bySigner(saying.patient, {
          type: 'consent.appointDelegate', salt: salt(), patient: this.#handle(saying.patient), delegate: await this.#patientDid(saying.to), actions: ['read'],
          categories: saying.categories.map((name) => this.world.vocabulary.category(this.#handle(saying.patient), name)),
          labels: saying.labels.map((name) => this.world.vocabulary.label(this.#handle(saying.patient), name)),
          until: nowMs() + DAY_MS,
        }))
        return
      case 'dismiss':
        if (!this.#contested.has('delegate')) await this.#bySigner(saying.patient, { type: 'consent.dismissDelegate', salt: salt(), patient: this.#handle(saying.patient), delegate: await this.#patientDid(saying.to) })
        this.#contested.add('delegate')
        return
      case 'emergency':
        this.#rules.set('emergency', await this.world.say({ organisation: saying.organisation }, { type: 'access.breakGlass', salt: salt(), patient: this.#handle(saying.patient), reader: this.world.userDid(saying.organisation, saying.user), reason: 'danger-to-life' }))
    }
  }

  readonly #contested = new Set<string>()

  /** Names of this world alone, and what they are called in both. */
  async ownNames(): Promise<ReadonlyMap<string, string>> {
    const names = new Map<string, string>()
    for (const [key, id] of this.#rules) names.set(toHex(id), `‹${key}›`)
    for (const patient of ['p0', 'p1', 'p2']) if (this.#hasPatient(patient)) names.set(await this.#patientDid(patient), `‹did of ${patient}›`)
    return names
  }

  #hasPatient(patient: string): boolean {
    return this.#records.has(`Patient-${patient}`)
  }

  async #revoked(patient: string, rule: ObjectId): Promise<boolean> {
    const own = this.world.node.desk.rules(this.#handle(patient)).some(({ id, status }) => toHex(id) === toHex(rule) && status === 'active')
    if (own) await this.#bySigner(patient, { type: 'consent.revoke', salt: salt(), patient: this.#handle(patient), rule })
    return own
  }

  async #bySigner(patient: string, message: Message): Promise<ObjectId> {
    return await this.world.say({ patientId: firstIdFor(`record Patient-${patient}`) }, message)
  }

  async #patientDid(patient: string): Promise<Did> {
    return await this.world.patientDid(firstIdFor(`record Patient-${patient}`))
  }

  #handle(patient: string) {
    return this.world.handle(firstIdFor(`record Patient-${patient}`))
  }

  #services(organisation: OrganisationName) {
    const gateway = this.world.node.gateways.get(organisation)
    if (gateway === undefined) throw new TypeError(`no gateway of ${organisation}`)
    return gateway.services
  }

  #termsOf(words: RuleWords): RuleTerms {
    const { vocabulary } = this.world
    const handle = this.#handle(words.patient)
    const { effect, purposes, categories, labels, records, actions, forMs, overrides, absolute, data } = words
    return {
      effect, grantee: this.#granteeOf(words.grantee), purposes: [...purposes],
      categories: categories.map((name) => vocabulary.category(handle, name)),
      labels: labels.map((name) => vocabulary.label(handle, name)),
      records: records.map((key) => fromHex(this.ledgerName(key)) as RuleTerms['records'][number]),
      actions: [...actions],
      from: nowMs() - 1000,
      until: forMs === null ? null : nowMs() + forMs,
      overrides: overrides === null ? null : (this.#rules.get(overrides) as ObjectId),
      ...(absolute === undefined ? {} : { absolute }),
      ...(data === undefined ? {} : { data }),
    }
  }

  #granteeOf(words: GranteeWords): RuleTerms['grantee'] {
    switch (words.kind) {
      case 'person':
        return { kind: 'person', did: this.world.userDid(words.organisation, words.user) }
      case 'patient':
        return { kind: 'person', did: this.world.patientDid(firstIdFor(`record Patient-${words.patient}`)) }
      case 'organisation':
        return { kind: 'organisation', did: this.world.organisation(words.organisation) }
      case 'role':
        return { kind: 'role', role: words.role, ...(words.organisation === undefined ? {} : { organisation: this.world.organisation(words.organisation) }) }
      default:
        return words
    }
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

export function askerOf({ organisation, user, patient, purpose, scopes }: ReaderWords): Asker {
  return patient === undefined ? { organisation, user: user as string, purpose, scopes } : { organisation, patientId: firstIdFor(`record Patient-${patient}`), purpose, scopes }
}

function restOf({ address, telecom, maritalStatus }: Record<string, unknown>): Record<string, unknown> {
  return { address, telecom, maritalStatus }
}

export type { HttpRequest }
