import {
  decodeTx, derivedId, equalBytes, toHex, type Action, type Category, type Did, type Grantee, type Handle, type Label, type Message, type ObjectId, type RecordId, type RuleTerms,
} from '@chiron/protocol'
import { consent, identity, network, records } from '@chiron/ledger'
import { toBase64url } from '@chiron/ledger/proofs'
import { auditRows, type AuditRow } from '@chiron/sdk/audit'
import { randomBytes } from 'node:crypto'
import type { LabelRow, RequestRow, RuleRow } from '../control/api.ts'
import type { Committed, Engine } from '../engine/engine.ts'
import type { Names } from '../gateway/names.ts'
import { GatewayError } from '../gateway/errors.ts'
import type { Vocabulary } from '../gateway/vocabulary.ts'
import { receiptOf } from '../ledger/receipts.ts'
import { submitMessages, validUntilFrom, type Signer } from '../ledger/submitter.ts'
import { limitsOf, termsOf, type TermsInNames } from './terms-in-names.ts'
import type { CustodialWallets } from './wallets.ts'

/** A patient by the canonical id of the Patient resource, or by a handle. */
export type PatientRef = string | Handle

const RULE_STATUS = { active: 'in-force', future: 'not-yet', expired: 'ended', revoked: 'revoked' } as const

/**
 * What a patient does and sees on the ledger, for the wallet that signs itself and for the custodial wallets of a sample
 * network.
 */
export class PatientDesk {
  readonly #engine: Engine
  readonly #vocabulary: Vocabulary
  readonly #names: Names
  readonly #wallets: CustodialWallets
  readonly #now: () => number

  constructor(dependencies: { engine: Engine; vocabulary: Vocabulary; names: Names; wallets: CustodialWallets; now: () => number }) {
    this.#engine = dependencies.engine
    this.#vocabulary = dependencies.vocabulary
    this.#names = dependencies.names
    this.#wallets = dependencies.wallets
    this.#now = dependencies.now
  }

  network() {
    const { chainId, timeMs, height } = this.#engine.status()
    const state = this.#engine.state
    return { chainId, members: network.members(state).map(({ name, did }) => ({ name, did })), sample: network.isSample(state), blockTimeMs: timeMs, height }
  }

