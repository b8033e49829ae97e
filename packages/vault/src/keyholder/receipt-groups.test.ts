import { receiptSigningBytes, utf8, verifyEd25519 } from '@chiron/protocol'
import { expect, it } from 'vitest'
import { present, TestNetwork, testIdentity } from '../testing/index.ts'
import { ReceiptGroups, type BatchReceipt, type CheckedBatch } from './receipt-groups.ts'

const identity = testIdentity('keyholder of groups')
const owner = { chainId: 'chiron-test', did: identity.did }
const batchOf = (name: string, set = 1): CheckedBatch => ({ set, root: utf8(name.padEnd(32)), shares: [] })

function isSigned(receipt: BatchReceipt): boolean {
  const message = receiptSigningBytes(owner.chainId, receipt.set, receipt.root, receipt)
  return message !== undefined && verifyEd25519(identity.publicKey, message, receipt.signature)
}

/** Adds that end when they are told to. */
function held() {
  const adds: { readonly end: () => void; readonly fail: (error: unknown) => void }[] = []
  const signed: Uint8Array[] = []
  const groups = new ReceiptGroups(owner, {
    add: () => new Promise<void>((end, fail) => adds.push({ end, fail })),
    sign(message) {
      signed.push(message)
      return identity.sign(message)
    },
  })
  return { adds, signed, groups }
}

it('signs for a batch alone, and once for those that came while it was stored: for each custody set', async () => {
  const { adds, signed, groups } = held()
  const first = groups.take(batchOf('alone'))
  const together = ['one', 'two', 'three'].map((name) => groups.take(batchOf(name)))
  const other = groups.take(batchOf('of another set', 2))
  expect([adds.length, signed.length]).toEqual([1, 0])
  adds[0]?.end()
  expect((await first).group).toBeUndefined()
  expect(isSigned(await first)).toBe(true)
  await expect.poll(() => adds.length).toBe(2)
  expect(signed).toHaveLength(1)
  adds[1]?.end()
  const receipts = await Promise.all(together)
  expect(receipts.map(({ group }) => [group?.size, group?.index])).toEqual([[3, 0], [3, 1], [3, 2]])
  expect((await other).group).toBeUndefined()
  expect([...receipts, await other].every(isSigned)).toBe(true)
  expect(signed).toHaveLength(3)
  expect(isSigned({ ...present(receipts[0]), root: present(receipts[1]).root })).toBe(false)
})

it('signs for nothing that could not be stored, and goes on', async () => {
  const { adds, signed, groups } = held()
  const lost = [groups.take(batchOf('alone')), groups.take(batchOf('one')), groups.take(batchOf('two'))]
  const outcomes = Promise.allSettled(lost)
  adds[0]?.fail(new TypeError('no room'))
  await expect(lost[0]).rejects.toThrow('no room')
  await expect.poll(() => adds.length).toBe(2)
  adds[1]?.fail(new TypeError('no room'))
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(signed).toEqual([])
  const later = groups.take(batchOf('later'))
  adds[2]?.end()
  expect(isSigned(await later)).toBe(true)
})

it('groups at most 64', async () => {
  const { adds, signed, groups } = held()
  const all = Array.from({ length: 130 }, (_, i) => groups.take(batchOf(`batch ${i}`)))
  for (let at = 0; at < 4; at++) {
    await expect.poll(() => adds.length).toBe(at + 1)
    adds[at]?.end()
  }
  expect((await Promise.all(all)).map(({ group }) => group?.size ?? 1)).toEqual([1, ...Array.from({ length: 128 }, () => 64), 1])
  expect(signed).toHaveLength(4)
})

it('is what a keyholder does with packages that come at the same time: their shares are there, and every receipt is good', async () => {
  const network = await TestNetwork.start(4)
  const batches = await Promise.all([0, 1, 2, 3, 4].map(async (n) => await network.deal(await network.sealRecords(2, `batch ${n}`))))
  const keyholder = present(network.keyholders[0])
  const receipts = await Promise.all(batches.map(({ packages }) => keyholder.acceptBatch(present(packages[0]))))
  for (const [i, receipt] of receipts.entries()) {
    expect(receipt.root).toEqual(present(batches[i]).root)
    const message = present(receiptSigningBytes('chiron-test', 1, receipt.root, receipt))
    expect(verifyEd25519(present(network.identities[0]).publicKey, message, receipt.signature)).toBe(true)
    for (const record of present(batches[i]).records) expect(present(network.stores[0]).store.get(record)).toBeDefined()
  }
  expect(receipts.some(({ group }) => group !== undefined)).toBe(true)
})
