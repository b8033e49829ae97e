import { randomBytes } from 'node:crypto'
import { readReceipt, verifyTxReceipt } from '@chiron/sdk'
import { encodeCanonical, encodeTx, signingBytes, type Message } from '@chiron/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Answer, Client } from './client.ts'
import { organisation } from './consents.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { patient } from './resources.ts'
import type { Signer } from '../../src/ledger/submitter.ts'

const MINUTE = 60_000

let started: TestNode
let wallet: Signer
let anyone: Client
let id: string

beforeAll(async () => {
  started = await startTestNode()
  const hospital = await started.as('riverside', 'physician')
  id = (await hospital.create(patient())).expect(201).resource.id
  wallet = (await started.node.wallets.signerFor(id)) as Signer
  anyone = started.anonymous('riverside')
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

interface TxOptions {
  readonly chainId?: string
  readonly validUntil?: number
  readonly signer?: string
  readonly keyId?: string
  readonly sign?: (message: Uint8Array) => Uint8Array
}

function grantMessage(): Message {
  return {
    type: 'consent.grant',
    salt: randomBytes(16),
    patient: started.node.desk.handle(id),
    terms: {
      effect: 'permit', grantee: organisation(started, 'lakeside'), purposes: [], categories: [], labels: [], records: [], actions: ['read'],
      from: started.node.engine.status().timeMs, until: Date.now() + 10 * MINUTE, overrides: null,
    },
  }
}

function signed(options: TxOptions = {}, message: Message = grantMessage()): Uint8Array {
  const body = encodeCanonical({
    chainId: options.chainId ?? started.node.genesis.chainId,
    signer: options.signer ?? wallet.did,
    keyId: options.keyId ?? wallet.keyId,
    messages: [message],
    validUntil: options.validUntil ?? Date.now() + 5 * MINUTE,
  })
  return encodeTx(body, (options.sign ?? ((bytes) => wallet.sign(bytes)))(signingBytes(body)))
}

const send = async (bytes: Uint8Array, type = 'application/cbor'): Promise<Answer> => await anyone.send('POST', 'chiron/tx', Buffer.from(bytes), { 'content-type': type })

it('takes what a wallet signed, and answers a replay with the first result', async () => {
  const tx = signed()
  const first = (await send(tx)).expect(200)
  expect(first.json).toMatchObject({ code: 0 })
  expect(verifyTxReceipt(readReceipt(first.json['receipt'] as string), started.trust).code).toBe(0)
  const before = started.node.engine.status().txCount
  const again = (await send(tx)).expect(200)
  expect(again.json).toMatchObject({ txId: first.json['txId'], height: first.json['height'], code: 0 })
  expect(started.node.engine.status().txCount).toBe(before)
  expect(started.node.desk.rules(id)).toHaveLength(1)
  const concurrent = signed()
  const answers = await Promise.all(Array.from({ length: 4 }, async () => (await send(concurrent)).expect(200).json['height']))
  expect(new Set(answers).size).toBe(1)
  expect(started.node.desk.rules(id)).toHaveLength(2)
})

it('says what a contract refused', async () => {
  const others = started.node.identities.organisations.get('lakeside') as Signer
  const answer = (await send(signed({ signer: others.did, keyId: others.keyId, sign: (bytes) => others.sign(bytes) }))).expect(200)
  expect(answer.json).toMatchObject({ codespace: 'consent' })
  expect(answer.json['code']).not.toBe(0)
  expect(() => verifyTxReceipt(readReceipt(answer.json['receipt'] as string), started.trust)).toThrow(expect.objectContaining({ code: 'ERR_SDK_TX_REFUSED' }))
})

it.each<[string, () => Uint8Array]>([
  ['forged', () => signed({ sign: () => randomBytes(64) })],
  ['signed by somebody else', () => signed({ sign: (bytes) => (started.node.identities.organisations.get('lakeside') as Signer).sign(bytes) })],
  ['signed with a key that is not there', () => signed({ keyId: 'k2' })],
  ['signed by nobody known', () => signed({ signer: `did:chiron:${'a'.repeat(32)}` })],
  ['changed after it was signed', () => flipped(signed())],
  ['expired', () => signed({ validUntil: Date.now() - 1 })],
  ['long expired', () => signed({ validUntil: 1 })],
  ['valid for too long', () => signed({ validUntil: Date.now() + 60 * MINUTE })],
  ['of another chain', () => signed({ chainId: 'chiron-sample-00000000' })],
  ['empty', () => new Uint8Array()],
  ['no CBOR', () => randomBytes(200)],
  ['cut off', () => signed().slice(0, -1)],
  ['followed by something', () => Buffer.concat([signed(), Buffer.from([0])])],
  ['of an unknown message', () => signed({}, { type: 'consent.nonsense', salt: randomBytes(16) } as never)],
])('refuses a transaction that is %s', async (_name, make) => {
  const before = started.node.engine.status().txCount
  const answer = (await send(make())).expect(400)
  expect(answer.outcome.issue[0]?.severity).toBe('error')
  expect(started.node.engine.status().txCount).toBe(before)
})

it('refuses a body that is larger than a transaction may be', async () => {
  const before = started.node.engine.status().txCount
  ;(await send(randomBytes(5 * 1024 * 1024))).expect(413)
  expect(started.node.engine.status().txCount).toBe(before)
})

it('refuses another media type, and names the network', async () => {
  ;(await send(signed(), 'application/json')).expect(415)
  const network = JSON.parse((await anyone.send('GET', 'chiron/network', undefined, {})).expect(200).text) as { chainId: string; members: { name: string }[] }
  expect(network.chainId).toBe(started.node.genesis.chainId)
  expect(network.members.map(({ name }) => name).sort()).toEqual(['lakeside', 'riverside'])
})

/** The last bit of the body is another. */
function flipped(tx: Uint8Array): Uint8Array {
  const copy = Buffer.from(tx)
  const at = copy.lastIndexOf('validUntil') + 'validUntil'.length + 8
  copy[at] = (copy[at] as number) ^ 1
  return copy
}
