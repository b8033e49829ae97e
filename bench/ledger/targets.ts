import type { LedgerResult, Target } from './result.ts'

/** What the ledger must reach, as ratios within one run where the machine would otherwise decide. */
export function targetsOf(measured: Omit<LedgerResult, 'targets'>): Target[] {
  const { ed25519PerSecond: rate, single, latency, growth, sizes, restart, rssAnonMb } = measured
  const atLeast = (name: string, value: number, limit: number): Target => ({ name, value, limit, better: 'higher', met: value >= limit })
  const below = (name: string, value: number, limit: number): Target => ({ name, value, limit, better: 'lower', met: value < limit })
  return [
    atLeast('single-record transactions, of the bare signature rate', single.transactionsPerSecond / rate, 0.7),
    atLeast('entries in batches, of the single-record target', growth.early.entriesPerSecond / (0.7 * rate), 8),
    atLeast('throughput grown, of that at 10,000 entries', growth.late.entriesPerSecond / growth.early.entriesPerSecond, 0.8),
    below('state and indexes, bytes an entry', sizes.stateBytesPerEntry, 351),
    below('p99 of p50 with 16 clients', latency.p99 / latency.p50, 3),
    below('restart after close, ms', restart.afterCloseMs, 3_000),
    below('restart after kill, ms', restart.afterKillMs, 3_000),
    below('anonymous resident memory, MB', rssAnonMb, 600),
  ]
}