  /** Takes a transaction that a wallet signed. Its result may be a contract's refusal: `code` says. */
  async submit(tx: Uint8Array) {
    decodeTx(tx)
    const committed = await this.#engine.submit(tx)
    const { result, height, timeMs } = committed
    return {
      txId: toHex(committed.txId),
      height,
      timeMs,
      codespace: result.codespace,
      code: result.code,
      receipt: receiptOf(this.#engine, committed),
    }
  }

  /** What a patient needs to write rules, under this handle and every other. @throws GatewayError `ERR_GATEWAY_NOT_FOUND` */
  patient(ref: PatientRef) {
    const { state } = this.#engine
    const handle = this.handle(ref)
    const did = identity.handleOwner(state, handle)
    const found = did === undefined ? undefined : identity.document(state, did)
    if (found === undefined) throw new GatewayError('ERR_GATEWAY_NOT_FOUND', 'this node knows no such patient')
    const keysOf = (each: Handle) => ({ handle: toHex(each), tagKey: toBase64url(this.#vocabulary.tagKey(each)) })
    return { ...keysOf(handle), did: found.did, keyId: found.currentKey.id, signingKey: toBase64url(found.currentKey.signing), handles: identity.handlesOf(state, found.did).map(keysOf) }
  }

  /** One of a patient's own handles: the one that is asked for (hexadecimal), or the first. @throws GatewayError `ERR_GATEWAY_NOT_FOUND` */
  handleOf(did: Did, asked: string | undefined): Handle {
    const own = identity.handlesOf(this.#engine.state, did)
    const found = asked === undefined ? own[0] : own.find((handle) => toHex(handle) === asked)
    if (found === undefined) throw new GatewayError('ERR_GATEWAY_NOT_FOUND', 'this patient has no such handle')
    return found
  }

  /** The patient's list with a receipt for each row, newest first. */
  audit(patient: PatientRef): AuditRow[] {
    return [...this.auditRows(patient)]
  }

  /** As {@link PatientDesk.audit}, as of now, row by row: long lists take much room. */
  auditRows(patient: PatientRef): Iterable<AuditRow> {
    const handle = this.handle(patient)
    const { app, signed } = this.#engine.head()
    return auditRows(this.#engine.reader, { app, signed }, { handle, tagKey: this.#vocabulary.tagKey(handle) })
  }

  /** Rules in words, newest first. */
  ruleRows(patient: PatientRef): RuleRow[] {
    const handle = this.handle(patient)
    const owner = identity.handleOwner(this.#engine.state, handle)
    const custodyEndMs = owner === undefined ? undefined : identity.pastCustody(this.#engine.state, owner)?.untilMs
    return this.rules(handle).map(({ id, terms, status, changedMs }) => ({
      rule: toHex(id),
      effect: terms.effect,
      to: this.granteeName(terms.grantee),
      ...this.#words(handle, terms),
      records: terms.records.map(toHex),
      limits: limitsOf(this.#vocabulary, handle, terms),
      fromMs: terms.from,
      untilMs: terms.until,
      status: RULE_STATUS[status],
      inCustody: custodyEndMs === undefined ? owner !== undefined && identity.controller(this.#engine.state, owner) !== null : changedMs <= custodyEndMs,
    }))
  }

  /** Requests in words, newest first. */
  requestRows(patient: PatientRef): RequestRow[] {
    const handle = this.handle(patient)
    return this.requests(handle).map((asked) => ({
      request: toHex(asked.id),
      who: this.display(asked.reader),
      organisation: this.display(asked.organisation),
      ...this.#words(handle, asked),
      forMs: asked.forMs,
      askedMs: asked.askedMs,
      status: asked.status === 'pending' ? 'open' : asked.status,
      rule: asked.rule === null ? null : toHex(asked.rule),
    }))
  }

  /** Requests in words, with the grantee as an approval must name it: for a wallet that signs itself. */
  requestViews(patient: PatientRef): (RequestRow & { readonly grantee: Grantee })[] {
    const asked = new Map(this.requests(patient).map((item) => [toHex(item.id), item.grantee]))
    return this.requestRows(patient).map((row) => ({ ...row, grantee: asked.get(row.request) as Grantee }))
  }

  /** Every record of the patient that carries labels, by who put them on. */
  labelRows(patient: PatientRef): LabelRow[] {
    const handle = this.handle(patient)
    const { state } = this.#engine
    const known = new Map<string, RecordId>()
    for (const [, { record }] of records.recordsOf(state, handle)) known.set(toHex(record), record)
    return [...known].flatMap(([name, record]) => {
      const { given, own } = records.labelSetsOf(state, handle, record)
      const named = (tags: readonly Uint8Array[]): string[] => tags.map((tag) => this.tagName(handle, tag)).sort()
      return given.length + own.length === 0 ? [] : [{ record: name, given: named(given), own: named(own) }]
    })
  }

  handle(patient: PatientRef): Handle {
    return typeof patient === 'string' ? this.#vocabulary.patientHandle(patient) : patient
  }

  /** Every rule of a patient, newest first. */
  rules(patient: PatientRef): consent.Rule[] {
    const rules = consent.rulesOf(this.#engine.state, this.handle(patient), this.timeMs(), { all: true })
    return rules.sort((a, b) => b.terms.from - a.terms.from)
  }

  requests(patient: PatientRef): consent.ConsentRequest[] {
    return consent.requestsOf(this.#engine.state, this.handle(patient), this.timeMs()).sort((a, b) => b.askedMs - a.askedMs)
  }

  /** @throws GatewayError `ERR_GATEWAY_NOT_FOUND` */
  request(id: ObjectId): consent.ConsentRequest {
    const found = consent.request(this.#engine.state, id, this.timeMs())
    if (found === undefined) throw new GatewayError('ERR_GATEWAY_NOT_FOUND', 'there is no such request; chiron request list --patient ID shows them')
    return found
  }

  timeMs(): number {
    return Math.max(this.#engine.status().timeMs, this.#now())
  }

  /** Makes a rule, signed by the patient's custodial wallet. */
  async grant(patientId: string, terms: TermsInNames): Promise<{ readonly rule: ObjectId; readonly untilMs: number | null }> {
    const handle = this.handle(patientId)
    const until = terms.forMs === null ? null : this.timeMs() + terms.forMs
    const built = termsOf(this.#vocabulary, handle, terms, this.#engine.status().timeMs, until)
    const committed = await this.#sign(patientId, { type: 'consent.grant', salt: randomBytes(16), patient: handle, terms: built })
    return { rule: derivedId(committed.txId, 0), untilMs: built.until }
  }

  /** As {@link grant}, of terms as the ledger has them. */
  async makeRule(patientId: string, terms: RuleTerms): Promise<{ readonly rule: ObjectId; readonly committed: Committed }> {
    const committed = await this.#sign(patientId, { type: 'consent.grant', salt: randomBytes(16), patient: this.handle(patientId), terms })
    return { rule: derivedId(committed.txId, 0), committed }
  }

  async changeRule(patientId: string, rule: ObjectId, terms: RuleTerms): Promise<Committed> {
    return await this.#sign(patientId, { type: 'consent.modify', salt: randomBytes(16), patient: this.handle(patientId), rule, terms })
  }

  async revoke(patientId: string, rule: ObjectId): Promise<Committed> {
    return await this.#sign(patientId, { type: 'consent.revoke', salt: randomBytes(16), patient: this.handle(patientId), rule })
  }

  /** Approves as asked, or narrowed to some of the categories or a shorter time. */
  async approve(patientId: string, id: ObjectId, narrowed: { readonly categories?: readonly Category[]; readonly forMs?: number }) {
    const asked = this.request(id)
    const handle = this.handle(patientId)
    const from = this.#engine.status().timeMs
    const until = this.timeMs() + Math.min(asked.forMs, narrowed.forMs ?? asked.forMs)
    const terms: RuleTerms = {
      effect: 'permit',
      grantee: asked.grantee,
      purposes: [...asked.purposes],
      categories: narrowed.categories === undefined ? [...asked.categories] : narrowed.categories.map((name) => this.#vocabulary.category(handle, name)),
      labels: [...asked.labels],
      records: [],
      actions: [...asked.actions],
      from,
      until: Math.min(until, from + asked.forMs),
      overrides: null,
    }
    const committed = await this.#sign(patientId, { type: 'consent.approve', salt: randomBytes(16), patient: handle, request: id, terms })
    return { rule: derivedId(committed.txId, 0), untilMs: terms.until }
  }

  async deny(patientId: string, id: ObjectId): Promise<Committed> {
    return await this.#sign(patientId, { type: 'consent.deny', salt: randomBytes(16), patient: this.handle(patientId), request: id })
  }

  /**
   * Puts labels on a record, or takes off what the patient put on.
   * @throws GatewayError `ERR_GATEWAY_NOT_FOUND` also for a record that is not about the patient
   */
  async label(patientId: string, record: RecordId, labels: readonly Label[], change: 'add' | 'remove'): Promise<Committed> {
    const handle = this.handle(patientId)
    if (records.recordHead(this.#engine.state, record)?.subjects.some((subject) => equalBytes(subject.handle, handle)) !== true) {
      throw new GatewayError('ERR_GATEWAY_NOT_FOUND', 'there is no such record of this patient')
    }
    const tags = labels.map((name) => this.#vocabulary.label(handle, name))
    return await this.#sign(patientId, { type: 'records.label', salt: randomBytes(16), record, subject: handle, labels: tags, change })
  }

  /** Ends an organisation's treating relationship. */
  async contest(patientId: string, organisation: Did): Promise<Committed> {
    return await this.#sign(patientId, { type: 'consent.contestTreatment', salt: randomBytes(16), patient: this.handle(patientId), organisation })
  }

  /** Canonical id of a patient whose wallet this node holds. */
  async patientIdOf(handle: Handle): Promise<string | undefined> {
    const key = toHex(handle)
    return (await this.#wallets.patientIds()).find((id) => toHex(this.handle(id)) === key)
  }

  async closeAccess(patientId: string, access: ObjectId): Promise<Committed> {
    return await this.#sign(patientId, { type: 'access.close', salt: randomBytes(16), patient: this.handle(patientId), access })
  }

  /** Lets another person read in the patient's place, within limits; anew for who was appointed before. */
  async appointDelegate(
    patientId: string,
    delegate: Did,
    scope: { readonly actions: readonly Action[]; readonly categories: readonly Category[]; readonly labels: readonly Label[]; readonly forMs: number },
  ): Promise<Committed> {
    const handle = this.handle(patientId)
    // The contract counts 366 days from block time, which may lag behind the clock.
    const { timeMs } = this.#engine.status()
    const until = scope.forMs > consent.MAX_DELEGATE_MS ? timeMs + scope.forMs : Math.min(this.timeMs() + scope.forMs, timeMs + consent.MAX_DELEGATE_MS)
    return await this.#sign(patientId, {
      type: 'consent.appointDelegate',
      salt: randomBytes(16),
      patient: handle,
      delegate,
      actions: [...scope.actions],
      categories: scope.categories.map((name) => this.#vocabulary.category(handle, name)),
      labels: scope.labels.map((name) => this.#vocabulary.label(handle, name)),
      until,
    })
  }

  async dismissDelegate(patientId: string, delegate: Did): Promise<Committed> {
    return await this.#sign(patientId, { type: 'consent.dismissDelegate', salt: randomBytes(16), patient: this.handle(patientId), delegate })
  }

  /** Contests an emergency: it ends, and is reviewed again. */
  async contestEmergency(patientId: string, emergency: ObjectId): Promise<Committed> {
    return await this.#sign(patientId, { type: 'access.contestEmergency', salt: randomBytes(16), patient: this.handle(patientId), emergency })
  }

  /** Asks a patient, signed by the user's organisation. */
  async ask(
    organisation: Signer,
    patientId: string,
    asked: { readonly reader: Did; readonly grantee: Grantee; readonly purposes: readonly string[]; readonly categories: readonly Category[]; readonly labels: readonly Label[]; readonly actions: readonly Action[]; readonly forMs: number },
  ): Promise<ObjectId> {
    const handle = this.handle(patientId)
    const message: Message = {
      type: 'consent.request',
      salt: randomBytes(16),
      patient: handle,
      reader: asked.reader,
      grantee: asked.grantee,
      purposes: [...asked.purposes],
      categories: asked.categories.map((name) => this.#vocabulary.category(handle, name)),
      labels: asked.labels.map((name) => this.#vocabulary.label(handle, name)),
      actions: [...asked.actions],
      forMs: asked.forMs,
    }
    const committed = await submitMessages(this.#engine, organisation, [message], validUntilFrom(this.#engine, this.#now()))
    return derivedId(committed.txId, 0)
  }

  /** Names of tags of one patient. */
  tagName(handle: Handle, tag: Uint8Array): string {
    return this.#vocabulary.names(handle).get(toHex(tag)) ?? toHex(tag)
  }

  /** As {@link Names.display}, in the list of a handle's owner where one is given. */
  display(did: Did, handle?: Handle): string {
    return this.#names.display(did, handle === undefined ? undefined : identity.handleOwner(this.#engine.state, handle))
  }

  /** Whom a rule is for, in words. */
  granteeName(grantee: Grantee): string {
    switch (grantee.kind) {
      case 'role':
        return `everybody with the role ${grantee.role}${grantee.organisation === undefined ? '' : ` at ${this.display(grantee.organisation)}`}`
      case 'anyone-treating':
        return 'whoever treats the patient'
      case 'anyone':
        return 'anyone at any member'
      default:
        return this.display(grantee.did)
    }
  }

  #words(handle: Handle, said: Pick<RuleTerms, 'purposes' | 'categories' | 'labels' | 'actions'>) {
    return {
      purposes: [...said.purposes],
      categories: said.categories.map((tag) => this.tagName(handle, tag)),
      labels: said.labels.map((tag) => this.tagName(handle, tag)),
      actions: [...said.actions],
    }
  }

  async #sign(patientId: string, message: Message): Promise<Committed> {
    if (!network.isSample(this.#engine.state)) throw new GatewayError('ERR_GATEWAY_SAMPLE_ONLY', 'outside a sample network only the patient signs; use the wallet')
    const signer = await this.#wallets.signerFor(patientId)
    if (signer === undefined || identity.document(this.#engine.state, signer.did) === undefined) {
      throw new GatewayError('ERR_GATEWAY_NOT_FOUND', 'this node knows no such patient; list them with GET /{org}/fhir/Patient')
    }
    return await submitMessages(this.#engine, signer, [message], validUntilFrom(this.#engine, this.#now()))
  }
}
