import { ed25519 } from '@noble/curves/ed25519.js'
import { custodyBatchRoot, custodyReceiptBytes, deriveDid, sha256, utf8, verifyEd25519, type CustodyReceipt, type Genesis, type ReceiptGroup } from '@chiron/protocol'
import { expect, test } from 'vitest'
import {
  ada, CHAIN_ID, ContractChain, entry, keyholders, lakeside, groupReceiptsFor, msg, person, populated, putMsg, receiptsFor, refusalLedger, riverside, SALT,
} from '../../../test/contract-chain.ts'
import { custody, identity } from '../index.ts'

const { refused, unprovoked } = refusalLedger(custody.custodyErrors)
const root = (name: string): Uint8Array => sha256(utf8(name))

test.each([[1, 0, 1], [2, 0, 2], [3, 0, 3], [4, 1, 3], [5, 1, 4], [7, 2, 5], [10, 3, 7], [64, 21, 43]])('of %i keyholders %i may fail and %i sign a write', (n, f, needed) => {
  expect(custody.tolerated(n)).toBe(f)
  expect(custody.receiptsNeeded(n)).toBe(needed)
  expect(custody.isThresholdAllowed(n, f)).toBe(false)
  expect(custody.isThresholdAllowed(n, f + 1)).toBe(true)
  expect(custody.isThresholdAllowed(n, needed + 1)).toBe(false)
})

test('genesis names set 1; governance names the next one', () => {
  const chain = new ContractChain()
  expect(custody.currentCustodySet(chain.state)).toMatchObject({ number: 1, threshold: 2, receiptsNeeded: 3 })
  expect(identity.document(chain.state, keyholders(1)[0]?.did ?? ada.did)?.kind).toBe('device')
  const name = (holders: Genesis['custody']['keyholders'], threshold: number) => msg('custody.setKeyholders', { keyholders: holders, threshold })
  refused(chain.submit(lakeside, name(keyholders(7), 3)), 'notGovernance')
  refused(chain.submit(riverside, name([...keyholders(3), ...keyholders(1)], 2)), 'keyholdersNotDistinct')
  refused(chain.submit(riverside, name(keyholders(4).map((k) => ({ ...k, signingKey: new Uint8Array(32) })), 2)), 'keyNotAcceptable')
  refused(chain.submit(riverside, name(keyholders(4).map((k) => ({ ...k, suite: 'x-wing' as const })), 2)), 'keyNotAcceptable')
  refused(chain.submit(riverside, name(keyholders(4), 1)), 'thresholdOutOfBounds')
  refused(chain.submit(riverside, name(keyholders(4), 4)), 'thresholdOutOfBounds')
  chain.do(riverside, name(keyholders(7), 3))
  expect(custody.currentCustodySet(chain.state)).toMatchObject({ number: 2, threshold: 3, receiptsNeeded: 5 })
  expect(custody.custodySet(chain.state, 1)?.keyholders).toHaveLength(4)
  expect(custody.custodySet(chain.state, 3)).toBeUndefined()
  chain.checkInvariants()
})

test('a write needs receipts of n−f keyholders of the current set, and every receipt must be good', () => {
  const chain = populated()
  const entries = [entry('glucose')]
  const batch = custodyBatchRoot(entries)
  const good = receiptsFor(batch, 0, 3)
  refused(chain.submit(riverside, putMsg(entries, { receipts: good.slice(1) })), 'tooFewReceipts')
  refused(chain.submit(riverside, putMsg(entries, { receipts: [...good.slice(1), ...good.slice(2)] })), 'receiptRepeated')
  refused(chain.submit(riverside, putMsg(entries, { receipts: [...good.slice(1), ...receiptsFor(batch, 9, 1)] })), 'unknownKeyholder')
  refused(chain.submit(riverside, putMsg(entries, { receipts: [...good, ...receiptsFor(root('another'), 3, 1)] })), 'receiptInvalid')
  refused(chain.submit(riverside, putMsg(entries, { receipts: receiptsFor(batch, 0, 3, 2) })), 'receiptInvalid')
  refused(chain.submit(riverside, putMsg(entries, { custodySet: 2, receipts: good })), 'setNotCurrent')
  chain.do(riverside, putMsg(entries, { receipts: good }))
})

