import { toHex, type CustodyReceipt, type Did, type ObjectId } from '@chiron/protocol'
import { custody } from '@chiron/ledger'
import {
  Dealer, envelopeSalt, faultsTolerated, openEnvelope, openReleases, receiptsNeeded, sealEnvelope, signReleaseRequest, VaultError,
  type BlobStore, type CustodySet, type EnvelopeContent, type ExpectedRecord, type KemKeyPair, type KeyholderFault, type OpenedReleases, type Random, type WalletCopies,
} from '@chiron/vault'
import type { Engine } from '../engine/engine.ts'
import type { Signer } from '../ledger/submitter.ts'
import { StorageError } from '../storage/errors.ts'
import type { Custodian, Kept, OpenOrder, Released, SealOrder } from './custody.ts'
import { GatewayError } from './errors.ts'
import { PatientCopies } from './wallet/patient-copies.ts'

/** A keyholder as a gateway reaches it: in the same process, later over HTTPS. */
export interface KeyholderService {
  readonly did: Did
  acceptBatch(packageBytes: Uint8Array): Promise<CustodyReceipt>
  release(requestBytes: Uint8Array): Promise<Uint8Array>
}

type Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

const REQUEST_LIFETIME_MS = 60_000

/** The custodian over the vault: envelopes to the blob store, shares to the keyholders of the current set. */
export class VaultCustodian implements Custodian {
  readonly #engine: Engine
  readonly #signer: Signer
  readonly #dealer: Dealer
  readonly #blobs: BlobStore
  readonly #keyholders: readonly KeyholderService[]
  readonly #recipient: KemKeyPair
  readonly #copies: PatientCopies
  readonly #random: Random
  readonly #verify: Verify | undefined

