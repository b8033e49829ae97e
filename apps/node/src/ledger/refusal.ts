import type { Committed } from '../engine/engine.ts'

/** A transaction that was ordered and refused by a contract: what it wrote was discarded. */
export class LedgerRefusal extends Error {
  override readonly name = 'LedgerRefusal'
  readonly codespace: string
  readonly code: number
  readonly committed: Committed
  constructor(committed: Committed) {
    super(`${committed.result.codespace}/${committed.result.code}${committed.result.reason ? `: ${committed.result.reason}` : ''}`)
    this.codespace = committed.result.codespace
    this.code = committed.result.code
    this.committed = committed
  }
}