test('a keyholder may sign once for several batches, and the receipt holds for each of them at its place only', () => {
  const chain = populated()
  const batches = ['glucose', 'sodium', 'potassium'].map((name) => [entry(name)])
  const roots = batches.map(custodyBatchRoot)
  const put = (at: number, change: (receipt: CustodyReceipt) => CustodyReceipt = (receipt) => receipt) =>
    putMsg(batches[at] as ReturnType<typeof entry>[], { receipts: groupReceiptsFor(roots, at, 0, 3).map(change) })
  const moved = (fields: Partial<ReceiptGroup>) => (receipt: CustodyReceipt): CustodyReceipt => ({ ...receipt, group: { ...(receipt.group as ReceiptGroup), ...fields } })
  const path = groupReceiptsFor(roots, 0, 0, 1)[0]?.group?.path as Uint8Array[]
  refused(chain.submit(riverside, put(0, moved({ index: 1 }))), 'receiptInvalid')
  refused(chain.submit(riverside, put(0, moved({ size: 4 }))), 'receiptInvalid')
  refused(chain.submit(riverside, put(0, moved({ path: path.slice(1) }))), 'receiptInvalid')
  refused(chain.submit(riverside, put(0, moved({ path: [...path, root('more')] }))), 'receiptInvalid')
  refused(chain.submit(riverside, put(0, ({ keyholder, signature }) => ({ keyholder, signature }))), 'receiptInvalid')
  refused(chain.submit(riverside, putMsg([entry('iron')], { receipts: groupReceiptsFor(roots, 0, 0, 3) })), 'receiptInvalid')
  for (const at of [0, 1, 2]) chain.do(riverside, put(at))
  chain.do(ada, msg('custody.addReceipts', { set: 1, root: roots[2] as Uint8Array, receipts: groupReceiptsFor(roots, 2, 3, 1) }))
  expect([...custody.incompleteBatches(chain.state)]).toHaveLength(2)
})

test('late receipts complete a batch', () => {
  const chain = populated()
  const entries = [entry('glucose')]
  const batch = custodyBatchRoot(entries)
  const late = (from: number, set = 1) => msg('custody.addReceipts', { set, root: batch, receipts: receiptsFor(batch, from, 1, set) })
  refused(chain.submit(ada, late(3)), 'unknownBatch')
  chain.do(riverside, putMsg(entries))
  expect([...custody.incompleteBatches(chain.state)]).toEqual([{ set: 1, root: batch, received: [0, 1, 2] }])
  chain.do(ada, late(1))
  expect([...custody.incompleteBatches(chain.state)]).toMatchObject([{ received: [0, 1, 2] }])
  chain.checkInvariants()
  chain.do(ada, late(3))
  expect([...custody.incompleteBatches(chain.state)]).toEqual([])
  refused(chain.submit(ada, late(3)), 'unknownBatch')
})

test('a keyholder commits to a release log that only grows', () => {
  const chain = populated()
  const holder = person('device', 'keyholder 0')
  const commit = (size: number, name = `log ${size}`) => msg('custody.commitLog', { root: root(name), size })
  refused(chain.submit(ada, commit(1)), 'notKeyholder')
  chain.do(holder, commit(5))
  chain.do(holder, commit(5))
  refused(chain.submit(holder, commit(4)), 'logShrunk')
  refused(chain.submit(holder, commit(5, 'another')), 'logShrunk')
  chain.do(holder, commit(6))
  expect(custody.releaseLog(chain.state, holder.did)).toEqual({ keyholder: holder.did, root: root('log 6'), size: 6, timeMs: chain.timeMs })
  chain.checkInvariants()
})

test('with the protocol\'s own verifier, a true Ed25519 receipt is accepted and a false one is not', () => {
  const secret = sha256(utf8('keyholder secret'))
  const signingKey = ed25519.getPublicKey(secret)
  const did = deriveDid('device', signingKey, SALT)
  const message = custodyReceiptBytes(CHAIN_ID, 1, root('batch'))
  const ports = { isGovernor: () => true, ensureIdentity: () => undefined, verify: verifyEd25519 }
  const chain = new ContractChain({ keyholders: 1 })
  const effects = { state: chain.state, block: { chainId: CHAIN_ID, height: 1, timeMs: chain.timeMs }, emit: () => undefined }
  chain.do(riverside, msg('custody.setKeyholders', { keyholders: [{ did, signingKey, agreementKey: SALT_32, suite: 'x25519', kemKey: SALT_32 }], threshold: 1 }))
  const accept = (signature: Uint8Array) => custody.acceptBatch(effects, ports, 2, root('batch'), [{ keyholder: did, signature }])
  expect(() => accept(ed25519.sign(custodyReceiptBytes(CHAIN_ID, 2, root('batch')), secret))).not.toThrow()
  expect(() => accept(ed25519.sign(message, secret))).toThrow(expect.objectContaining({ code: custody.custodyErrors.codes.receiptInvalid }))
})

const SALT_32 = sha256(utf8('x25519 key'))

test('every refusal was provoked', () => expect(unprovoked()).toEqual([]))
