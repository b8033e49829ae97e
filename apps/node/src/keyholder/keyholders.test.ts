import { createDecipheriv } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex, type ObjectId } from '@chiron/protocol'
import { MemoryBlobStore, MemoryWalletCopies, openReleases, webRandom, type KeyholderFault, type StoredShare } from '@chiron/vault'
import { present, TestNetwork, type SealedRecord } from '@chiron/vault/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KeyholderDatabase } from './database.ts'
import { masterKeyWrap } from './key-wrap.ts'
import { openKeyholder, type LocalKeyholder } from './open-keyholder.ts'
import { LmdbShareStore } from './share-store.ts'
import { sweepOrphans } from './sweep.ts'

const access = new Uint8Array(16).fill(3) as ObjectId
const master = new Uint8Array(32).fill(9)

/** Every byte below a directory. */
function filesOf(directory: string): Buffer {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Buffer.concat(files.map((entry) => readFileSync(join(entry.parentPath, entry.name))))
}

describe.each([1, 4])('%i keyholders in one process', (n) => {
  let root: string
  let network: TestNetwork
  let local: LocalKeyholder[] = []
  const directoryOf = (i: number) => join(root, `keyholder-${i}`)

  const openOne = async (i: number, masterKey = master): Promise<LocalKeyholder> => {
    const identity = present(network.identities[i])
    return await openKeyholder(
      { chainId: network.ledger.chainId, did: identity.did, keys: present(network.keys[i]), directory: directoryOf(i) },
      { view: network.ledger, sign: identity.sign, wrap: masterKeyWrap(masterKey, `keyholder-${i}`, webRandom), random: webRandom },
    )
  }
  const openAll = async (): Promise<void> => {
    local = []
    for (let i = 0; i < n; i++) local.push(await openOne(i))
    network.keyholders = local.map(({ keyholder }) => keyholder)
  }
  const closeAll = async (): Promise<void> => {
    for (const { close } of local) await close()
    local = []
  }
  const read = async (records: readonly SealedRecord[], batch: Awaited<ReturnType<TestNetwork['write']>>, whom = network.keyholders) => {
    const request = await network.request(access, records)
    const responses = await Promise.all(whom.map(async (keyholder) => ({ keyholder: keyholder.did, bytes: await keyholder.release(request.bytes) })))
    const set = (number: number) => network.ledger.custodySet(number)
    const opened = await openReleases({ request: request.hash, recipient: network.recipient, records: network.expected(records, batch), responses, set })
    return { faults: opened.faults, keys: opened.keys.map((answer) => ('key' in answer ? toHex(answer.key) : answer.error.code)) }
  }
  const storedShares = async (i: number, version: StoredShare | { record: StoredShare['record']; version: number }): Promise<readonly StoredShare[]> => {
    const database = new KeyholderDatabase(join(directoryOf(i), 'shares'))
    const shares = new LmdbShareStore(database).ofVersion(version.record, version.version)
    await database.close()
    return shares
  }

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'keyholders-'))
    network = await TestNetwork.start(n)
    await openAll()
    network.ledger.openAccessFor(access, network.reader, network.gateway.did)
  })
  afterEach(async () => {
    await closeAll()
    rmSync(root, { recursive: true, force: true })
  })

  it('keep shares and logs over a restart, and write no secret to disk', async () => {
    const records = await network.sealRecords(5)
    const batch = await network.write(records)
    const keys = records.map((record) => toHex(record.envelope.key))
    expect(await read(records, batch)).toEqual({ keys, faults: [] })
    const heads = network.keyholders.map((keyholder) => keyholder.releaseLogHead())
    await closeAll()
    await openAll()
    expect(network.keyholders.map((keyholder) => keyholder.releaseLogHead())).toEqual(heads)
    expect(await read(records, batch)).toEqual({ keys, faults: [] })
    for (const keyholder of network.keyholders) keyholder.verifyReleaseLog()
    await closeAll()
    const disk = filesOf(root)
    for (const { envelope } of records) expect([envelope.key, envelope.salt].map((secret) => disk.includes(Buffer.from(secret)))).toEqual([false, false])
  })

  it('name the keyholder whose stored share was changed on disk', async () => {
    const records = await network.sealRecords(2)
    const batch = await network.write(records)
    const victim = n - 1
    await closeAll()
    const [share] = await storedShares(victim, present(batch.records[0]))
    const path = join(directoryOf(victim), 'shares', 'data.mdb')
    const file = readFileSync(path)
    const sealed = Buffer.from(present(share).sealed)
    let flipped = 0
    for (let at = file.indexOf(sealed); at >= 0; at = file.indexOf(sealed, at + 1), flipped++) file[at + 30] = (file[at + 30] as number) ^ 1
    expect(flipped).toBeGreaterThan(0)
    writeFileSync(path, file)
    await expect(openAll()).rejects.toMatchObject({ code: 'ERR_STORAGE_CORRUPT', message: expect.stringContaining(path) })
    rmSync(`${path}.sum`)
    await closeAll()
    await openAll()
    const fault: KeyholderFault = { keyholder: present(network.identities[victim]).did, code: 'ERR_VAULT_STORE_CORRUPT', position: 0 }
    const keys = records.map((record) => toHex(record.envelope.key))
    expect(await read(records, batch)).toEqual({ keys: n === 1 ? ['ERR_VAULT_SHARES_MISSING', keys[1]] : keys, faults: [fault] })
  })

  it('do not start with another master key or a changed key file, and say what to do', async () => {
    await network.write(await network.sealRecords(1))
    await closeAll()
    await expect(openOne(0, new Uint8Array(32))).rejects.toMatchObject({ code: 'ERR_VAULT_EPOCH_KEY', message: expect.stringContaining('1.key') })
    const path = join(directoryOf(0), 'epochs', '1.key')
    const file = readFileSync(path)
    file[20] = (file[20] as number) ^ 1
    writeFileSync(path, file)
    await expect(openOne(0)).rejects.toMatchObject({ code: 'ERR_VAULT_EPOCH_KEY', context: { epoch: 1, path } })
  })

  it('destroy for good: nothing on disk opens what lay there, with every key that is left', async () => {
    const records = await network.sealRecords(6)
    const batch = await network.write(records)
    const gone = present(batch.records[0])
    await closeAll()
    const before = (await storedShares(0, gone)).map((share) => Buffer.from(share.sealed))
    const oldKeyFile = readFileSync(join(directoryOf(0), 'epochs', '1.key'))
    const wrap = masterKeyWrap(master, 'keyholder-0', webRandom)
    const oldKey = wrap.unwrap(oldKeyFile, 'epoch 1')
    const backup = mkdtempSync(join(tmpdir(), 'backup-'))
    cpSync(join(directoryOf(0), 'shares'), backup, { recursive: true })
    await openAll()
    for (const keyholder of network.keyholders) expect(await keyholder.destroy([gone])).toEqual({ destroyed: 1, resealed: 5, lost: [] })
    const rest = await read(records.slice(1), { ...batch, records: batch.records.slice(1) })
    expect(rest).toEqual({ keys: records.slice(1).map((record) => toHex(record.envelope.key)), faults: [] })
    await closeAll()
    expect(readdirSync(join(directoryOf(0), 'epochs'))).toEqual(['2.key'])
    const disk = filesOf(directoryOf(0))
    for (const secret of [oldKeyFile, Buffer.from(oldKey), Buffer.from(present(records[0]).envelope.key)]) expect(disk.includes(secret)).toBe(false)
    const left = wrap.unwrap(readFileSync(join(directoryOf(0), 'epochs', '2.key')), 'epoch 2')
    const nonceAndTagOf = (sealed: Buffer) => ({ nonce: sealed.subarray(0, 12), body: sealed.subarray(12, -16) })
    const share = Buffer.from(present(before[0]))
    const { nonce, body } = nonceAndTagOf(share)
    const counterMode = (key: Uint8Array) => createDecipheriv('aes-256-gcm', key, nonce).update(body)
    const shareBytes = counterMode(oldKey).subarray(0, 33)
    expect(n === 1 ? shareBytes.subarray(0, 32).equals(present(records[0]).envelope.key) : shareBytes.length === 33).toBe(true)
    expect(counterMode(left).subarray(0, 33).equals(shareBytes)).toBe(false)
    expect(disk.includes(shareBytes)).toBe(false)
    expect(filesOf(backup).includes(share)).toBe(true)
    cpSync(backup, join(directoryOf(0), 'shares'), { recursive: true })
    rmSync(backup, { recursive: true })
    await openAll()
    expect((await read(records, batch, [present(network.keyholders[0])])).faults.map((fault) => fault.code)).toEqual(Array(6).fill('ERR_VAULT_STORE_CORRUPT'))
  })

  it('sweep what never reached the ledger, with its ciphertext', async () => {
    const blobs = new MemoryBlobStore(() => network.ledger.timeMs)
    const records = await network.sealRecords(2)
    const orphans = await network.sealRecords(3, 'orphan')
    await blobs.putMany([...records, ...orphans].map(({ envelope }) => ({ hash: envelope.hash, bytes: envelope.bytes })))
    const batch = await network.write(records)
    const orphaned = await network.deal(orphans)
    for (const [i, keyholder] of network.keyholders.entries()) await keyholder.acceptBatch(present(orphaned.packages[i]))
    const copies = new MemoryWalletCopies()
    const owner = network.author.did
    await copies.put(owner, [...records, ...orphans].map(({ envelope }) => ({ ciphertext: envelope.hash, bytes: envelope.salt })))
    expect(await sweepOrphans(network.keyholders, blobs, copies)).toEqual({ settled: 0, shares: 0, ciphertexts: 0 })
    network.ledger.commit(() => {}, 61_000)
    expect(await sweepOrphans(network.keyholders, blobs, copies)).toEqual({ settled: 2 * n, shares: 3 * n, ciphertexts: 3 })
    for (const { envelope } of orphans) expect(await blobs.has(envelope.hash)).toBe(false)
    for (const { envelope } of records) expect(await blobs.has(envelope.hash)).toBe(true)
    expect(await copies.list(owner)).toHaveLength(records.length)
    expect((await read(records, batch)).faults).toEqual([])
  })
})
