import { encodeReceipt, toBase64url, txReceipt } from '@chiron/ledger/proofs'
import type { Committed, Engine } from '../engine/engine.ts'

/** Receipts by what they are for: many answers name the same transaction. */
const MADE = new WeakMap<Committed, string>()

/** The receipt of a committed transaction under the engine's newest header when it was first asked for, as base64url of its canonical CBOR. */
export function receiptOf(engine: Engine, committed: Committed): string {
  let receipt = MADE.get(committed)
  if (receipt === undefined) {
    const { app, signed } = engine.head()
    receipt = toBase64url(encodeReceipt(txReceipt(engine.reader, { app, signed }, committed.result.logIndex)))
    MADE.set(committed, receipt)
  }
  return receipt
}
