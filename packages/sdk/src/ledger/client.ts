import { equalBytes } from '@chiron/protocol'
import type { Receipt } from '@chiron/ledger/proofs'
import { SdkError } from '../errors.ts'
import { Transport, type TokenSource } from '../http/transport.ts'
import { platformClock, type Clock, type Fetch } from '../ports.ts'
import { readReceipt } from '../receipts/receipts.ts'
import type { SignedTransaction } from '../transactions/sign-tx.ts'
import { labels, network, patientKeys, readResponse, requests, rules, submitted, type LabelView, type Network, type PatientKeys, type RequestView, type RuleView } from './responses.ts'

/** A transaction that took effect. */
export interface Committed {
  readonly height: number
  /** Block time in Unix milliseconds. */
  readonly timeMs: number
  /** Proves it to whoever trusts the chain; not verified yet. */
  readonly receipt: Receipt
}

/** Waits between tries: they double from the first to the last. */
const FIRST_WAIT_MS = 250
const LAST_WAIT_MS = 8000

/** Talks to the ledger through one member's node. */
export class LedgerClient {
  readonly #transport: Transport
  readonly #clock: Clock

  /** `base` is such as `http://localhost:8080/riverside`. Reading a patient's own lists takes that patient's token. */
  constructor(options: { readonly base: string; readonly token?: TokenSource }, dependencies: { readonly fetch?: Fetch; readonly clock?: Clock } = {}) {
    this.#transport = new Transport(options, dependencies)
    this.#clock = dependencies.clock ?? platformClock
  }

  /**
   * Sends a transaction once and waits until it is in a durable block.
   * @throws SdkError `ERR_SDK_TX_REFUSED` when a contract refuses; `ERR_SDK_NETWORK` and `ERR_SDK_UNAVAILABLE` leave
   * open whether it was committed: send the same bytes again, which takes effect once only
   */
  async submit(tx: SignedTransaction): Promise<Committed> {
    const answer = await this.#transport.send({
      method: 'POST',
      path: '/chiron/tx',
      accept: 'application/json',
      body: { type: 'application/cbor', content: tx.bytes },
    })
    const { txId, height, timeMs, codespace, code, receipt } = readResponse(submitted, answer.body)
    if (!equalBytes(txId, tx.id)) throw new SdkError('ERR_SDK_RESPONSE', 'the answer is about another transaction')
    if (code !== 0) throw new SdkError('ERR_SDK_TX_REFUSED', 'the transaction was refused', { context: { codespace, contractCode: code } })
    return { height, timeMs, receipt: readReceipt(receipt) }
  }

  /**
   * As {@link submit}, sending the same bytes again while no answer comes, until the transaction has expired.
   * @throws SdkError `ERR_SDK_TX_EXPIRED` with the last failure as its cause
   */
  async submitUntilExpired(tx: SignedTransaction): Promise<Committed> {
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LAST_WAIT_MS)) {
      try {
        return await this.submit(tx)
      } catch (error) {
        if (!isTransient(error)) throw error
        if (this.#clock.now() + wait > tx.validUntil) {
          throw new SdkError('ERR_SDK_TX_EXPIRED', 'the transaction expired without an answer', { cause: error })
        }
      }
      await this.#clock.sleep(wait)
    }
  }

  async network(): Promise<Network> {
    return readResponse(network, await this.#get('/chiron/network'))
  }

  /** Handle, DID and tag key of the patient whose token this is. */
  async patient(): Promise<PatientKeys> {
    return readResponse(patientKeys, await this.#get('/chiron/patient'))
  }

  /** The patient's rules. */
  async rules(): Promise<readonly RuleView[]> {
    return readResponse(rules, await this.#get('/chiron/rules'))
  }

  /** Labels of every record that carries some. `handle`: one of several, in hexadecimal; the usual one unless given. */
  async labels(handle?: string): Promise<readonly LabelView[]> {
    return readResponse(labels, await this.#get(`/chiron/labels${handle === undefined ? '' : `?handle=${handle}`}`))
  }

  /** What was asked of the patient. */
  async requests(): Promise<readonly RequestView[]> {
    return readResponse(requests, await this.#get('/chiron/requests'))
  }

  /** The patient's access list as the node gave it: `audit` reads and proves it. */
  async audit(): Promise<unknown> {
    return await this.#get('/chiron/audit')
  }

  async #get(path: string): Promise<unknown> {
    return (await this.#transport.send({ method: 'GET', path, accept: 'application/json' })).body
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof SdkError && (error.code === 'ERR_SDK_NETWORK' || error.code === 'ERR_SDK_UNAVAILABLE')
}
