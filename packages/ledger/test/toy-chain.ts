import { encodeCanonical, equalBytes, formatDid, hmacSha256, sha256, signingBytes, txIdOf, utf8, type Did, type DecodedTx, type Genesis, type Handle, type TxBody } from '@chiron/protocol'
import { createRuntime, defineContract, ContractError, InvariantError, wire, MemoryStore, readHead, type BlockOutput, type KeyValueReader, type Runtime, type WiredContract } from '../src/index.ts'

export const CHAIN_ID = 'toy-1'
export const START_MS = 1_700_000_000_000
export const SIGNER: Did = formatDid(new Uint8Array(20).fill(7))
export const LIST_CODE = 7

export const handleOf = (n: number): Handle => sha256(Uint8Array.of(n)) as Handle
export const factKey = (n: number): Uint8Array => utf8(`toy/${n}`)

/** One real message type, whose parameter picks what the toy contract does. */
type Deed = 'write' | 'refuse' | 'crash' | 'break' | 'trespass' | 'remove' | 'swallow'
const CODES: Readonly<Record<Deed, number>> = { write: 0, refuse: 1, crash: 2, break: 3, trespass: 4, remove: 5, swallow: 6 }
const DEEDS = Object.keys(CODES) as Deed[]

const toy = defineContract<'network', null>({
  name: 'network',
  handlers: {
    'network.addMember': () => undefined,
    'network.removeMember': () => undefined,
    'network.setJurisdiction': () => undefined,
    'network.setParameter': (ctx, message) => {
      const n = Math.floor(message.value / 10)
      ctx.state.setFact(factKey(n), encodeCanonical(n))
      ctx.state.setFlat(utf8(`last/${n % 3}`), ctx.txId)
      ctx.state.append(n % 2 === 0 ? 'records' : 'accesses', handleOf(n % 3), encodeCanonical([n, ctx.block.timeMs]))
      ctx.emit({ type: 'toy.written', attributes: { n } })
      switch (DEEDS[message.value % 10]) {
        case 'refuse': throw new ContractError('network', LIST_CODE, 'refused')
        case 'crash': throw new TypeError('unforeseen')
        case 'break': throw new InvariantError('broken')
        case 'trespass': return ctx.state.setFlat(Uint8Array.of(0, 3), Uint8Array.of(1))
        case 'remove': return ctx.state.deleteFact(factKey(n))
        case 'swallow': {
          try {
            ctx.state.fact(utf8('unreadable'))
          } catch {
            return
          }
        }
      }
    },
  },
  genesis(state, genesis) {
    state.setFact(utf8('toy/genesis'), encodeCanonical(genesis.timeMs))
  },
  invariants(state) {
    if (state.fact(utf8('toy/genesis')) === undefined) throw new InvariantError('genesis is gone')
  },
})

const PUBLIC_KEY = sha256(utf8('toy key'))
const macOf = (message: Uint8Array): Uint8Array => {
  const mac = hmacSha256(PUBLIC_KEY, message)
  return Uint8Array.from([...mac, ...mac])
}

export const toyGenesis: Genesis = {
  chainId: CHAIN_ID,
  timeMs: START_MS,
  sample: true,
  members: [],
  governance: [],
  blockSigner: { did: SIGNER, signingKey: PUBLIC_KEY, agreementKey: PUBLIC_KEY, inception: new Uint8Array(16) },
  custody: { keyholders: [], threshold: 1 },
  parameters: [],
}

export function toyRuntime(overrides: { onUnexpected?: (error: unknown) => void; maxTxLifetimeMs?: number; contracts?: readonly WiredContract[] } = {}): Runtime {
  const { onUnexpected, maxTxLifetimeMs } = overrides
  return createRuntime({
    contracts: overrides.contracts ?? [wire(toy, null)],
    accounts: { signingKey: (_state, did, keyId) => (did === SIGNER && keyId === 'k1' ? PUBLIC_KEY : undefined) },
    verify: (publicKey, message, signature) => equalBytes(publicKey, PUBLIC_KEY) && equalBytes(signature, macOf(message)),
    ...(onUnexpected ? { onUnexpected } : {}),
    ...(maxTxLifetimeMs === undefined ? {} : { parameters: { maxTxLifetimeMs: () => maxTxLifetimeMs } }),
  })
}

let salts = 0
/** A signed transaction with one message per deed. */
export function toyTx(deeds: readonly (readonly [Deed, number])[], changes: Partial<TxBody> = {}, saltNumber = salts++): DecodedTx {
  const body: TxBody = {
    chainId: CHAIN_ID,
    signer: SIGNER,
    keyId: 'k1',
    validUntil: START_MS + 60_000,
    messages: deeds.map(([deed, n], i) => ({
      type: 'network.setParameter',
      salt: sha256(utf8(`${saltNumber}/${i}`)).slice(0, 16),
      name: 'maxAccessMs',
      value: n * 10 + CODES[deed],
    })),
    ...changes,
  }
  const bodyBytes = encodeCanonical(body)
  return { id: txIdOf(bodyBytes), body, bodyBytes, signature: macOf(signingBytes(bodyBytes)) }
}

/** A store at height 0. */
export function toyStore(runtime: Runtime = toyRuntime()): MemoryStore {
  const store = new MemoryStore()
  store.apply(runtime.executeGenesis(toyGenesis).writes)
  return store
}

/** Executes the next block at `timeMs` without applying it. */
export function nextBlock(runtime: Runtime, reader: KeyValueReader, txs: readonly DecodedTx[], timeMs?: number): BlockOutput {
  const head = readHead(reader)
  if (!head) throw new InvariantError('no genesis')
  return runtime.executeBlock(reader, { chainId: CHAIN_ID, height: head.height + 1, timeMs: timeMs ?? head.timeMs + 1000, txs })
}

export function commitBlock(runtime: Runtime, store: MemoryStore, txs: readonly DecodedTx[], timeMs?: number): BlockOutput {
  const output = nextBlock(runtime, store, txs, timeMs)
  store.apply(output.writes)
  return output
}
