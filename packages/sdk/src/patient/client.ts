import { MAX_WALLET_ENVELOPES, toHex, type Handle, type Label } from '@chiron/protocol'
import { fromBase64url, toBase64url, type Trust } from '@chiron/ledger/proofs'
import { decodeCopy, openEnvelope, sealCopies } from '@chiron/vault'
import * as v from 'valibot'
import { verifyAuditList, type ProvenList } from '../audit/index.ts'
import { label } from '../contracts/records/index.ts'
import { Vocabulary } from '../contracts/consent/index.ts'
import { SdkError } from '../errors.ts'
import type { Committed, LedgerClient } from '../ledger/client.ts'
import { verifyTxReceipt } from '../receipts/receipts.ts'
import type { Draft } from '../transactions/draft.ts'
import { TxBuilder } from '../transactions/tx-builder.ts'
import { checkEnvelope, copyOf, readChart, recordsAnswer, type Chart, type ChartEntry } from './chart.ts'
import { isCommitted, openCopies, releaseKeys, type ContentKeys } from './content-keys.ts'
import { agreementKeyOf, type PatientWallet } from './patient-wallet.ts'
import { portsOf } from './take-over.ts'
import { WalletTransport, type WalletPorts } from './wallet-transport.ts'

const ENVELOPE_BATCH_BYTES = 8 * 1024 * 1024
const COPY_BATCH = 1000

const envelopesAnswer = v.object({ envelopes: v.array(v.nullable(v.string())) })
const keptAnswer = v.object({ kept: v.number() })

/** A record that the wallet opened: the FHIR resource as its author wrote it, and where it stands. */
export interface OpenedRecord {
  readonly at: ChartEntry
  readonly resource: Readonly<Record<string, unknown>>
  readonly envelope: Uint8Array
  readonly key: Uint8Array
}

/** What {@link PatientClient.sealCopies} did. */
export interface SealedCopies {
  /** Copies that were made or made anew. */
  readonly sealed: number
  /** How many of their keys came from the keyholders. */
  readonly released: number
  /** Records about others as well, and such whose key could not be had: without a copy. */
  readonly without: number
}

/** A patient with the keys of their own identity: reads, exports and decides with nothing else, through any member's node. */
export class PatientClient {
  readonly wallet: PatientWallet
  readonly #trust: Trust
  readonly #transport: WalletTransport
  readonly #ports: WalletPorts

  /** `base`: such as `http://localhost:8080/riverside`. @throws SdkError `ERR_SDK_WALLET` before the claim, or for another network */
  constructor(options: { readonly base: string; readonly trust: Trust; readonly wallet: PatientWallet }, ports: Partial<WalletPorts> = {}) {
    if (options.wallet.chainId !== options.trust.chainId) throw new SdkError('ERR_SDK_WALLET', 'the wallet is of another network')
    const { signing } = options.wallet
    this.wallet = options.wallet
    this.#trust = options.trust
    this.#ports = portsOf(ports)
    this.#transport = new WalletTransport({ base: options.base, wallet: () => signing }, this.#ports)
  }

  /** Rules, requests and keys of the patient, with a session of this wallet. */
  get ledger(): LedgerClient {
    return this.#transport.ledger
  }

