import { equalBytes, receiptSigningBytes, type CustodyReceipt } from '@chiron/protocol'
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
  const signed = new Set<number>()
  for (const receipt of receipts) {
    const index = keyholders.findIndex((k) => k.did === receipt.keyholder)
    const keyholder = keyholders[index]
    ensure(keyholder !== undefined, custodyErrors.unknownKeyholder)
    ensure(!signed.has(index), custodyErrors.receiptRepeated)
    const message = messageOf(effects.block.chainId, setNumber, root, receipt)
    ensure(message !== undefined && ports.verify(keyholder.signingKey, message, receipt.signature), custodyErrors.receiptInvalid)
    signed.add(index)
  }
  return [...signed].sort((a, b) => a - b)
}

/** Signatures that {@link checkReceipts} is going to ask about. */
export function receiptChecks(state: StateReader, chainId: string, setNumber: number, root: Uint8Array, receipts: readonly CustodyReceipt[]): SignatureCheck[] {
  const keyholders = store.getSet(state, setNumber)?.keyholders ?? []
  return receipts.flatMap((receipt) => {
    const publicKey = keyholders.find((k) => k.did === receipt.keyholder)?.signingKey
    const message = messageOf(chainId, setNumber, root, receipt)
    return publicKey === undefined || message === undefined ? [] : [{ publicKey, message, signature: receipt.signature }]
  })
}

interface Asked {
  readonly chainId: string
  readonly set: number
  readonly root: Uint8Array
  readonly message: Uint8Array | undefined
}

const asked = new WeakMap<CustodyReceipt, Asked>()

/** As `receiptSigningBytes`; remembered, since it is asked for before and while a message is handled. */
function messageOf(chainId: string, set: number, root: Uint8Array, receipt: CustodyReceipt): Uint8Array | undefined {
  const known = asked.get(receipt)
  if (known !== undefined && known.chainId === chainId && known.set === set && equalBytes(known.root, root)) return known.message
  const message = receiptSigningBytes(chainId, set, root, receipt)
  asked.set(receipt, { chainId, set, root, message })
  return message
}

function requireSet(effects: Effects, number: number): store.SetRecord {
  const set = store.getSet(effects.state, number)
  if (set === undefined) throw new InvariantError('custody: a set that batches stand under is missing')
  return set
}