  constructor(dependencies: {
    engine: Engine
    signer: Signer
    blobs: BlobStore
    keyholders: readonly KeyholderService[]
    recipient: KemKeyPair
    copies: WalletCopies
    random: Random
    /** Checks Ed25519 signatures of keyholders; the portable one unless given. */
    verify?: Verify | undefined
  }) {
    this.#engine = dependencies.engine
    this.#signer = dependencies.signer
    this.#blobs = dependencies.blobs
    this.#keyholders = dependencies.keyholders
    this.#recipient = dependencies.recipient
    this.#copies = new PatientCopies(dependencies)
    this.#random = dependencies.random
    this.#verify = dependencies.verify
    const options = { chainId: this.#engine.status().chainId, did: this.#signer.did }
    this.#dealer = new Dealer(options, { sign: (message) => this.#signer.sign(message), random: this.#random })
  }

  async keep(orders: readonly SealOrder[], validUntil: number): Promise<Kept> {
    const set = custody.currentCustodySet(this.#engine.state)
    if (set === undefined) throw new GatewayError('ERR_GATEWAY_UNAVAILABLE', 'the network has no keyholders')
    const { chainId } = this.#engine.status()
    const envelopes = await Promise.all(
      orders.map(({ content, record, version, author, subjects }) => sealEnvelope(content, { chainId, record, version, author, subjects }, this.#random)),
    )
    const toDeal = orders.map(({ record, version }, index) => {
      const { key, salt, hash } = envelopes[index] as (typeof envelopes)[number]
      return { record, version, key, salt, ciphertext: hash }
    })
    const [batch, , uncopied] = await Promise.all([
      this.#dealer.deal(set, toDeal, validUntil),
      this.#blobs.putMany(envelopes.map(({ hash, bytes }) => ({ hash, bytes }))),
      this.#copies.keep(toDeal.map((dealt, index) => ({ ...dealt, subjects: (orders[index] as SealOrder).subjects }))),
    ])
    const receipts = await this.#receipts(set, batch.packages)
    return {
      sealed: batch.records.map(({ ciphertext, keyCommitment, shareRoot }, index) => ({
        ciphertext,
        keyCommitment,
        shareRoot,
        size: (envelopes[index] as (typeof envelopes)[number]).bytes.length,
      })),
      custodySet: batch.set,
      receipts,
      copyLate: async () => void (await this.#copies.keep(uncopied)),
    }
  }

  async open(access: ObjectId, reader: Did, orders: readonly OpenOrder[]): Promise<EnvelopeContent[]> {
    return (await this.release(access, reader, orders)).map(({ content }) => content)
  }

  async release(access: ObjectId, reader: Did, orders: readonly OpenOrder[]): Promise<Released[]> {
    const { chainId, timeMs } = this.#engine.status()
    const envelopes = await Promise.all(orders.map((order) => this.#envelope(order)))
    const { bytes, hash } = await signReleaseRequest(
      {
        v: 1,
        chainId,
        access,
        reader,
        gateway: this.#signer.did,
        records: orders.map(({ record, version }) => [record, version]),
        recipient: { suite: this.#recipient.suite, key: this.#recipient.publicKey },
        nonce: this.#random(16),
        validUntil: timeMs + REQUEST_LIFETIME_MS,
      },
      (message) => this.#signer.sign(message),
    )
    const records = orders.map((order, index) => ({ ...order, set: order.custodySet, salt: envelopeSalt(envelopes[index] as Uint8Array) }))
    const set = (number: number): CustodySet | undefined => custody.custodySet(this.#engine.state, number)
    const [first, others] = this.#turns(Math.max(...[...new Set(orders.map((order) => order.custodySet))].map((number) => set(number)?.threshold ?? 1)))
    let answers = await ask(first, bytes)
    let opened = await this.#combine(hash, records, answers, set)
    if (others.length > 0 && opened.keys.some((key) => 'error' in key)) {
      answers = [...answers, ...(await ask(others, bytes))]
      opened = await this.#combine(hash, records, answers, set)
    }
    const { keys, faults } = opened
    const failure = answers.find((answer) => answer.status === 'rejected')?.reason as unknown
    const released: Released[] = []
    for (const [index, order] of orders.entries()) {
      const key = keys[index]
      if (key === undefined || 'error' in key) {
        const tolerated = faultsTolerated(set(order.custodySet)?.keyholders.length ?? 1)
        throw releaseError(order, key?.error ?? failure, failure, { faults, tolerated, unanswered: failure !== undefined })
      }
      const { record, version, author, subjects } = order
      const envelope = envelopes[index] as Uint8Array
      released.push({ envelope, key: key.key, content: await openEnvelope(envelope, key.key, { chainId, record, version, author, subjects }) })
    }
    return released
  }

  /** As many keyholders as give a key, beginning with another one each time, and the others, for when that was not enough. */
  #turns(threshold: number): [first: readonly KeyholderService[], others: readonly KeyholderService[]] {
    const from = (this.#random(1)[0] ?? 0) % Math.max(1, this.#keyholders.length)
    const turned = [...this.#keyholders.slice(from), ...this.#keyholders.slice(0, from)]
    return [turned.slice(0, threshold), turned.slice(threshold)]
  }

  async #combine(request: Uint8Array, records: readonly ExpectedRecord[], answers: readonly Answer[], set: (number: number) => CustodySet | undefined): Promise<OpenedReleases> {
    const responses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
    return await openReleases({ request, recipient: this.#recipient, records, responses, set }, this.#verify)
  }

  async #envelope({ record, ciphertext }: OpenOrder): Promise<Uint8Array> {
    let bytes: Uint8Array | undefined
    try {
      bytes = await this.#blobs.get(ciphertext)
    } catch (cause) {
      // A store that does not answer says nothing about what it holds.
      if (!(cause instanceof VaultError || cause instanceof StorageError)) throw new GatewayError('ERR_GATEWAY_UNAVAILABLE', 'the ciphertext cannot be fetched now; try again in a moment', { cause })
      throw new GatewayError('ERR_GATEWAY_DAMAGED', `the ciphertext of record ${toHex(record)} is damaged; restore the blob directory from a backup`, { cause })
    }
    if (bytes === undefined) throw new GatewayError('ERR_GATEWAY_DAMAGED', `the ciphertext of record ${toHex(record)} is missing; restore the blob directory from a backup`)
    return bytes
  }

  async #receipts(set: CustodySet, packages: readonly Uint8Array[]): Promise<CustodyReceipt[]> {
    const byDid = new Map(this.#keyholders.map((keyholder) => [keyholder.did, keyholder]))
    const answers = await Promise.allSettled(
      set.keyholders.map(async ({ did }, index) => {
        const keyholder = byDid.get(did)
        if (keyholder === undefined) throw new GatewayError('ERR_GATEWAY_UNAVAILABLE', 'a keyholder cannot be reached')
        const { signature, group } = await keyholder.acceptBatch(packages[index] as Uint8Array)
        return { keyholder: did, signature, ...(group === undefined ? {} : { group }) }
      }),
    )
    const receipts = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
    if (receipts.length < receiptsNeeded(set.keyholders.length)) {
      const cause = answers.find((answer) => answer.status === 'rejected')?.reason as unknown
      if (cause instanceof StorageError) throw cause
      throw new GatewayError('ERR_GATEWAY_UNAVAILABLE', 'too few keyholders took their shares; nothing was written, try again', { cause })
    }
    return receipts
  }
}

type Answer = PromiseSettledResult<{ readonly keyholder: Did; readonly bytes: Uint8Array }>

function ask(keyholders: readonly KeyholderService[], request: Uint8Array): Promise<Answer[]> {
  return Promise.allSettled(keyholders.map(async (keyholder) => ({ keyholder: keyholder.did, bytes: await keyholder.release(request) })))
}

/**
 * Whether asking again may help: too few good shares, and no more keyholders at fault than the set tolerates, so that what
 * lacks are those who are away, behind, or have just answered the same.
 */
function isPassing(code: string | undefined, { faults, tolerated, unanswered }: Hindrance): boolean {
  if (code !== 'ERR_VAULT_SHARES_MISSING' && code !== 'ERR_VAULT_SHARE_INVALID') return false
  if (faults.length === 0) return true
  // A write is acknowledged by n − f: a keyholder without a share need not have lost it.
  const atFault = new Set(faults.flatMap(({ keyholder, code: fault }) => (fault === 'ERR_VAULT_SHARE_ABSENT' ? [] : [keyholder]))).size
  return unanswered && atFault <= tolerated
}

interface Hindrance {
  readonly faults: readonly KeyholderFault[]
  /** How many of the set may fail. */
  readonly tolerated: number
  /** Whether somebody who was asked gave no answer. */
  readonly unanswered: boolean
}

function releaseError(order: OpenOrder, error: unknown, cause: unknown, hindrance: Hindrance): GatewayError {
  const { faults } = hindrance
  const code = error instanceof VaultError ? error.code : undefined
  if (isPassing(code, hindrance)) return new GatewayError('ERR_GATEWAY_UNAVAILABLE', 'too few keyholders answer now; try again in a moment', { cause: cause ?? error })
  if (code === 'ERR_VAULT_NO_ACCESS') return new GatewayError('ERR_GATEWAY_UNAVAILABLE', 'access ended while records were fetched; ask again', { cause: error })
  const who = faults.length === 0 ? '' : ` by ${faults.map((fault) => `${fault.keyholder} (${fault.code})`).join(', ')}`
  return new GatewayError(
    'ERR_GATEWAY_DAMAGED',
    `the key of record ${toHex(order.record)} was not released${who}${code === undefined ? '' : `: ${code}`}; check the keyholder and restore its directory from a backup`,
    { cause: cause ?? error },
  )
}
