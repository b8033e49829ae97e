import type { Handle, Message, ObjectId, RecordId, RuleTerms } from '@chiron/protocol'
import { toHex } from '@chiron/protocol'
import { identity } from '@chiron/ledger'
import type { GranteeWords, PatientKey, RecordKey, RuleWords, Saying } from './model.ts'
import { conditionOf, termsHash } from './oracle.ts'
import { nowMs } from './stopped-time.ts'
import { salt, type World } from './world.ts'

const DAY_MS = 86_400_000
/** Attested to it by the network's governance, as the template says. */
const AUTHORITY = 'lakeside'

interface Places {
  /** Canonical id of a Patient. */
  patientId(patient: PatientKey): string
  recordOf(key: RecordKey): RecordId
}

/** Says in one world what the model says in words, each by whoever may. */
export class Speaker {
  readonly #world: World
  readonly #places: Places
  readonly #said = new Map<string, ObjectId>()
  readonly #done = new Set<string>()

  constructor(world: World, places: Places) {
    this.#world = world
    this.#places = places
  }

  /** Ids of rules, orders, emergencies and delegations by their keys. */
  get said(): ReadonlyMap<string, ObjectId> {
    return this.#said
  }

  async say(saying: Saying): Promise<void> {
    switch (saying.say) {
      case 'wait':
        return
      case 'rule': {
        const { key, patient } = saying.rule
        this.#said.set(key, await this.#byPatient(patient, { type: 'consent.grant', salt: salt(), patient: this.#handle(patient), terms: this.#termsOf(saying.rule) }))
        return
      }
      case 'revoke':
        return await this.#revoke(saying.rule)
      case 'order': {
        const { rule, everybody } = saying
        const patient = everybody ? null : this.#handle(rule.patient)
        this.#said.set(rule.key, await this.#by(AUTHORITY, { type: 'consent.order', salt: salt(), patient, terms: this.#termsOf(rule), basis: termsHash('a document') }))
        if (everybody) this.#done.add(`everybody ${rule.key}`)
        return
      }
      case 'lift': {
        const patient = this.#done.has(`everybody ${saying.rule}`) ? null : this.#handle('p0')
        await this.#by(AUTHORITY, { type: 'consent.liftOrder', salt: salt(), patient, order: this.#idOf(saying.rule) })
        return
      }
      case 'treat':
        await this.#by(saying.organisation, { type: 'consent.registerTreatment', salt: salt(), patient: this.#handle(saying.patient), until: nowMs() + DAY_MS })
        return
      case 'contest':
        if (this.#isFirst(`contest ${saying.patient} ${saying.organisation}`)) await this.#byPatient(saying.patient, { type: 'consent.contestTreatment', salt: salt(), patient: this.#handle(saying.patient), organisation: this.#world.organisation(saying.organisation) })
        return
      case 'endorse': {
        const { organisation, user, purpose } = saying.reader
        const endorser = this.#world.userDid(organisation, user === 'nurse' ? 'physician' : 'nurse')
        await this.#by(organisation, { type: 'access.endorse', salt: salt(), patient: this.#handle(saying.patient), reader: this.#world.userDid(organisation, user as string), purpose, endorser, until: nowMs() + saying.forMs })
        return
      }
      case 'label': {
        const subject = this.#handle(saying.patient)
        const labels = saying.labels.map((name) => this.#world.vocabulary.label(subject, name))
        await this.#byPatient(saying.patient, { type: 'records.label', salt: salt(), record: this.#places.recordOf(saying.record), subject, labels, change: saying.change })
        return
      }
      case 'accept':
        await this.#by(saying.organisation, { type: 'consent.acceptTerms', salt: salt(), hash: termsHash(saying.terms) })
        return
      case 'delegate': {
        const patient = this.#handle(saying.patient)
        this.#said.set('delegation', await this.#byPatient(saying.patient, {
          type: 'consent.appointDelegate', salt: salt(), patient, delegate: this.#patientDid(saying.to), actions: ['read'],
          categories: saying.categories.map((name) => this.#world.vocabulary.category(patient, name)),
          labels: saying.labels.map((name) => this.#world.vocabulary.label(patient, name)),
          until: nowMs() + DAY_MS,
        }))
        return
      }
      case 'dismiss':
        if (this.#isFirst('dismiss')) await this.#byPatient(saying.patient, { type: 'consent.dismissDelegate', salt: salt(), patient: this.#handle(saying.patient), delegate: this.#patientDid(saying.to) })
        return
      case 'emergency':
        this.#said.set('emergency', await this.#by(saying.organisation, { type: 'access.breakGlass', salt: salt(), patient: this.#handle(saying.patient), reader: this.#world.userDid(saying.organisation, saying.user), reason: 'danger-to-life' }))
        return
      case 'expel': {
        const did = this.#world.userDid(saying.organisation, saying.user)
        for (const { id } of identity.attestationsOf(this.#world.node.engine.state, did, nowMs())) await this.#by(saying.organisation, { type: 'identity.revokeAttestation', salt: salt(), attestation: id })
        return
      }
      case 'confirm':
        await this.#by(saying.organisation, { type: 'access.confirmEmergency', salt: salt(), patient: this.#handle(saying.patient), emergency: this.#idOf('emergency'), confirmer: this.#world.userDid(saying.organisation, 'nurse') })
        return
      case 'protest':
        await this.#byPatient(saying.patient, { type: 'access.contestEmergency', salt: salt(), patient: this.#handle(saying.patient), emergency: this.#idOf('emergency') })
        return
      case 'condemn':
        await this.#by('riverside', { type: 'access.reviewEmergency', salt: salt(), patient: this.#handle(saying.patient), emergency: this.#idOf('emergency'), outcome: 'unjustified', reviewer: this.#world.userDid('riverside', 'physician') })
    }
  }

  /** By whichever patient made it, where it still stands. */
  async #revoke(key: string): Promise<void> {
    const rule = this.#idOf(key)
    const patient = (['p0', 'p1'] as const).find((one) => this.#world.node.desk.rules(this.#handle(one)).some(({ id, status }) => toHex(id) === toHex(rule) && status === 'active'))
    if (patient !== undefined) await this.#byPatient(patient, { type: 'consent.revoke', salt: salt(), patient: this.#handle(patient), rule })
  }

  async #byPatient(patient: PatientKey, message: Message): Promise<ObjectId> {
    return await this.#world.say({ patientId: this.#places.patientId(patient) }, message)
  }

  async #by(organisation: string, message: Message): Promise<ObjectId> {
    return await this.#world.say({ organisation }, message)
  }

  #termsOf(words: RuleWords): RuleTerms {
    const { vocabulary } = this.#world
    const handle = this.#handle(words.patient)
    const { effect, purposes, categories, labels, records, actions, forMs, overrides, absolute, data, conditions, obligations } = words
    return {
      effect, grantee: this.#granteeOf(words.grantee), purposes: [...purposes],
      categories: categories.map((name) => vocabulary.category(handle, name)),
      labels: labels.map((name) => vocabulary.label(handle, name)),
      records: records.map((key) => this.#places.recordOf(key)),
      actions: [...actions],
      from: nowMs() - 1000,
      until: forMs === null ? null : nowMs() + forMs,
      overrides: overrides === null ? null : this.#idOf(overrides),
      ...(absolute === undefined ? {} : { absolute }),
      ...(data === undefined ? {} : { data: { from: data.from === null ? null : vocabulary.day(handle, data.from), until: data.until === null ? null : vocabulary.day(handle, data.until) } }),
      ...(conditions === undefined ? {} : { conditions: conditions.map(conditionOf) }),
      ...(obligations === undefined ? {} : { obligations: [...obligations] }),
    }
  }

  #granteeOf(words: GranteeWords): RuleTerms['grantee'] {
    switch (words.kind) {
      case 'person':
        return { kind: 'person', did: this.#world.userDid(words.organisation, words.user) }
      case 'patient':
        return { kind: 'person', did: this.#patientDid(words.patient) }
      case 'organisation':
        return { kind: 'organisation', did: this.#world.organisation(words.organisation) }
      case 'role':
        return { kind: 'role', role: words.role, ...(words.organisation === undefined ? {} : { organisation: this.#world.organisation(words.organisation) }) }
      default:
        return words
    }
  }

  #patientDid(patient: PatientKey) {
    return this.#world.patientDid(this.#places.patientId(patient))
  }

  #handle(patient: PatientKey): Handle {
    return this.#world.handle(this.#places.patientId(patient))
  }

  #idOf(key: string): ObjectId {
    const id = this.#said.get(key)
    if (id === undefined) throw new TypeError(`${key} was never said`)
    return id
  }

  #isFirst(what: string): boolean {
    if (this.#done.has(what)) return false
    this.#done.add(what)
    return true
  }
}