  /** Signs messages as one transaction, sends it until it is answered, and checks its receipt. @throws SdkError, ProofError */
  async submit(...messages: readonly Draft[]): Promise<Committed> {
    const tx = await new TxBuilder({ chainId: this.wallet.chainId, wallet: this.wallet.signing }, this.#ports).add(...messages).sign()
    const committed = await this.ledger.submitUntilExpired(tx)
    verifyTxReceipt(committed.receipt, this.#trust, tx.id)
    return committed
  }

  /** The access list, complete and proven here. @throws ProofError; SdkError `ERR_SDK_AUDIT_…` */
  async audit(): Promise<ProvenList> {
    const rows = await this.ledger.audit()
    if (!Array.isArray(rows)) throw new SdkError('ERR_SDK_RESPONSE', 'the answer is no list')
    return verifyAuditList(rows, this.#trust)
  }

  /** Every version of every record, proven here; contents are not fetched yet. @throws ProofError, SdkError */
  async chart(): Promise<Chart> {
    return readChart(await this.#transport.get('/chiron/records', recordsAnswer), this.#trust)
  }

  /**
   * Opens records: with the wallet's copies, and where there is none through a release by the keyholders. What nobody lets
   * the patient read is left out.
   */
  async open(chart: Chart, entries: readonly ChartEntry[]): Promise<OpenedRecord[]> {
    const envelopes = await this.#envelopes(entries)
    const keys = await openCopies(this.wallet, chart, entries)
    const good = (each: ChartEntry): boolean => {
      const name = toHex(each.entry.ciphertext)
      const key = keys.get(name)
      return key !== undefined && isCommitted(each, envelopes.get(name) as Uint8Array, key)
    }
    const missing = entries.filter((each) => !good(each))
    if (missing.length > 0) for (const [name, key] of await releaseKeys({ wallet: this.wallet, transport: this.#transport, chart, envelopes }, missing, this.#ports)) keys.set(name, key)
    return await Promise.all(entries.filter(good).map((each) => this.#read(each, envelopes, keys)))
  }

  /** One record. @throws SdkError `ERR_SDK_NO_KEY` */
  async read(chart: Chart, entry: ChartEntry): Promise<OpenedRecord> {
    const [opened] = await this.open(chart, [entry])
    if (opened === undefined) throw new SdkError('ERR_SDK_NO_KEY', 'neither a copy nor the keyholders gave the key of this record')
    return opened
  }

  /**
   * Sees to it that every record has a copy of its key under the wallet's current key: of those of before the claim, and
   * after a rotation. May be repeated and goes on where it was interrupted.
   */
  async sealCopies(): Promise<SealedCopies> {
    const chart = await this.chart()
    const wanted = chart.entries.filter((each) => each.isAlone && !this.#isCurrent(chart, each))
    const keys = await openCopies(this.wallet, chart, wanted)
    const missing = wanted.filter(({ entry }) => !keys.has(toHex(entry.ciphertext)))
    if (missing.length > 0) {
      const envelopes = await this.#envelopes(missing)
      for (const [name, key] of await releaseKeys({ wallet: this.wallet, transport: this.#transport, chart, envelopes }, missing, this.#ports)) keys.set(name, key)
    }
    const sealed = await this.#seal(wanted, keys)
    return { sealed, released: missing.filter(({ entry }) => keys.has(toHex(entry.ciphertext))).length, without: chart.entries.length - chart.entries.filter((each) => this.#isCurrent(chart, each)).length - sealed }
  }

  /**
   * Puts labels on a record, or takes off what the patient put on: those that its authors gave it stay.
   * @throws SdkError `ERR_SDK_TX_REFUSED`, `ERR_SDK_RESPONSE`; ProofError
   */
  async label({ handle, entry }: ChartEntry, labels: readonly Label[], change: 'add' | 'remove'): Promise<Committed> {
    const { handles = [], ...usual } = await this.ledger.patient()
    const keys = [usual, ...handles].find((each) => toHex(each.handle) === toHex(handle))
    if (keys === undefined) throw new SdkError('ERR_SDK_RESPONSE', 'the node does not know this handle of the patient')
    return await this.submit(label({ record: entry.record, subject: handle, labels: new Vocabulary(keys.tagKey).labels(labels), change }))
  }

  /** Everything as one document that `verifyDocument` checks offline: the newest version of each record, the access list, all proofs. */
  async export(): Promise<Readonly<Record<string, unknown>>> {
    const [chart, { handle }] = [await this.chart(), await this.ledger.patient()]
    const mine = chart.entries.filter((each) => each.isNewest && toHex(each.handle) === toHex(handle))
    const opened = await this.open(chart, mine)
    const audit = await this.ledger.audit()
    const entry = opened.map(({ resource }) => ({ fullUrl: `${String(resource['resourceType'])}/${String(resource['id'])}`, resource }))
    const patient = opened.find(({ resource }) => resource['resourceType'] === 'Patient')?.resource['id']
    return {
      format: 'chiron/export/v1',
      patient: typeof patient === 'string' ? patient : '',
      bundle: { resourceType: 'Bundle', type: 'collection', timestamp: new Date(chart.asOfMs).toISOString(), entry },
      proofs: opened.map(({ at, envelope, key }) => ({ index: at.index, subjects: at.subjects.map(toHex), envelope: toBase64url(envelope), key: toBase64url(key) })),
      audit,
      records: chart.lists.get(toHex(handle)),
    }
  }

  #isCurrent(chart: Chart, { entry }: ChartEntry): boolean {
    const copy = chart.copies.get(toHex(entry.ciphertext))
    return copy !== undefined && decodeCopy(copy).keyId === this.wallet.current.keyId
  }

  async #seal(entries: readonly ChartEntry[], keys: ContentKeys): Promise<number> {
    const { chainId, did: owner, current } = this.wallet
    const having = entries.filter(({ entry }) => keys.has(toHex(entry.ciphertext)))
    for (let at = 0; at < having.length; at += COPY_BATCH) {
      const batch = having.slice(at, at + COPY_BATCH)
      const to = { chainId, owner, keyId: current.keyId, agreementKey: agreementKeyOf(current) }
      const copies = await sealCopies(to, batch.map((each) => ({ ...copyOf(each), key: keys.get(toHex(each.entry.ciphertext)) as Uint8Array })), (length) => this.#ports.random.bytes(length))
      await this.#transport.post('/chiron/copies', { copies: batch.map(({ entry }, index) => ({ ciphertext: entry.ciphertext, bytes: copies[index] as Uint8Array })) }, keptAnswer)
    }
    return having.length
  }

  async #read(at: ChartEntry, envelopes: ReadonlyMap<string, Uint8Array>, keys: ContentKeys): Promise<OpenedRecord> {
    const { record, version, author, ciphertext } = at.entry
    const [envelope, key] = [envelopes.get(toHex(ciphertext)) as Uint8Array, keys.get(toHex(ciphertext)) as Uint8Array]
    const { resource } = await openEnvelope(envelope, key, { chainId: this.wallet.chainId, record, version, author, subjects: at.subjects as Handle[] })
    return { at, envelope, key, resource: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(resource)) as Record<string, unknown> }
  }

  /** Envelopes by their hash, each checked against the ledger. @throws SdkError `ERR_SDK_RESPONSE` for one that is missing */
  async #envelopes(entries: readonly ChartEntry[]): Promise<Map<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>()
    for (const batch of batches(entries)) {
      const { envelopes } = await this.#transport.post('/chiron/envelopes', { ciphertexts: batch.map(({ entry }) => entry.ciphertext) }, envelopesAnswer)
      for (const [position, each] of batch.entries()) {
        const bytes = fromBase64url(envelopes[position] ?? '')
        found.set(toHex(each.entry.ciphertext), checkEnvelope(each, bytes ?? new Uint8Array()))
      }
    }
    return found
  }
}

/** As many as one answer holds. */
function batches(entries: readonly ChartEntry[]): ChartEntry[][] {
  const all: ChartEntry[][] = []
  let size = Number.POSITIVE_INFINITY
  for (const each of entries) {
    if (size + each.entry.size > ENVELOPE_BATCH_BYTES || (all.at(-1)?.length ?? 0) >= MAX_WALLET_ENVELOPES) {
      all.push([])
      size = 0
    }
    all.at(-1)?.push(each)
    size += each.entry.size
  }
  return all
}
