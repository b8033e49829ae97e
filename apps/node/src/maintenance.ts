import { decodeCanonical, decodeTx, signedBlock, toHex } from '@chiron/protocol'
import { sweepBlobs } from '@chiron/vault'
import type { Engine } from './engine/engine.ts'
import { sweepOrphans } from './keyholder/sweep.ts'
import type { OpenNode } from './network/open-node.ts'

const SWEEP_EVERY_MS = 10 * 60_000
/** Blobs that no keyholder was dealt a key of are looked for this often: it reads the whole block log. */
const BLOB_SWEEP_EVERY_MS = 24 * 3_600_000

/** What a node does now and then: sweeps shares and ciphertext of transactions that never came. */
export class Maintenance {
  readonly #timers: readonly NodeJS.Timeout[]
  #running: Promise<unknown> = Promise.resolve()

  constructor(node: OpenNode, onFailure: (part: string, error: unknown) => void) {
    const every = (ms: number, work: () => Promise<unknown>): NodeJS.Timeout =>
      setInterval(() => {
        this.#running = this.#running.then(work).catch((error: unknown) => onFailure('sweep', error))
      }, ms).unref()
    this.#timers = [
      every(SWEEP_EVERY_MS, async () => await sweepOrphans(node.keyholders.map(({ keyholder }) => keyholder), node.blobs, node.copies)),
      every(BLOB_SWEEP_EVERY_MS, async () => await sweepUnnamedBlobs(node)),
    ]
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await this.#running
  }
}

/** Deletes ciphertext that no transaction of the ledger names and that is older than any transaction to come. */
export async function sweepUnnamedBlobs({ engine, blobs, copies }: Pick<OpenNode, 'engine' | 'blobs' | 'copies'>): Promise<number> {
  const { timeMs } = engine.status()
  const named = ciphertextsNamed(engine)
  const swept = await sweepBlobs(blobs, (hash) => named.has(toHex(hash)), { blockTimeMs: timeMs })
  await copies.delete(swept.map(({ hash }) => hash))
  return swept.length
}

/** Ciphertext hashes of every put, refused ones too: what a refused one left behind is the keyholders' to sweep. */
function ciphertextsNamed(engine: Engine): Set<string> {
  const named = new Set<string>()
  for (let height = 1; height <= engine.status().height; height++) {
    const bytes = engine.block(height)
    if (bytes === undefined) continue
    for (const tx of decodeCanonical(signedBlock, bytes).txs) {
      for (const message of decodeTx(tx).body.messages) {
        if (message.type === 'records.put') for (const entry of message.entries) named.add(toHex(entry.ciphertext))
      }
    }
  }
  return named
}
