import { ed25519 } from '@noble/curves/ed25519.js'
import { expect, test } from 'vitest'
import { decodeTx, encodeCanonical, encodeTx, signingBytes, verifyEd25519, type DecodedTx, type Message, type TxBody } from '@chiron/protocol'
import { accounts, applicationContracts, CommittedState, consent, createRuntime, identity, MemoryStore, network, runtimeParameters, type TxResult } from '../src/index.ts'
import { ada, CHAIN_ID, genesisOf, lakeside, msg, openMsg, organisation, registerMsg, riverside, START_MS, terms, type Person } from './contract-chain.ts'

/** The runtime with all contracts and true signatures. */
const runtime = createRuntime({ contracts: applicationContracts(), accounts, parameters: runtimeParameters, verify: verifyEd25519 })

function signed(signer: Person, messages: Message[], timeMs: number, fields: Partial<TxBody> = {}): DecodedTx {
  const body: TxBody = { chainId: CHAIN_ID, signer: signer.did, keyId: 'k1', messages, validUntil: timeMs + 60_000, ...fields }
  const bytes = encodeCanonical(body)
  return decodeTx(encodeTx(bytes, ed25519.sign(signingBytes(bytes), signer.secret)))
}

class Node {
  readonly store = new MemoryStore()
  height = 0
  constructor() {
    this.store.apply(runtime.executeGenesis(genesisOf()).writes)
  }
  block(txs: (timeMs: number) => DecodedTx[]): { readonly results: readonly TxResult[]; readonly root: Uint8Array } {
    const timeMs = START_MS + ++this.height * 1_000
    const { results, app, writes } = runtime.executeBlock(this.store, { chainId: CHAIN_ID, height: this.height, timeMs, txs: txs(timeMs) })
    this.store.apply(writes)
    runtime.checkInvariants(this.store)
    return { results, root: app.stateRoot }
  }
}

const grantMsg = msg('consent.grant', { patient: ada.handle, terms: terms({ grantee: organisation(lakeside) }) })
const BLOCKS: ((timeMs: number) => DecodedTx[])[] = [
  (t) => [signed(riverside, [registerMsg('patient', ada)], t)],
  (t) => [signed(ada, [grantMsg], t), signed(riverside, [grantMsg], t), signed(lakeside, [openMsg(lakeside)], t)],
  () => [],
  (t) => [signed(riverside, [msg('identity.suspend', { did: ada.did, suspended: true })], t), signed(ada, [grantMsg, grantMsg], t)],
]
const codes = (results: readonly TxResult[]): string[] => results.map((r) => (r.code === 0 ? '' : `${r.codespace}/${r.code}`))

test('signed transactions pass through the runtime into the contracts', () => {
  const node = new Node()
  const results = BLOCKS.map((block) => codes(node.block(block).results))
  // Who is suspended has no key any more: in the same block already.
  expect(results).toEqual([[''], ['', 'consent/1', ''], [], ['', 'runtime/6']])
  const state = new CommittedState(node.store)
  expect(identity.document(state, ada.did)).toMatchObject({ suspended: true, controller: riverside.did })
  expect(consent.rulesOf(state, ada.handle, START_MS + 10_000)).toHaveLength(1)
  expect(state.listSize('accesses', ada.handle)).toBe(3)
})

test('two nodes that execute the same blocks have the same state root', () => {
  const [one, other] = [new Node(), new Node()]
  for (const block of BLOCKS) expect(one.block(block).root).toEqual(other.block(block).root)
})

test('the lifetime of transactions follows the network\'s parameter', () => {
  const node = new Node()
  const long = (t: number) => [signed(riverside, [msg('network.setParameter', { name: 'maxViewAgeMs', value: 2_000 })], t, { validUntil: t + 300_000 })]
  expect(codes(node.block((t) => [signed(riverside, [msg('network.setParameter', { name: 'maxTxLifetimeMs', value: 60_000 })], t)]).results)).toEqual([''])
  expect(codes(node.block(long).results)).toEqual(['runtime/4'])
  expect(network.parameter(new CommittedState(node.store), 'maxTxLifetimeMs')).toBe(60_000)
})
