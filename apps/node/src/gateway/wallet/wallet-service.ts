import { decodeCanonical, MAX_WALLET_ENVELOPES, toHex, walletCopies, walletEnvelopes, type Did } from '@chiron/protocol'
import { access, custody, identity, records } from '@chiron/ledger'
import { listReceipt, receiptToJson, toBase64url } from '@chiron/ledger/proofs'
import { decodeCopy, decodeReleaseRequest, type BlobStore, type WalletCopies } from '@chiron/vault'
import type { Engine } from '../../engine/engine.ts'
import { GatewayError } from '../errors.ts'
import type { KeyholderService } from '../vault-custodian.ts'

/** What one answer may carry of envelopes, in bytes. */
const MAX_ENVELOPE_BYTES = 16 * 1024 * 1024

/**
 * What a patient's own wallet needs to read with nothing but its keys: its proven record lists, sealed records, the way to
 * the keyholders, and a place for its copies. The gateway passes on what it cannot open.
 */
export class WalletService {
  readonly #engine: Engine
  readonly #blobs: BlobStore
  readonly #keyholders: readonly KeyholderService[]
  readonly #copies: WalletCopies

  constructor(dependencies: { engine: Engine; blobs: BlobStore; keyholders: readonly KeyholderService[]; copies: WalletCopies }) {
    this.#engine = dependencies.engine
    this.#blobs = dependencies.blobs
    this.#keyholders = dependencies.keyholders
    this.#copies = dependencies.copies
  }

  /** Every record list of the patient with its proof, the subjects of records about several, the copies there are, and the keyholders. */
  async records(did: Did) {
    const state = this.#engine.state
    const { app, signed } = this.#engine.head()
    const sets = new Set<number>()
    const lists = identity.handlesOf(state, did).map((handle) => {
      const shared: Record<string, string[]> = {}
      for (const [index, { record, version, others, custodySet }] of records.recordsOf(state, handle)) {
        sets.add(custodySet)
        if (others.length > 0) shared[index] = (records.recordVersion(state, record, version)?.subjects ?? []).map((subject) => toHex(subject.handle))
      }
      return { handle: toHex(handle), list: receiptToJson(listReceipt(this.#engine.reader, { app, signed }, 'records', handle)), subjects: shared }
    })
    const copies = (await this.#copies.list(did)).map(({ ciphertext, bytes }) => [toHex(ciphertext), toBase64url(bytes)])
    return { lists, copies, custodySets: [...sets].flatMap((number) => custodySetJson(custody.custodySet(state, number))) }
  }

  /** Envelopes of the patient's own records, in the order asked; null for one that is not there or not about the patient. */
  async envelopes(did: Did, body: Uint8Array) {
    const { ciphertexts } = decodeCanonical(walletEnvelopes, body)
    const own = this.#ownCiphertexts(did)
    const sizes = ciphertexts.map((hash) => own.get(toHex(hash))?.size ?? 0)
    if (sizes.reduce((sum, size) => sum + size, 0) > MAX_ENVELOPE_BYTES) {
      throw new GatewayError('ERR_GATEWAY_TOO_LARGE', `ask for at most ${MAX_ENVELOPE_BYTES / 1024 / 1024} MiB and ${MAX_WALLET_ENVELOPES} envelopes at a time`)
    }
    const found = await Promise.all(ciphertexts.map(async (hash) => (own.has(toHex(hash)) ? await this.#blobs.get(hash) : undefined)))
    return { envelopes: found.map((bytes) => (bytes === undefined ? null : toBase64url(bytes))) }
  }

  /** Accesses that the wallet itself has open. */
  accesses(did: Did, timeMs: number) {
    return identity.handlesOf(this.#engine.state, did).flatMap((handle) =>
      access.openAccessesOf(this.#engine.state, handle)
        .filter(({ reader, organisation, action, untilMs }) => reader === did && organisation === did && action === 'read' && timeMs < untilMs)
        .map(({ id, purpose, untilMs }) => ({ access: toHex(id), handle: toHex(handle), purpose, untilMs })),
    )
  }

  /** Passes a release request that the wallet signed on to every keyholder; those that refuse or fail are left out. */
  async release(did: Did, body: Uint8Array) {
    const { request } = decodeReleaseRequest(body)
    if (request.reader !== did || request.gateway !== did) throw new GatewayError('ERR_GATEWAY_SCOPE', 'a wallet asks for itself')
    const answers = await Promise.allSettled(this.#keyholders.map(async (keyholder) => ({ keyholder: keyholder.did, response: toBase64url(await keyholder.release(body)) })))
    const responses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
    if (responses.length === 0) {
      const cause = answers.find((answer) => answer.status === 'rejected')?.reason as unknown
      throw new GatewayError('ERR_GATEWAY_NO_ACCESS', 'no keyholder released: open an access on the ledger first', { cause })
    }
    return { responses }
  }

  /**
   * Keeps copies that the wallet sealed to its current key, for versions about the patient alone: of others it reads what they
   * still allow. All or none.
   * @throws GatewayError `ERR_GATEWAY_NOT_FOUND` also for what is about somebody else; `ERR_GATEWAY_CONFLICT` for another key
   */
  async putCopies(did: Did, body: Uint8Array) {
    const { copies } = decodeCanonical(walletCopies, body)
    const own = this.#ownCiphertexts(did)
    const keyId = identity.document(this.#engine.state, did)?.currentKey.id
    for (const { ciphertext, bytes } of copies) {
      if (own.get(toHex(ciphertext))?.isAlone !== true) throw new GatewayError('ERR_GATEWAY_NOT_FOUND', 'there is no such record of this patient')
      if (decodeCopy(bytes).keyId !== keyId) throw new GatewayError('ERR_GATEWAY_CONFLICT', 'copies are sealed to the newest key')
    }
    await this.#copies.put(did, copies)
    return { kept: copies.length }
  }

  /** Envelopes of every version about the patient, by their hash in hexadecimal. `isAlone`: about nobody else. */
  #ownCiphertexts(did: Did): Map<string, { readonly size: number; readonly isAlone: boolean }> {
    const state = this.#engine.state
    const handles = identity.handlesOf(state, did)
    const names = new Set(handles.map(toHex))
    const own = new Map<string, { size: number; isAlone: boolean }>()
    for (const handle of handles) {
      for (const [, { ciphertext, size, others }] of records.recordsOf(state, handle)) {
        own.set(toHex(ciphertext), { size, isAlone: others.every((other) => names.has(toHex(other))) })
      }
    }
    return own
  }
}

function custodySetJson(set: custody.CustodySet | undefined) {
  if (set === undefined) return []
  const { number, threshold, keyholders } = set
  return [{
    number,
    threshold,
    keyholders: keyholders.map(({ did, signingKey, agreementKey, suite, kemKey }) => ({
      did, signingKey: toBase64url(signingKey), agreementKey: toBase64url(agreementKey), suite, kemKey: toBase64url(kemKey),
    })),
  }]
}

