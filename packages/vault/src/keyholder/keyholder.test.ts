import type { ObjectId } from '@chiron/protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { webRandom } from '../random.ts'
import { openReleases } from '../release/open.ts'
import { TestNetwork, testIdentity, type KeyholderStores, type SealedRecord, present } from '../testing/index.ts'
import { Keyholder } from './keyholder.ts'
import { MemoryEpochKeyStore, MemoryReleaseLogStore, MemoryShareStore } from './memory.ts'
import type { LogFrontier } from './ports.ts'
import { decodeReleaseLogEntry } from './release-log.ts'

const access = new Uint8Array(16).fill(3) as ObjectId

class WatchedLog extends MemoryReleaseLogStore {
  events: string[] = []
  beforeAppend: () => void = () => {}
  override async append(entry: Uint8Array, frontier: LogFrontier): Promise<void> {
    this.beforeAppend()
    await Promise.resolve()
    await super.append(entry, frontier)
    this.events.push(decodeReleaseLogEntry(entry).kind)
  }
}

describe('keyholder', () => {
  let network: TestNetwork
  let keyholder: Keyholder
  let log: WatchedLog
  let store: MemoryShareStore
  let records: SealedRecord[]

  beforeEach(async () => {
    log = new WatchedLog()
    store = new MemoryShareStore()
    const stores: KeyholderStores = { store, epochKeys: new MemoryEpochKeyStore(), log }
    network = await TestNetwork.start(1, { stores: [stores] })
    keyholder = present(network.keyholders[0])
    records = await network.sealRecords(3)
  })

  const released = async (bytes: Uint8Array, request: Uint8Array, batch: Awaited<ReturnType<TestNetwork['write']>>) => {
    const opened = await openReleases({
      request, recipient: network.recipient, records: network.expected(records, batch), responses: [{ keyholder: keyholder.did, bytes }], set: (n) => network.ledger.custodySet(n),
    })
    return { ...opened, codes: opened.keys.map((answer) => ('key' in answer ? 'key' : answer.error.code)) }
  }

  it('releases what an open access covers and refuses the rest, record by record', async () => {
    const batch = await network.write(records)
    const hidden = present(records[1]).binding.record
    network.ledger.openAccessFor(access, network.reader, network.gateway.did, (record) => record.join() !== hidden.join())
    const request = await network.request(access, records)
    const answer = await released(await keyholder.release(request.bytes), request.hash, batch)
    expect(answer.codes).toEqual(['key', 'ERR_VAULT_NO_ACCESS', 'key'])
    expect(answer.faults).toEqual([])
    const entry = decodeReleaseLogEntry(present([...log.entries(0, 1)][0]))
    expect([entry.released.length, entry.refused.length, entry.height]).toEqual([40, 20, network.ledger.height])
    expect(entry).toMatchObject({ kind: 'release', access, reader: network.reader, gateway: network.gateway.did, request: request.hash })
  })

  it('releases nothing without an access, for another reader or gateway, or after its end', async () => {
    await network.write(records)
    const refused = async (changes = {}, signer = network.gateway) => {
      const { bytes } = await network.request(access, records, changes, signer)
      await expect(keyholder.release(bytes)).rejects.toMatchObject({ code: 'ERR_VAULT_NO_ACCESS' })
    }
    await refused()
    network.ledger.openAccessFor(access, network.reader, network.gateway.did)
    await refused({ reader: testIdentity('other').did })
    await refused({ gateway: network.author.did }, network.author)
    const { bytes } = await network.request(access, records)
    network.ledger.commit(() => network.ledger.closeAccess(access))
    await expect(keyholder.release(bytes)).rejects.toMatchObject({ code: 'ERR_VAULT_NO_ACCESS' })
    expect(log.events).toEqual([])
  })

  it('releases nothing while its view is not fresh', async () => {
    await network.write(records)
    network.ledger.openAccessFor(access, network.reader, network.gateway.did)
    const { bytes } = await network.request(access, records)
    network.ledger.fresh = false
    await expect(keyholder.release(bytes)).rejects.toMatchObject({ code: 'ERR_VAULT_NOT_FRESH' })
    network.ledger.fresh = true
    await keyholder.release(bytes)
  })

  it('refuses wrong signatures, other networks, and requests that are over, too long, or repeated', async () => {
    await network.write(records)
    network.ledger.openAccessFor(access, network.reader, network.gateway.did)
    const refused = async (code: string, changes = {}, signer = network.gateway) => {
      await expect(keyholder.release((await network.request(access, records, changes, signer)).bytes)).rejects.toMatchObject({ code })
    }
    await refused('ERR_VAULT_SIGNATURE', {}, network.author)
    await refused('ERR_VAULT_SIGNATURE', { gateway: testIdentity('stranger').did }, testIdentity('stranger'))
    await refused('ERR_VAULT_WRONG_RECIPIENT', { chainId: 'chiron-other' })
    await refused('ERR_VAULT_EXPIRED', { validUntil: network.ledger.timeMs - 1 })
    await refused('ERR_VAULT_EXPIRED', { validUntil: network.ledger.timeMs + 600_001 })
    const { bytes } = await network.request(access, records)
    await keyholder.release(bytes)
    await expect(keyholder.release(bytes)).rejects.toMatchObject({ code: 'ERR_VAULT_REPLAY' })
    expect(log.events).toEqual(['release'])
  })

  it('answers only after the log has grown, and not at all when it cannot', async () => {
    await network.write(records)
    network.ledger.openAccessFor(access, network.reader, network.gateway.did)
    const before = keyholder.releaseLogHead()
    const order: string[] = []
    const answered = keyholder.release((await network.request(access, records)).bytes).then(() => order.push(`answer after ${log.events.length} entries`))
    log.beforeAppend = () => order.push('append')
    await answered
    expect(order).toEqual(['append', 'answer after 1 entries'])
    expect(keyholder.releaseLogHead()).toMatchObject({ size: before.size + 1 })
    expect(keyholder.releaseLogHead().root).not.toEqual(before.root)
    log.beforeAppend = () => {
      throw new RangeError('disk full')
    }
    await expect(keyholder.release((await network.request(access, records)).bytes)).rejects.toThrow('disk full')
    log.beforeAppend = () => {}
    await keyholder.release((await network.request(access, records)).bytes)
    keyholder.verifyReleaseLog()
  })

  it('withholds the answer when the access ends in a block executed meanwhile, and says so in its log', async () => {
    await network.write(records)
    const ends: (() => void)[] = [
      () => network.ledger.closeAccess(access),
      () => network.ledger.openAccessFor(access, network.reader, network.gateway.did, () => false),
    ]
    for (const end of ends) {
      network.ledger.openAccessFor(access, network.reader, network.gateway.did)
      const { bytes } = await network.request(access, records)
      log.beforeAppend = () => {
        log.beforeAppend = () => {}
        network.ledger.commit(end)
      }
      await expect(keyholder.release(bytes)).rejects.toMatchObject({ code: 'ERR_VAULT_NO_ACCESS' })
    }
    expect(log.events).toEqual(['release', 'withheld', 'release', 'withheld'])
    network.ledger.openAccessFor(access, network.reader, network.gateway.did)
    log.beforeAppend = () => network.ledger.commit()
    await keyholder.release((await network.request(access, records)).bytes)
    log.beforeAppend = () => {
      network.ledger.fresh = false
    }
    await expect(keyholder.release((await network.request(access, records)).bytes)).rejects.toMatchObject({ code: 'ERR_VAULT_NOT_FRESH' })
  })

  it('withholds the answer when who asked has another key, or is no member any more, in a block executed meanwhile', async () => {
    await network.write(records)
    network.ledger.openAccessFor(access, network.reader, network.gateway.did)
    const { did } = network.gateway
    const key = present(network.ledger.members.get(did))
    for (const end of [() => network.ledger.members.set(did, testIdentity('its next key').publicKey), () => network.ledger.members.delete(did)]) {
      const { bytes } = await network.request(access, records)
      log.beforeAppend = () => {
        log.beforeAppend = () => {}
        network.ledger.commit(end)
      }
      await expect(keyholder.release(bytes)).rejects.toMatchObject({ code: 'ERR_VAULT_SIGNATURE' })
      network.ledger.members.set(did, key)
    }
    expect(log.events).toEqual(['release', 'withheld', 'release', 'withheld'])
  })

  it('says which share is damaged and which is absent, and blames itself for it', async () => {
    const batch = await network.write(records)
    network.ledger.openAccessFor(access, network.reader, network.gateway.did)
    for (let at = 0; at < present(store.get(present(batch.records[0]))).sealed.length; at += 7) {
      store.corrupt(present(batch.records[0]), at)
      const request = await network.request(access, records)
      const answer = await released(await keyholder.release(request.bytes), request.hash, batch)
      expect(answer.codes).toEqual(['ERR_VAULT_SHARES_MISSING', 'key', 'key'])
      expect(answer.faults).toEqual([{ keyholder: keyholder.did, code: 'ERR_VAULT_STORE_CORRUPT', position: 0 }])
      store.corrupt(present(batch.records[0]), at)
    }
    await keyholder.destroy([{ record: present(batch.records[2]).record, version: 1 }])
    const request = await network.request(access, records)
    const answer = await released(await keyholder.release(request.bytes), request.hash, batch)
    expect(answer.codes).toEqual(['key', 'key', 'ERR_VAULT_SHARES_MISSING'])
    expect(answer.faults).toEqual([{ keyholder: keyholder.did, code: 'ERR_VAULT_SHARE_ABSENT', position: 2 }])
  })

  it('lets nobody replace a committed share by dealing the version again', async () => {
    const batch = await network.write(records)
    await keyholder.acceptBatch(present((await network.deal(records)).packages[0]))
    network.ledger.openAccessFor(access, network.reader, network.gateway.did)
    const request = await network.request(access, records)
    expect((await released(await keyholder.release(request.bytes), request.hash, batch)).codes).toEqual(['key', 'key', 'key'])
  })

  it('sweeps shares whose transaction never came, and keeps those on the ledger', async () => {
    const committed = await network.write(records)
    const orphaned = await network.deal(await network.sealRecords(2, 'orphan'))
    await keyholder.acceptBatch(present(orphaned.packages[0]))
    expect(await keyholder.sweep()).toEqual({ settled: 0, orphans: [], ciphertexts: [], more: false })
    network.ledger.commit(() => {}, 61_000)
    const swept = await keyholder.sweep()
    expect(swept).toMatchObject({ settled: 3, more: false })
    expect(swept.orphans.map((share) => share.ciphertext.join()).sort()).toEqual(orphaned.records.map((record) => record.ciphertext.join()).sort())
    expect(swept.ciphertexts).toEqual(swept.orphans.map((share) => share.ciphertext))
    expect(orphaned.records.map((record) => store.get(record))).toEqual([undefined, undefined])
    expect(committed.records.every((record) => store.get(record) !== undefined)).toBe(true)
    expect(await keyholder.sweep()).toEqual({ settled: 0, orphans: [], ciphertexts: [], more: false })
  })

  it('goes on after a restart with shares and log', async () => {
    const batch = await network.write(records)
    network.ledger.openAccessFor(access, network.reader, network.gateway.did)
    await keyholder.release((await network.request(access, records)).bytes)
    const head = keyholder.releaseLogHead()
    await network.restartKeyholders()
    keyholder = present(network.keyholders[0])
    expect(keyholder.releaseLogHead()).toEqual(head)
    const request = await network.request(access, records)
    expect((await released(await keyholder.release(request.bytes), request.hash, batch)).codes).toEqual(['key', 'key', 'key'])
  })

  it('does not open shares with another keyholder\'s epoch keys', async () => {
    await network.write(records)
    const epochKeys = new MemoryEpochKeyStore()
    await epochKeys.put(1, webRandom(32))
    const other = await Keyholder.open(
      { chainId: 'chiron-test', did: keyholder.did, keys: present(network.keys[0]) },
      { store, epochKeys, log, view: network.ledger, sign: present(network.identities[0]).sign, random: webRandom },
    )
    network.ledger.openAccessFor(access, network.reader, network.gateway.did)
    const request = await network.request(access, records)
    const batch = await network.deal(records)
    expect((await released(await other.release(request.bytes), request.hash, batch)).faults.map((fault) => fault.code)).toEqual(Array(3).fill('ERR_VAULT_STORE_CORRUPT'))
  })
})
