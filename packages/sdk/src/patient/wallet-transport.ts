import { encodeCanonical, schema, walletSessionBytes, type WalletSession } from '@chiron/protocol'
import * as v from 'valibot'
import { SdkError } from '../errors.ts'
import { Transport } from '../http/transport.ts'
import { LedgerClient } from '../ledger/client.ts'
import { readResponse } from '../ledger/responses.ts'
import type { Clock, Fetch, Random } from '../ports.ts'
import type { Wallet } from '../wallet/wallet.ts'

const LIFETIME_MS = 2 * 60_000
/** A session is made anew when it has less left. */
const LEAST_LEFT_MS = 60_000

const session = v.object({ token: v.string(), expiresMs: schema.timeMs })

export interface WalletPorts {
  readonly fetch: Fetch
  readonly clock: Clock
  readonly random: Random
}

/** Talks to one organisation's gateway as a wallet: opens sessions by signature, sends canonical CBOR. */
export class WalletTransport {
  readonly ledger: LedgerClient
  readonly #open: LedgerClient
  readonly #plain: Transport
  readonly #authorised: Transport
  readonly #wallet: () => Wallet
  readonly #ports: WalletPorts
  #token: { readonly text: string; readonly keyId: string; readonly expiresMs: number } | undefined

  /** `wallet` is asked for each session, so that a rotation is followed. */
  constructor(options: { readonly base: string; readonly wallet: () => Wallet }, ports: WalletPorts) {
    this.#wallet = options.wallet
    this.#ports = ports
    const token = async (): Promise<string> => await this.#session()
    this.#plain = new Transport({ base: options.base }, ports)
    this.#authorised = new Transport({ base: options.base, token }, ports)
    this.ledger = new LedgerClient({ base: options.base, token }, ports)
    this.#open = new LedgerClient({ base: options.base }, ports)
  }

  /** @throws SdkError as {@link Transport.send} */
  async post<T>(path: string, body: unknown, shape: v.GenericSchema<unknown, T>): Promise<T> {
    return await this.#send(this.#authorised, path, encodeCanonical(body), shape)
  }

  /** As {@link post}, of bytes, without a session. */
  async postBytes<T>(path: string, body: Uint8Array, shape: v.GenericSchema<unknown, T>, options: { readonly session: boolean }): Promise<T> {
    return await this.#send(options.session ? this.#authorised : this.#plain, path, body, shape)
  }

  async get<T>(path: string, shape: v.GenericSchema<unknown, T>): Promise<T> {
    return readResponse(shape, (await this.#authorised.send({ method: 'GET', path, accept: 'application/json' })).body)
  }

  /** Opens a session with a certain key: whether it is the identity's now. @throws SdkError `ERR_SDK_UNAUTHORIZED` */
  async openSession(wallet: Wallet): Promise<void> {
    const { chainId, members } = await this.#open.network()
    const gateway = members.find(({ name }) => this.#plain.base.endsWith(`/${name}`))?.did
    if (gateway === undefined) throw new SdkError('ERR_SDK_RESPONSE', 'the address is of no member of this network')
    const asked: WalletSession = {
      v: 1, chainId, did: wallet.did, keyId: wallet.keyId, gateway, nonce: this.#ports.random.bytes(16), validUntil: this.#ports.clock.now() + LIFETIME_MS,
    }
    const body = encodeCanonical(asked)
    const signed = encodeCanonical({ body, signature: await wallet.signer.sign(walletSessionBytes(body)) })
    const { token, expiresMs } = await this.postBytes('/chiron/session', signed, session, { session: false })
    this.#token = { text: token, keyId: wallet.keyId, expiresMs }
  }

  async #session(): Promise<string> {
    const wallet = this.#wallet()
    const usable = this.#token?.keyId === wallet.keyId && this.#ports.clock.now() < this.#token.expiresMs - LEAST_LEFT_MS
    if (!usable) await this.openSession(wallet)
    return this.#token?.text ?? ''
  }

  async #send<T>(transport: Transport, path: string, content: Uint8Array, shape: v.GenericSchema<unknown, T>): Promise<T> {
    const answer = await transport.send({ method: 'POST', path, accept: 'application/json', body: { type: 'application/cbor', content } })
    return readResponse(shape, answer.body)
  }
}
