import type { DecodedTx, TxId } from '@chiron/protocol'
import { textOf } from '../../byte-text.ts'
import type { Committed } from '../engine.ts'
import { EngineError } from '../errors.ts'

export interface MempoolLimits {
  /** Transactions and bytes that may wait, those being committed included. */
  readonly waitingTxs: number
  readonly waitingBytes: number
  /** Transactions and bytes of a block; one transaction of any size always fits. Bounds how long a commit holds the event loop. */
  readonly blockTxs: number
  readonly blockBytes: number
  /** Transactions from which on, or bytes, a block is made while the one before is being stored: fewer wait for company. */
  readonly aheadTxs: number
  readonly aheadBytes: number
}

export const MEMPOOL_LIMITS: MempoolLimits = {
  waitingTxs: 10_000,
  waitingBytes: 64 * 1024 * 1024,
  blockTxs: 500,
  blockBytes: 4 * 1024 * 1024,
  aheadTxs: 64,
  aheadBytes: 512 * 1024,
}

/** A transaction on its way into a block. */
export interface Pending {
  readonly tx: DecodedTx
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly committed: Promise<Committed>
  /** Whether its signature was found valid: then it may go into a block. */
  admitted: boolean
  resolve(committed: Committed): void
  reject(error: unknown): void
}

/**
 * Transactions in order of arrival, each until it is settled. One that is not admitted yet holds back those behind it; a
 * copy with another signature is another transaction until one of them is admitted.
 */
export class Mempool {
  readonly #limits: MempoolLimits
  readonly #unsettled = new Map<string, Pending>()
  readonly #admitted = new Set<string>()
  #queue: Pending[] = []
  #bytes = 0
  /** Of those that are admitted and wait for a block. */
  #readyTxs = 0
  #readyBytes = 0

  constructor(limits: MempoolLimits) {
    this.#limits = limits
  }

  /** How many wait for a block. */
  get waiting(): number {
    return this.#queue.length
  }

  /** Whether a block can be made of what waits. */
  get isReady(): boolean {
    return this.#queue[0]?.admitted === true
  }

  /** Whether so much waits that a block should be made of it at once, although it has to wait itself. */
  get isAmple(): boolean {
    return this.isReady && (this.#readyTxs >= this.#limits.aheadTxs || this.#readyBytes >= this.#limits.aheadBytes)
  }

  /** The same signed transaction, if it is unsettled. */
  find(tx: DecodedTx): Pending | undefined {
    return this.#unsettled.get(keyOf(tx))
  }

  /** @throws EngineError `ERR_ENGINE_BUSY` */
  add(tx: DecodedTx, bytes: Uint8Array<ArrayBuffer>): Pending {
    const full = this.#unsettled.size >= this.#limits.waitingTxs || this.#bytes + bytes.length > this.#limits.waitingBytes
    if (full) throw busy()
    const pending = newPending(tx, bytes)
    this.#unsettled.set(keyOf(tx), pending)
    this.#queue.push(pending)
    this.#bytes += bytes.length
    return pending
  }

  /** Lets a transaction into a block. @throws EngineError `ERR_ENGINE_BUSY` if the same body waits with another signature */
  admit(pending: Pending): void {
    const id = textOf(pending.tx.id)
    if (this.#admitted.has(id)) throw busy()
    this.#admitted.add(id)
    pending.admitted = true
    this.#readyTxs++
    this.#readyBytes += pending.bytes.length
  }

  /** Rejects a transaction that is not admitted. */
  refuse(pending: Pending, error: unknown): void {
    this.#queue = this.#queue.filter((other) => other !== pending)
    this.settle(pending)
    pending.reject(error)
  }

  /** The next block's transactions, of those that are still valid at its time; the others are rejected. */
  take(timeMs: number): Pending[] {
    const taken: Pending[] = []
    let bytes = 0
    let at = 0
    for (; at < this.#queue.length && taken.length < this.#limits.blockTxs; at++) {
      const pending = this.#queue[at] as Pending
      if (!pending.admitted) break
      if (taken.length > 0 && bytes + pending.bytes.length > this.#limits.blockBytes) break
      this.#readyTxs--
      this.#readyBytes -= pending.bytes.length
      if (pending.tx.body.validUntil <= timeMs) {
        this.settle(pending)
        pending.reject(new EngineError('ERR_ENGINE_TX_INVALID', 'the transaction expired while it waited', { context: { reason: 'expired' } }))
        continue
      }
      taken.push(pending)
      bytes += pending.bytes.length
    }
    this.#queue = this.#queue.slice(at)
    return taken
  }

  /** Forgets a transaction whose outcome is being told. */
  settle({ tx, bytes, admitted }: Pick<Pending, 'tx' | 'bytes' | 'admitted'>): void {
    if (!this.#unsettled.delete(keyOf(tx))) return
    this.#bytes -= bytes.length
    if (admitted) this.#admitted.delete(textOf(tx.id))
  }

  /** Rejects everything that waits for a block. */
  rejectWaiting(error: EngineError): void {
    this.#readyTxs = 0
    this.#readyBytes = 0
    for (const pending of this.#queue.splice(0)) {
      this.settle(pending)
      pending.reject(error)
    }
  }
}

function newPending(tx: DecodedTx, bytes: Uint8Array<ArrayBuffer>): Pending {
  let resolve: Pending['resolve'] = () => {}
  let reject: Pending['reject'] = () => {}
  const committed = new Promise<Committed>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  // Whoever submitted hears of it; nobody else has to.
  committed.catch(() => {})
  return { tx, bytes, committed, admitted: false, resolve, reject }
}

function busy(): EngineError {
  return new EngineError('ERR_ENGINE_BUSY', 'too many transactions are waiting: try again in a moment')
}

function keyOf({ id, signature }: { readonly id: TxId; readonly signature: Uint8Array }): string {
  return textOf(id) + textOf(signature)
}
