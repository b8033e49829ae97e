import { custodyBatchRoot, custodyReceiptBytes, encodeCanonical, verifyEd25519 } from '@chiron/protocol'
import { describe, expect, it } from 'vitest'
import { webRandom } from '../random.ts'
import { flippedBytes, TestNetwork, testIdentity, present } from '../testing/index.ts'
import { Dealer } from './dealer.ts'
import { decodePackage } from './package.ts'

describe('dealing', () => {
  it('gives every keyholder its shares, and a receipt that the ledger can check', async () => {
    const network = await TestNetwork.start(4)
    const batch = await network.deal(await network.sealRecords(3))
    expect(batch.root).toEqual(custodyBatchRoot(batch.records))
    for (const [i, keyholder] of network.keyholders.entries()) {
      const receipt = await keyholder.acceptBatch(present(batch.packages[i]))
      expect(receipt).toMatchObject({ keyholder: present(network.identities[i]).did, set: 1, root: batch.root })
      expect(verifyEd25519(present(network.identities[i]).publicKey, custodyReceiptBytes('chiron-test', 1, batch.root), receipt.signature)).toBe(true)
    }
  })

  it('refuses every changed byte of a package', async () => {
    const network = await TestNetwork.start(1)
    const [bytes] = (await network.deal(await network.sealRecords(1))).packages
    for (const flipped of flippedBytes(present(bytes))) await expect(present(network.keyholders[0]).acceptBatch(flipped.bytes)).rejects.toMatchObject({ name: 'VaultError' })
    await present(network.keyholders[0]).acceptBatch(present(bytes))
  })

  it('keeps one session, whose packages may come in any order, twice, or not at all', async () => {
    const network = await TestNetwork.start(1, { suite: 'x-wing' })
    const batches = []
    for (let i = 0; i < 4; i++) batches.push(await network.deal(await network.sealRecords(1, `batch ${i}`)))
    const headers = batches.map((batch) => decodePackage(present(batch.packages[0])).header)
    expect(headers.map((header) => header.seq)).toEqual([0, 1, 2, 3])
    expect(new Set(headers.map((header) => header.enc.join())).size).toBe(1)
    for (const i of [3, 0, 0, 2]) expect((await present(network.keyholders[0]).acceptBatch(present(present(batches[i]).packages[0]))).root).toEqual(present(batches[i]).root)
  })

  it('never uses a sequence number twice when dealing at once', async () => {
    const network = await TestNetwork.start(2)
    const sealed = await network.sealRecords(8)
    const batches = await Promise.all(sealed.map((record) => network.deal([record])))
    const first = batches.map((batch) => decodePackage(present(batch.packages[0])).header)
    expect(first.map((header) => header.seq).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  it('goes on after either side has restarted', async () => {
    const network = await TestNetwork.start(1)
    const before = await network.deal(await network.sealRecords(1))
    await present(network.keyholders[0]).acceptBatch(present(before.packages[0]))
    await network.restartKeyholders()
    const after = await network.deal(await network.sealRecords(1, 'after'))
    await present(network.keyholders[0]).acceptBatch(present(after.packages[0]))
    network.dealer.forget(present(network.identities[0]).did)
    const anew = await network.deal(await network.sealRecords(1, 'anew'))
    expect(decodePackage(present(anew.packages[0])).header).toMatchObject({ seq: 0 })
    expect(decodePackage(present(anew.packages[0])).header.enc).not.toEqual(decodePackage(present(after.packages[0])).header.enc)
    await present(network.keyholders[0]).acceptBatch(present(anew.packages[0]))
  })

  it('takes nothing from a stranger, from a removed member, or under an old signing key', async () => {
    const network = await TestNetwork.start(1)
    const [keyholder] = network.keyholders
    const stranger = testIdentity('stranger')
    const [record] = await network.sealRecords(1)
    const { binding, envelope } = present(record)
    const toDeal = [{ record: binding.record, version: 1, key: envelope.key, salt: envelope.salt, ciphertext: envelope.hash }]
    const posing = new Dealer({ chainId: 'chiron-test', did: network.author.did }, { sign: stranger.sign, random: webRandom })
    await expect(present(keyholder).acceptBatch(present((await posing.deal(network.set, toDeal, network.ledger.timeMs)).packages[0]))).rejects.toMatchObject({ code: 'ERR_VAULT_SIGNATURE' })
    const open = new Dealer({ chainId: 'chiron-test', did: stranger.did }, { sign: stranger.sign, random: webRandom })
    await expect(present(keyholder).acceptBatch(present((await open.deal(network.set, toDeal, network.ledger.timeMs)).packages[0]))).rejects.toMatchObject({ code: 'ERR_VAULT_SIGNATURE' })
    await present(keyholder).acceptBatch(present((await network.deal([present(record)])).packages[0]))
    network.ledger.members.set(network.author.did, stranger.publicKey)
    await expect(present(keyholder).acceptBatch(present((await network.deal([present(record)])).packages[0]))).rejects.toMatchObject({ code: 'ERR_VAULT_SIGNATURE' })
    network.ledger.members.delete(network.author.did)
    await expect(present(keyholder).acceptBatch(present((await network.deal([present(record)])).packages[0]))).rejects.toMatchObject({ code: 'ERR_VAULT_SIGNATURE' })
  })

  it('refuses a package of another keyholder, set, or time', async () => {
    const network = await TestNetwork.start(2)
    const sealed = await network.sealRecords(1)
    const batch = await network.deal(sealed)
    await expect(present(network.keyholders[1]).acceptBatch(present(batch.packages[0]))).rejects.toMatchObject({ code: 'ERR_VAULT_WRONG_RECIPIENT' })
    const { binding, envelope } = present(sealed[0])
    const toDeal = [{ record: binding.record, version: 1, key: envelope.key, salt: envelope.salt, ciphertext: envelope.hash }]
    const { timeMs } = network.ledger
    const refusedFor = async (set: typeof network.set, until: number) => present(network.keyholders[0]).acceptBatch(present((await network.dealer.deal(set, toDeal, until)).packages[0]))
    await expect(refusedFor({ ...network.set, number: 2 }, timeMs)).rejects.toMatchObject({ code: 'ERR_VAULT_WRONG_RECIPIENT' })
    await expect(refusedFor({ ...network.set, threshold: 2 }, timeMs)).rejects.toMatchObject({ code: 'ERR_VAULT_WRONG_RECIPIENT' })
    await expect(refusedFor(network.set, timeMs - 1)).rejects.toMatchObject({ code: 'ERR_VAULT_EXPIRED' })
    await expect(refusedFor(network.set, timeMs + 600_001)).rejects.toMatchObject({ code: 'ERR_VAULT_EXPIRED' })
    await refusedFor(network.set, timeMs + 600_000)
  })

  it('refuses no records and too many', async () => {
    const network = await TestNetwork.start(1)
    await expect(network.deal([])).rejects.toMatchObject({ code: 'ERR_VAULT_PARAMETERS' })
    const [record] = await network.sealRecords(1)
    await expect(network.deal(Array.from({ length: 5001 }, () => present(record)))).rejects.toMatchObject({ code: 'ERR_VAULT_PARAMETERS' })
  })

  it('decodes strictly', async () => {
    expect(() => decodePackage(encodeCanonical({ header: new Uint8Array(), sealed: new Uint8Array(), more: 1 }))).toThrow(
      expect.objectContaining({ code: 'ERR_VAULT_MESSAGE_INVALID' }),
    )
    expect(() => decodePackage(new Uint8Array([0xff]))).toThrow(expect.objectContaining({ code: 'ERR_VAULT_MESSAGE_INVALID' }))
  })
})
