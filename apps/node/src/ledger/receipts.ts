import { encodeReceipt, toBase64url, txReceipt } from '@chiron/ledger/proofs'
import type { Committed, Engine } from '../engine/engine.ts'

/** The receipt of a committed transaction under the engine's newest header, as base64url of its canonical CBOR. */
export function receiptOf(engine: Engine, committed: Committed): string {
  const { app, signed } = engine.head()
  return toBase64url(encodeReceipt(txReceipt(engine.reader, { app, signed }, committed.result.logIndex)))
}
