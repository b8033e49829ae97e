import * as v from 'valibot'
import { hash32, listOf, salt, uint, uint32 } from '../schema.ts'
import { custodyReceipt, keyholder } from './records.ts'

/** Names the keyholders from now on: a new set, numbered after the last; signed by who governs the network. */
export const custodySetKeyholders = v.strictObject({
  type: v.literal('custody.setKeyholders'),
  salt,
  keyholders: listOf(keyholder, 64, 1),
  threshold: uint,
})

/** Adds receipts that came late for a batch already committed. */
export const custodyAddReceipts = v.strictObject({
  type: v.literal('custody.addReceipts'),
  salt,
  set: uint32,
  root: hash32,
  receipts: listOf(custodyReceipt, 64, 1),
})

/** Commits to a keyholder's release log: its Merkle root (RFC 9162) and size. */
export const custodyCommitLog = v.strictObject({ type: v.literal('custody.commitLog'), salt, root: hash32, size: uint })
