import {
  decodeTx, derivedId, fromHex, toHex, type Action, type Category, type Did, type Grantee, type Handle, type Label, type Message, type ObjectId, type RuleTerms,
} from '@chiron/protocol'
import { consent, identity, network } from '@chiron/ledger'
import { toBase64url } from '@chiron/ledger/proofs'
import { buildAuditList, type AuditRow } from '@chiron/sdk/audit'
import { randomBytes } from 'node:crypto'
import type { RequestRow, RuleRow } from '../control/api.ts'
import type { Committed, Engine } from '../engine/engine.ts'
import type { Names } from '../gateway/names.ts'
import { GatewayError } from '../gateway/errors.ts'
import type { Vocabulary } from '../gateway/vocabulary.ts'
import { receiptOf } from '../ledger/receipts.ts'
import { submitMessages, validUntilFrom, type Signer } from '../ledger/submitter.ts'
import type { CustodialWallets } from './wallets.ts'

/** Terms of a new rule, in names. */
export interface TermsInNames {
  readonly effect: 'permit' | 'deny'
  readonly grantee: Grantee
  readonly purposes: readonly string[]
  readonly categories: readonly Category[]
  readonly labels: readonly Label[]
  /** Record ids in hexadecimal. */
  readonly records: readonly string[]
  readonly actions: readonly Action[]
  /** Milliseconds; null has no end. */
  readonly forMs: number | null
  readonly overrides: ObjectId | null
}

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

  /** @throws GatewayError `ERR_GATEWAY_NOT_FOUND` */
  async patient(patientId: string) {
    const signer = await this.#wallets.signerFor(patientId)
    const handle = this.handle(patientId)
    if (signer === undefined) throw new GatewayError('ERR_GATEWAY_NOT_FOUND', 'this node has no wallet for the patient')
    return { handle: toHex(handle), did: signer.did, tagKey: toBase64url(this.#vocabulary.tagKey(handle)) }
  }

  /** The patient's list with a receipt for each row, newest first. */
  audit(patientId: string): AuditRow[] {
    const handle = this.handle(patientId)
    const { app, signed } = this.#engine.head()
    return buildAuditList(this.#engine.reader, { app, signed }, { handle, tagKey: this.#vocabulary.tagKey(handle) })
  }

  /** Rules in words, newest first. */
  ruleRows(patientId: string): RuleRow[] {
    const handle = this.handle(patientId)
    return this.rules(patientId).map(({ id, terms, status }) => ({
      rule: toHex(id),
      effect: terms.effect,
      to: this.#granteeName(terms.grantee),
      ...this.#words(handle, terms),
      records: terms.records.map(toHex),
      fromMs: terms.from,
      untilMs: terms.until,
      status: RULE_STATUS[status],
    }))
  }

  /** Requests in words, newest first. */
  requestRows(patientId: string): RequestRow[] {
    const handle = this.handle(patientId)
    return this.requests(patientId).map((asked) => ({
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
  requestViews(patientId: string): (RequestRow & { readonly grantee: Grantee })[] {
    const asked = new Map(this.requests(patientId).map((item) => [toHex(item.id), item.grantee]))
    return this.requestRows(patientId).map((row) => ({ ...row, grantee: asked.get(row.request) as Grantee }))
  }

  handle(patientId: string): Handle {
    return this.#vocabulary.patientHandle(patientId)
  }

  /** Every rule of a patient, newest first. */
  rules(patientId: string): consent.Rule[] {
    const rules = consent.rulesOf(this.#engine.state, this.handle(patientId), this.timeMs(), { all: true })
    return rules.sort((a, b) => b.terms.from - a.terms.from)
  }

  requests(patientId: string): consent.ConsentRequest[] {
    return consent.requestsOf(this.#engine.state, this.handle(patientId), this.timeMs()).sort((a, b) => b.askedMs - a.askedMs)
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
    const built = this.#terms(handle, terms)
    const committed = await this.#sign(patientId, { type: 'consent.grant', salt: randomBytes(16), patient: handle, terms: built })
    return { rule: derivedId(committed.txId, 0), untilMs: built.until }
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

  display(did: Did): string {
    return this.#names.display(did)
  }

  #granteeName(grantee: Grantee): string {
    if (grantee.kind === 'role') return `everybody with the role ${grantee.role}`
    return grantee.kind === 'anyone-treating' ? 'whoever treats the patient' : this.display(grantee.did)
  }

  #words(handle: Handle, said: Pick<RuleTerms, 'purposes' | 'categories' | 'labels' | 'actions'>) {
    return {
      purposes: [...said.purposes],
      categories: said.categories.map((tag) => this.tagName(handle, tag)),
      labels: said.labels.map((tag) => this.tagName(handle, tag)),
      actions: [...said.actions],
    }
  }

  #terms(handle: Handle, terms: TermsInNames): RuleTerms {
    const from = this.#engine.status().timeMs
    return {
      effect: terms.effect,
      grantee: terms.grantee,
      purposes: [...terms.purposes],
      categories: terms.categories.map((name) => this.#vocabulary.category(handle, name)),
      labels: terms.labels.map((name) => this.#vocabulary.label(handle, name)),
      records: terms.records.map((record) => fromHex(record) as RuleTerms['records'][number]),
      actions: [...terms.actions],
      from,
      until: terms.forMs === null ? null : this.timeMs() + terms.forMs,
      overrides: terms.overrides,
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
