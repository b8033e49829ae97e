import type { DecideOptions } from '../decide/decide-cost.ts'
import type { CompareOptions } from '../gateway/compare.ts'
import { LEDGER_DEFAULTS, type LedgerOptions } from '../ledger/result.ts'
import type { Size } from '../report/result.ts'

export interface Work {
  readonly ledger: Omit<LedgerOptions, 'directory'>
  readonly decide: DecideOptions
  readonly chart: { readonly records: number; readonly charts: number; readonly keyholders: number }
  readonly gateway: Omit<CompareOptions, 'sources'>
}

const GATEWAY = { connections: 16, transactionConnections: 4, transactionEntries: 100, observations: 50 }

/** What each size of run does. */
export const WORK: Readonly<Record<Size, Work>> = {
  whole: {
    ledger: LEDGER_DEFAULTS,
    decide: { rules: 1_000, cases: 200, sliceMs: 500 },
    chart: { records: 1_000, charts: 8, keyholders: 4 },
    gateway: { ...GATEWAY, patients: 20, windows: 5, windowSeconds: 6, warmUpSeconds: 1.5, steadySeconds: 120 },
  },
  quick: {
    ledger: { ...LEDGER_DEFAULTS, patients: 1_000, singles: 3_000, latencies: 1_000, grownTo: 60_000, window: 20_000 },
    decide: { rules: 1_000, cases: 50, sliceMs: 100 },
    chart: { records: 1_000, charts: 3, keyholders: 4 },
    gateway: { ...GATEWAY, patients: 10, observations: 30, windows: 2, windowSeconds: 2, warmUpSeconds: 0.5, steadySeconds: 8 },
  },
  tiny: {
    ledger: { ...LEDGER_DEFAULTS, patients: 64, singles: 64, inFlight: 16, latencies: 64, grownTo: 2_000, window: 500 },
    decide: { rules: 100, cases: 10, sliceMs: 5 },
    chart: { records: 40, charts: 2, keyholders: 4 },
    gateway: { connections: 4, transactionConnections: 2, transactionEntries: 20, patients: 3, observations: 8, windows: 2, windowSeconds: 0.5, warmUpSeconds: 0.1, steadySeconds: 0.5 },
  },
}
