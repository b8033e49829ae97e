import { mkdtempSync, rmSync, statSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { EmbeddedEngine } from '../../apps/node/src/engine/embedded/engine.ts'
import { Clients } from './clients.ts'
import { Ed25519Rate } from './ed25519-rate.ts'
import { latency, openLedger, rssAnonMb, send, sumOf, throughput } from './ledger-under-load.ts'
import { restart } from './restart.ts'
import { targetsOf } from './targets.ts'
import type { GrowthPoint, LedgerOptions, LedgerResult, OnProgress, Sizes, Throughput } from './result.ts'

/** Entries at which the early window of the growth begins. */
const EARLY = 10_000
/** Transactions in flight while batches are sent. */
const BATCHES_IN_FLIGHT = 64

/**
 * Runs the ledger's scenarios on the real engine: all contracts, real signatures and receipts, group commit, flushes.
 * Transactions are signed beforehand in a process that is idle while the clock runs.
 */
export async function runLedgerBench(options: LedgerOptions, onProgress: OnProgress): Promise<LedgerResult> {
  const directory = mkdtempSync(join(options.directory, 'chiron-bench-'))
  const clients = new Clients(directory)
  try {
    return await new LedgerBench(options, onProgress, clients, directory).run()
  } finally {
    clients.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

class LedgerBench {
  readonly #options: LedgerOptions
  readonly #onProgress: OnProgress
  readonly #clients: Clients
  readonly #directory: string
  readonly #rate = new Ed25519Rate()
  #records = 0
  #rssAnonMb = 0

  constructor(options: LedgerOptions, onProgress: OnProgress, clients: Clients, directory: string) {
    this.#options = options
    this.#onProgress = onProgress
    this.#clients = clients
    this.#directory = directory
  }

  async run(): Promise<LedgerResult> {
    const { directory: _directory, ...options } = this.#options
    const singles = await this.#inLedger('singles', async (engine) => ({ ...(await this.#singles(engine)), latency: await this.#latency(engine) }))
    const grown = join(this.#directory, 'growth')
    const growth = await this.#inLedger('growth', (engine) => this.#growth(engine))
    const sizes = sizesOf(grown, options.grownTo)
    this.#onProgress('restart', 0, 1)
    const restarted = await restart(grown)
    this.#onProgress('restart', 1, 1)
    const measured = { options, ed25519PerSecond: this.#rate.median, ...singles, growth, sizes, restart: restarted, rssAnonMb: this.#rssAnonMb }
    return { ...measured, targets: targetsOf(measured) }
  }

  /** A new ledger with staff and patients; closed afterwards. */
  async #inLedger<T>(name: string, use: (engine: EmbeddedEngine) => Promise<T>): Promise<T> {
    const engine = await openLedger(join(this.#directory, name))
    try {
      for (const tx of await this.#clients.sign({ kind: 'staff' })) await send(engine, [tx], 1)
      const { patients } = this.#options
      for (let from = 0; from < patients; from += 512) {
        this.#onProgress(`${name}: patients`, from, patients)
        await send(engine, await this.#clients.sign({ kind: 'patients', from, to: Math.min(patients, from + 512) }), 4)
      }
      this.#rate.slice()
      return await use(engine)
    } finally {
      await engine.close()
    }
  }

  async #puts(transactions: number, batch: number, group: number): Promise<Uint8Array[]> {
    const first = this.#records
    this.#records += transactions * batch
    return await this.#clients.sign({ kind: 'puts', first, transactions, batch, patients: this.#options.patients, group })
  }

  /** Both kinds in turns: on a machine that others use, they then have the same share of its good moments. */
  async #singles(engine: EmbeddedEngine): Promise<Pick<LedgerResult, 'single' | 'singleAlone'>> {
    const { singles, inFlight, receiptGroup } = this.#options
    await send(engine, await this.#puts(Math.ceil(singles / 10), 1, receiptGroup), inFlight)
    const grouped: Throughput[] = []
    const alone: Throughput[] = []
    const slice = Math.ceil(singles / 4)
    for (let done = 0; done < singles; done += slice) {
      this.#onProgress('single records', done, singles)
      for (const [parts, group] of [[grouped, receiptGroup], [alone, 1]] as const) {
        parts.push(await throughput(engine, await this.#puts(Math.min(slice, singles - done), 1, group), inFlight, 1))
        this.#afterSlice()
      }
    }
    return { single: sumOf(grouped), singleAlone: sumOf(alone) }
  }

  async #latency(engine: EmbeddedEngine): Promise<LedgerResult['latency']> {
    this.#onProgress('16 clients', 0, 1)
    const measured = await latency(engine, await this.#puts(this.#options.latencies, 1, 1), 16)
    this.#afterSlice()
    return measured
  }

  async #growth(engine: EmbeddedEngine): Promise<LedgerResult['growth']> {
    const { batchSize, grownTo, window } = this.#options
    const parts: Throughput[] = []
    const points: GrowthPoint[] = []
    const count = (): number => parts.reduce((sum, { entries }) => sum + entries, 0)
    const grow = async (entries: number): Promise<Throughput> => {
      const part = await throughput(engine, await this.#puts(Math.ceil(entries / batchSize), batchSize, 1), BATCHES_IN_FLIGHT, batchSize)
      parts.push(part)
      this.#afterSlice()
      points.push({ entries: count(), entriesPerSecond: part.entriesPerSecond, cpuUsPerEntry: (part.cpuMs * 1000) / part.entries, rssAnonMb: rssAnonMb() })
      return part
    }
    const begin = Math.min(EARLY, Math.floor(grownTo / 2))
    await grow(begin)
    const early = await grow(Math.min(window, grownTo - begin))
    let late = early
    while (count() < grownTo) {
      this.#onProgress('growth', count(), grownTo)
      const left = grownTo - count()
      // So that the last window is whole.
      const odd = left % window
      late = await grow(odd === 0 ? window : odd)
    }
    return { early, late, whole: sumOf(parts), points }
  }

  #afterSlice(): void {
    this.#rssAnonMb = Math.max(this.#rssAnonMb, rssAnonMb())
    this.#rate.slice()
  }
}

function sizesOf(directory: string, entries: number): Sizes {
  const stateBytes = bytesOnDisk(join(directory, 'state'))
  const blockLogBytes = bytesOnDisk(join(directory, 'blocks'))
  return { entries, stateBytes, blockLogBytes, stateBytesPerEntry: stateBytes / entries, blockLogBytesPerEntry: blockLogBytes / entries }
}

function bytesOnDisk(directory: string): number {
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).blocks * 512, 0)
}
