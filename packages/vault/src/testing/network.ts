import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { concatBytes, deriveDid, fromHex, sha256, utf8, type Did, type Keyholder as KeyholderEntry, type ObjectId, type RecordId } from '@chiron/protocol'
import { Dealer, type DealtBatch, type RecordToDeal } from '../custody/dealer.ts'
import { faultsTolerated } from '../custody/set.ts'
import { sealEnvelope, type SealedEnvelope } from '../envelope/envelope.ts'
import type { EnvelopeBinding } from '../envelope/format.ts'
import { deriveKemKeyPair, type KemKeyPair, type KemSuite } from '../hpke/suites.ts'
import { Keyholder, type KeyholderDependencies } from '../keyholder/keyholder.ts'
import { MemoryEpochKeyStore, MemoryReleaseLogStore, MemoryShareStore } from '../keyholder/memory.ts'
import { webRandom } from '../random.ts'
import type { ExpectedRecord } from '../release/open.ts'
import { signReleaseRequest, type ReleaseRequest } from '../release/request.ts'
import { present } from './bytes.ts'
import { FakeLedger } from './ledger-view.ts'

/** PKCS #8 around the 32-byte seed (RFC 8410). */
const ED25519_PKCS8_PREFIX = fromHex('302e020100300506032b657004220420')

/** An identity whose keys derive from its name. */
export interface TestIdentity {
  readonly did: Did
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

export function testIdentity(name: string): TestIdentity {
  const pkcs8 = concatBytes(ED25519_PKCS8_PREFIX, sha256(utf8(`signing key of ${name}`)))
  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
  const publicKey = new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32))
  return { did: deriveDid('organisation', publicKey, new Uint8Array(16)), publicKey, sign: (message) => new Uint8Array(sign(null, message, key)) }
}

export type KeyholderStores = Pick<KeyholderDependencies, 'store' | 'epochKeys' | 'log'>

export interface SealedRecord {
  readonly binding: EnvelopeBinding
  readonly envelope: SealedEnvelope
}

/** Keyholders, an author, a reader's gateway and a ledger, in one process. */
export class TestNetwork {
  readonly ledger = new FakeLedger()
  readonly author = testIdentity('author')
  readonly gateway = testIdentity('gateway')
  readonly reader = testIdentity('reader').did
  readonly dealer: Dealer
  readonly identities: readonly TestIdentity[]
  readonly keys: readonly KemKeyPair[]
  readonly stores: readonly KeyholderStores[]
  keyholders: Keyholder[] = []
  readonly #recipient: KemKeyPair

  private constructor(identities: readonly TestIdentity[], keys: readonly KemKeyPair[], stores: readonly KeyholderStores[], recipient: KemKeyPair) {
    this.identities = identities
    this.keys = keys
    this.stores = stores
    this.#recipient = recipient
    this.dealer = new Dealer({ chainId: this.ledger.chainId, did: this.author.did }, { sign: this.author.sign, random: webRandom })
    this.ledger.members.set(this.author.did, this.author.publicKey)
    this.ledger.members.set(this.gateway.did, this.gateway.publicKey)
    const keyholders: KeyholderEntry[] = identities.map(({ did, publicKey }, i) => {
      const { suite, publicKey: kemKey } = keys[i] as KemKeyPair
      return { did, signingKey: publicKey, agreementKey: new Uint8Array(32), suite, kemKey }
    })
    this.ledger.sets.set(1, { number: 1, keyholders, threshold: faultsTolerated(keyholders.length) + 1 })
  }

  static async start(n: number, options: { suite?: KemSuite; stores?: readonly KeyholderStores[] } = {}): Promise<TestNetwork> {
    const identities = Array.from({ length: n }, (_, i) => testIdentity(`keyholder ${i}`))
    const keys: KemKeyPair[] = []
    for (let i = 0; i < n; i++) keys.push(await deriveKemKeyPair(options.suite ?? 'x25519', sha256(utf8(`kem key ${i}`))))
    const memory = (): KeyholderStores => ({ store: new MemoryShareStore(), epochKeys: new MemoryEpochKeyStore(), log: new MemoryReleaseLogStore() })
    const stores = options.stores ?? identities.map(memory)
    const network = new TestNetwork(identities, keys, stores, await deriveKemKeyPair(options.suite ?? 'x25519', sha256(utf8('recipient'))))
    await network.restartKeyholders()
    return network
  }

  get set() {
    return present(this.ledger.sets.get(1))
  }

  get recipient(): KemKeyPair {
    return this.#recipient
  }

  /** Opens every keyholder anew over the same stores. */
  async restartKeyholders(): Promise<void> {
    this.keyholders = []
    for (const [i, identity] of this.identities.entries()) {
      const options = { chainId: this.ledger.chainId, did: identity.did, keys: this.keys[i] as KemKeyPair }
      const stores = this.stores[i] as KeyholderStores
      this.keyholders.push(await Keyholder.open(options, { ...stores, view: this.ledger, sign: identity.sign, random: webRandom }))
    }
  }

  async sealRecords(count: number, prefix = 'record'): Promise<SealedRecord[]> {
    const sealed: SealedRecord[] = []
    for (let i = 0; i < count; i++) {
      const record = sha256(utf8(`${prefix} ${i}`)).slice(0, 16) as RecordId
      const binding = { chainId: this.ledger.chainId, record, version: 1, author: this.author.did, subjects: [] }
      const envelope = await sealEnvelope({ meta: { type: 'Observation' }, resource: utf8(`{"n":${i}}`) }, binding, webRandom)
      sealed.push({ binding, envelope })
    }
    return sealed
  }

  async deal(records: readonly SealedRecord[]): Promise<DealtBatch> {
    const toDeal = records.map(({ binding, envelope }): RecordToDeal => (
      { record: binding.record, version: binding.version, key: envelope.key, salt: envelope.salt, ciphertext: envelope.hash }
    ))
    return await this.dealer.deal(this.set, toDeal, this.ledger.timeMs + 60_000)
  }

  /** Deals, has every keyholder accept, and commits the entries. */
  async write(records: readonly SealedRecord[]): Promise<DealtBatch> {
    const batch = await this.deal(records)
    for (const [i, keyholder] of this.keyholders.entries()) await keyholder.acceptBatch(batch.packages[i] as Uint8Array)
    this.commit(batch)
    return batch
  }

  commit(batch: DealtBatch): void {
    this.ledger.commit(() => {
      for (const record of batch.records) this.ledger.putRecord(record.record, record.version, { ...record, set: batch.set })
    })
  }

  expected(records: readonly SealedRecord[], batch: DealtBatch): ExpectedRecord[] {
    return batch.records.map(({ record, version, keyCommitment, shareRoot }, i) => (
      { record, version, set: batch.set, keyCommitment, shareRoot, salt: (records[i] as SealedRecord).envelope.salt }
    ))
  }

  async request(access: ObjectId, records: readonly SealedRecord[], changes: Partial<ReleaseRequest> = {}, signer = this.gateway) {
    const request: ReleaseRequest = {
      v: 1,
      chainId: this.ledger.chainId,
      access,
      reader: this.reader,
      gateway: this.gateway.did,
      records: records.map(({ binding }) => [binding.record, binding.version]),
      recipient: { suite: this.#recipient.suite, key: this.#recipient.publicKey },
      nonce: webRandom(16),
      validUntil: this.ledger.timeMs + 60_000,
      ...changes,
    }
    return await signReleaseRequest(request, signer.sign)
  }
}
