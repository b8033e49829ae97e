import {
  custodyGroupReceiptBytes, custodyReceiptBytes, inclusionPath, leafHash, MAX_RECEIPT_GROUP, merkleRoot, type CustodyReceipt, type Did,
} from '@chiron/protocol'
import type { PendingShare } from './ports.ts'
import type { ShareContent } from './sealed-shares.ts'

/** A receipt, and what it is for. */
export interface BatchReceipt extends CustodyReceipt {
  readonly set: number
  readonly root: Uint8Array
}

/** A checked package: its shares, and the batch root to be signed for a custody set. */
export interface CheckedBatch {
  readonly set: number
  readonly root: Uint8Array
  readonly shares: readonly (PendingShare & ShareContent)[]
}

interface Waiting {
  readonly batch: CheckedBatch
  resolve(receipt: BatchReceipt): void
  reject(error: unknown): void
}

/**
 * Stores the shares of batches and signs for them. What comes while others are being stored goes together next: one flush,
 * and for each custody set one signature. A batch that comes alone waits for nothing, and has a receipt of its own.
 */
export class ReceiptGroups {
  readonly #owner: { readonly chainId: string; readonly did: Did }
  readonly #add: (shares: readonly (PendingShare & ShareContent)[]) => Promise<void>
  readonly #sign: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>
  #waiting: Waiting[] = []
  #isRunning = false

  /** @param dependencies `add`: durable when it resolves */
  constructor(
    owner: { readonly chainId: string; readonly did: Did },
    dependencies: { readonly add: (shares: readonly (PendingShare & ShareContent)[]) => Promise<void>; readonly sign: (message: Uint8Array) => Uint8Array | Promise<Uint8Array> },
  ) {
    this.#owner = owner
    this.#add = dependencies.add
    this.#sign = dependencies.sign
  }

  /** The receipt for a batch, once its shares are durable. Rejects as `add` and `sign` do. SPEC-CUS-5, SPEC-CUS-15. */
  take(batch: CheckedBatch): Promise<BatchReceipt> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject })
      if (!this.#isRunning) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#waiting.length > 0) await this.#settle(this.#waiting.splice(0, MAX_RECEIPT_GROUP))
    this.#isRunning = false
  }

  async #settle(group: readonly Waiting[]): Promise<void> {
    try {
      await this.#add(group.flatMap(({ batch }) => batch.shares))
      for (const set of new Set(group.map(({ batch }) => batch.set))) await this.#receipt(set, group.filter(({ batch }) => batch.set === set))
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  async #receipt(set: number, group: readonly Waiting[]): Promise<void> {
    const { chainId, did: keyholder } = this.#owner
    const roots = group.map(({ batch }) => batch.root)
    const size = roots.length
    const message = size === 1 ? custodyReceiptBytes(chainId, set, roots[0] as Uint8Array) : custodyGroupReceiptBytes(chainId, set, size, merkleRoot(roots))
    const signature = await this.#sign(message)
    const hashes = roots.map(leafHash)
    for (const [index, { batch, resolve }] of group.entries()) {
      const place = size === 1 ? {} : { group: { size, index, path: inclusionPath(hashes, index) } }
      resolve({ keyholder, signature, ...place, set, root: batch.root })
    }
  }
}
