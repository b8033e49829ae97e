import { readFileSync } from 'node:fs'
import { sign } from 'node:crypto'
import { join } from 'node:path'
import { applicationRuntime } from '../../apps/node/src/engine/application-runtime.ts'
import type { EmbeddedEngine } from '../../apps/node/src/engine/embedded/engine.ts'
import { openEmbeddedEngine } from '../../apps/node/src/engine/embedded/open.ts'
import { NativeSignatures } from '../../apps/node/src/engine/signatures.ts'
import { systemClock } from '../../apps/node/src/engine/system-clock.ts'
import { CachedStore } from '../../apps/node/src/storage/cached-store.ts'
import { LmdbStore } from '../../apps/node/src/storage/lmdb-store.ts'
import { assertRoom } from '../../apps/node/src/storage/room.ts'
import { benchGenesis, blockSigner } from './network.ts'
import type { Latency, Throughput } from './result.ts'

/** The real engine with all contracts over a directory, as a node opens it. */
export async function openLedger(directory: string): Promise<EmbeddedEngine> {
  const signatures = new NativeSignatures()
  const fail = (error: unknown): never => {
    throw error
  }
  return await openEmbeddedEngine(
    { genesis: benchGenesis(), blocks: join(directory, 'blocks') },
    {
      store: new CachedStore(new LmdbStore(join(directory, 'state'))),
      runtime: applicationRuntime(signatures, fail),
      signatures,
      signer: { did: blockSigner.did, publicKey: blockSigner.signingKey, sign: (message) => new Uint8Array(sign(null, message, blockSigner.privateKey)) },
      clock: systemClock,
      assertRoom: () => assertRoom(directory),
      onHalt: fail,
      onListenerError: fail,
    },
  )
}

/** Sends transactions with so many in flight; each must succeed. */
export async function send(engine: EmbeddedEngine, txs: readonly Uint8Array[], inFlight: number, onAnswer?: (milliseconds: number) => void): Promise<void> {
  let next = 0
  const client = async (): Promise<void> => {
    while (next < txs.length) {
      const tx = txs[next++] as Uint8Array
      const sent = performance.now()
      const { result } = await engine.submit(tx)
      onAnswer?.(performance.now() - sent)
      if (result.code !== 0) throw new Error(`refused: ${result.codespace}/${result.code}`)
    }
  }
  await Promise.all(Array.from({ length: Math.min(inFlight, txs.length) }, client))
}

/** Times {@link send}. */
export async function throughput(engine: EmbeddedEngine, txs: readonly Uint8Array[], inFlight: number, batch: number): Promise<Throughput> {
  const cpu = process.cpuUsage()
  const started = performance.now()
  await send(engine, txs, inFlight)
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return throughputOf(txs.length, txs.length * batch, seconds, (user + system) / 1000)
}

export function throughputOf(transactions: number, entries: number, seconds: number, cpuMs: number): Throughput {
  return { transactions, entries, seconds, cpuMs, transactionsPerSecond: transactions / seconds, entriesPerSecond: entries / seconds }
}

export function sumOf(parts: readonly Throughput[]): Throughput {
  const total = (field: 'transactions' | 'entries' | 'seconds' | 'cpuMs'): number => parts.reduce((sum, part) => sum + part[field], 0)
  return throughputOf(total('transactions'), total('entries'), total('seconds'), total('cpuMs'))
}

export async function latency(engine: EmbeddedEngine, txs: readonly Uint8Array[], clients: number): Promise<Latency> {
  const answers: number[] = []
  await send(engine, txs, clients, (milliseconds) => answers.push(milliseconds))
  answers.sort((a, b) => a - b)
  const at = (share: number): number => answers[Math.min(answers.length - 1, Math.floor(answers.length * share))] as number
  return { clients, transactions: txs.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1), percentiles: Array.from({ length: 100 }, (_, i) => at((i + 1) / 100)) }
}

/** Anonymous resident memory of this process in MB (Linux); elsewhere all that is resident. */
export function rssAnonMb(): number {
  try {
    const found = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
    if (found) return Number(found[1]) / 1024
  } catch {
    // Not Linux.
  }
  return process.memoryUsage.rss() / 1024 / 1024
}
