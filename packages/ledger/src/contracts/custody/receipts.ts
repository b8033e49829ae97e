import { custodyReceiptBytes, type CustodyReceipt } from '@chiron/protocol'
import { InvariantError } from '../../runtime/errors.ts'
import type { SignatureCheck } from '../../runtime/block.ts'
import type { StateReader } from '../../state/reader.ts'
import type { Effects } from '../effects.ts'
import { ensure } from '../refusals.ts'
import { custodyErrors } from './errors.ts'
import type { CustodyPorts } from './ports.ts'
import { receiptsNeeded } from './quorum.ts'
import * as store from './state.ts'

/** Checks a new batch's receipts against the current set, and remembers the batch while it misses any. */
export function acceptBatch(effects: Effects, ports: CustodyPorts, setNumber: number, root: Uint8Array, receipts: readonly CustodyReceipt[]): void {
  ensure(store.getCurrent(effects.state) === setNumber, custodyErrors.setNotCurrent)
  const { keyholders } = requireSet(effects, setNumber)
  const signed = checkReceipts(effects, ports, setNumber, root, receipts)
  ensure(signed.length >= receiptsNeeded(keyholders.length), custodyErrors.tooFewReceipts)
  if (signed.length < keyholders.length) store.setReceived(effects.state, setNumber, root, signed)
}

/** Indexes of the keyholders that signed, ascending. Every receipt given must be good. */
export function checkReceipts(effects: Effects, ports: CustodyPorts, setNumber: number, root: Uint8Array, receipts: readonly CustodyReceipt[]): number[] {
  const { keyholders } = requireSet(effects, setNumber)
  const message = custodyReceiptBytes(effects.block.chainId, setNumber, root)
  const signed = new Set<number>()
  for (const receipt of receipts) {
    const index = keyholders.findIndex((k) => k.did === receipt.keyholder)
    const keyholder = keyholders[index]
    ensure(keyholder !== undefined, custodyErrors.unknownKeyholder)
    ensure(!signed.has(index), custodyErrors.receiptRepeated)
    ensure(ports.verify(keyholder.signingKey, message, receipt.signature), custodyErrors.receiptInvalid)
    signed.add(index)
  }
  return [...signed].sort((a, b) => a - b)
}

/** Signatures that {@link checkReceipts} is going to ask about. */
export function receiptChecks(state: StateReader, chainId: string, setNumber: number, root: Uint8Array, receipts: readonly CustodyReceipt[]): SignatureCheck[] {
  const keyholders = store.getSet(state, setNumber)?.keyholders ?? []
  const message = custodyReceiptBytes(chainId, setNumber, root)
  return receipts.flatMap(({ keyholder, signature }) => {
    const publicKey = keyholders.find((k) => k.did === keyholder)?.signingKey
    return publicKey === undefined ? [] : [{ publicKey, message, signature }]
  })
}

function requireSet(effects: Effects, number: number): store.SetRecord {
  const set = store.getSet(effects.state, number)
  if (set === undefined) throw new InvariantError('custody: a set that batches stand under is missing')
  return set
}
