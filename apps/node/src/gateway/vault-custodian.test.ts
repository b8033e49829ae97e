import { deriveDid, sha256, utf8, type Genesis, type ObjectId, type RecordId } from '@chiron/protocol'
import { CommittedState, MemoryStore } from '@chiron/ledger'
import { MemoryBlobStore, MemoryWalletCopies, sealEnvelope, VaultError, webRandom } from '@chiron/vault'
import { TestNetwork, testIdentity } from '@chiron/vault/testing'
import { expect, it } from 'vitest'
import { applicationRuntime } from '../engine/application-runtime.ts'
import type { Engine } from '../engine/engine.ts'
import { NativeSignatures } from '../engine/signatures.ts'
import type { OpenOrder } from './custody.ts'
import { VaultCustodian, type KeyholderService } from './vault-custodian.ts'

const chainId = 'chiron-test'
const signer = { ...testIdentity('author'), keyId: 'k1' }

/** A custodian over a new ledger with keyholders that answer as told, and a sealed record to be opened. */
async function opening(...releases: readonly KeyholderService['release'][]): Promise<unknown> {
  return await openingFrom(new MemoryBlobStore(() => 0), releases)
}

async function openingFrom(blobs: MemoryBlobStore, releases: readonly KeyholderService['release'][]): Promise<unknown> {
  const network = await TestNetwork.start(releases.length)
  const { keyholders, threshold } = network.set
  const inception = new Uint8Array(16)
  const blockSigner = { did: deriveDid('device', signer.publicKey, inception), signingKey: signer.publicKey, agreementKey: new Uint8Array(32), inception }
  const genesis: Genesis = { chainId, timeMs: 1_000, sample: true, members: [], governance: [blockSigner.did], blockSigner, custody: { keyholders: [...keyholders], threshold }, parameters: [] }
  const store = new MemoryStore()
  store.apply(applicationRuntime(new NativeSignatures(), () => {}).executeGenesis(genesis).writes)
  const engine = { state: new CommittedState(store), status: () => ({ chainId, timeMs: 1_000 }) } as unknown as Engine
  const record = sha256(utf8('record')).slice(0, 16) as RecordId
  const binding = { chainId, record, version: 1, author: signer.did, subjects: [] }
  const envelope = await sealEnvelope({ meta: {}, resource: utf8('{}') }, binding, webRandom)
  await blobs.putMany([{ hash: envelope.hash, bytes: envelope.bytes }])
  const custodian = new VaultCustodian({
    engine, signer, blobs, copies: new MemoryWalletCopies(), recipient: network.recipient, random: webRandom,
    keyholders: releases.map((release, at) => ({ did: keyholders[at]?.did as KeyholderService['did'], release, acceptBatch: () => Promise.reject(new VaultError('ERR_VAULT_EXPIRED', 'not asked')) })),
  })
  const order: OpenOrder = { ...binding, ciphertext: envelope.hash, keyCommitment: new Uint8Array(32), shareRoot: new Uint8Array(32), custodySet: 1 }
  return await custodian.open(new Uint8Array(16) as ObjectId, signer.did, [order]).catch((error: unknown) => error)
}

const isBehind = (): Promise<never> => Promise.reject(new VaultError('ERR_VAULT_NOT_FRESH', 'behind'))
const answersNonsense = (): Promise<Uint8Array> => Promise.resolve(new Uint8Array(3))

it('says that keyholders who are behind or away are not there now, and that nothing is lost', async () => {
  expect(await opening(isBehind)).toMatchObject({ code: 'ERR_GATEWAY_UNAVAILABLE', cause: { code: 'ERR_VAULT_NOT_FRESH' } })
})

it('names a keyholder whose answer is not as it should be', async () => {
  expect(await opening(answersNonsense)).toMatchObject({ code: 'ERR_GATEWAY_DAMAGED', message: expect.stringContaining('ERR_VAULT_MESSAGE_INVALID') })
})

it('waits for those who are behind while no more are at fault than may be', async () => {
  expect(await opening(answersNonsense, isBehind, isBehind, isBehind)).toMatchObject({ code: 'ERR_GATEWAY_UNAVAILABLE' })
  expect(await opening(answersNonsense, answersNonsense, isBehind, isBehind)).toMatchObject({ code: 'ERR_GATEWAY_DAMAGED' })
})

it('says that a blob store which does not answer is not there now, and that one with other bytes is damaged', async () => {
  const failing = (error: Error): MemoryBlobStore => Object.assign(new MemoryBlobStore(() => 0), { get: () => Promise.reject(error) })
  expect(await openingFrom(failing(new TypeError('fetch failed')), [isBehind])).toMatchObject({ code: 'ERR_GATEWAY_UNAVAILABLE', cause: { message: 'fetch failed' } })
  expect(await openingFrom(failing(new VaultError('ERR_VAULT_BLOB_CORRUPT', 'changed')), [isBehind])).toMatchObject({ code: 'ERR_GATEWAY_DAMAGED' })
})
