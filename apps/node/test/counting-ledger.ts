import { createPrivateKey, createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto'
import { deriveDid, encodeCanonical, encodeTx, formatDid, signingBytes, txIdOf, utf8, type Did, type Genesis, type Handle, type Message } from '@chiron/protocol'
import { ContractError, createRuntime, defineContract, wire, type Runtime } from '@chiron/ledger'
import type { BlockSigner, Clock, LedgerRuntime } from '../src/engine/ports.ts'
import { NativeSignatures } from '../src/engine/signatures.ts'

/** A key pair with the node's own cryptography. */
export interface TestKey {
  readonly did: Did
  readonly publicKey: Uint8Array
  readonly privateKey: KeyObject
}

export const INCEPTION = new Uint8Array(16).fill(9)

export function testKey(seed: number, kind = 'organisation'): TestKey {
  const privateKey = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), new Uint8Array(32).fill(seed)]), format: 'der', type: 'pkcs8' })
  const publicKey = new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32))
  return { did: deriveDid(kind, publicKey, INCEPTION), publicKey, privateKey }
}

export function testSigner(key: TestKey): BlockSigner {
  return { did: key.did, publicKey: key.publicKey, sign: (message) => new Uint8Array(sign(null, message, key.privateKey)) }
}

export const author = testKey(1)
export const stranger = testKey(2)
export const blockSigner = testKey(3)

export function testGenesis(timeMs: number, chainId = 'chiron-test'): Genesis {
  const identity = { did: blockSigner.did, signingKey: blockSigner.publicKey, agreementKey: new Uint8Array(32).fill(1), inception: INCEPTION }
  return {
    chainId,
    timeMs,
    sample: true,
    members: [],
    governance: [author.did],
    blockSigner: identity,
    custody: { keyholders: [], threshold: 1 },
    parameters: [],
  } as Genesis
}

/**
 * A runtime with the author's key and one contract, that counts and lists what `network.removeMember` names; one for a
 * DID of zeros is refused, one of ones fails as a defect would.
 */
export function countingRuntime(signatures = new NativeSignatures()): Runtime {
  const contract = defineContract({
    name: 'network',
    handlers: {
      'network.removeMember': (ctx, message) => {
        if (message.did === REFUSED) throw new ContractError('network', 7, 'refused by the test')
        const count = (ctx.state.fact(COUNT)?.[0] ?? 0) + 1
        ctx.state.setFact(COUNT, Uint8Array.of(count & 255))
        ctx.state.setFact(Uint8Array.of(2, ...message.salt), utf8(message.did))
        ctx.state.append('records', HANDLE, message.salt)
        ctx.emit({ type: 'network.removed', attributes: { did: message.did, count, salt: message.salt } })
      },
      'network.addMember': () => {},
      'network.setJurisdiction': () => {},
      'network.setParameter': () => {},
    },
  })
  return createRuntime({
    contracts: [wire(contract as never, {})],
    accounts: { signingKey: (_state, did, keyId) => (did === author.did && keyId === 'k1' ? author.publicKey : undefined) },
    verify: signatures.ofTx,
  })
}

export const HANDLE = new Uint8Array(32).fill(4) as Handle
const COUNT = Uint8Array.of(1)
const REFUSED = formatDid(new Uint8Array(20))

/** How many transactions the state counted, modulo 256. */
export function countOf(state: { fact(key: Uint8Array): Uint8Array | undefined }): number {
  return state.fact(COUNT)?.[0] ?? 0
}

export interface TxOptions {
  readonly key?: TestKey
  readonly keyId?: string
  readonly chainId?: string
  readonly refused?: boolean
  readonly salt?: Uint8Array
}

/** A signed transaction of one message. */
export function testTx(validUntil: number, { key = author, keyId = 'k1', chainId = 'chiron-test', refused = false, salt = new Uint8Array(randomBytes(16)) }: TxOptions = {}): Uint8Array {
  const message: Message = { type: 'network.removeMember', salt, did: refused ? REFUSED : author.did }
  const body = encodeCanonical({ chainId, signer: key.did, keyId, messages: [message], validUntil })
  return encodeTx(body, new Uint8Array(sign(null, signingBytes(body), key.privateKey)))
}

export function txIdOfBody(body: Uint8Array): Uint8Array {
  return txIdOf(body)
}

/** A clock that tests set. */
export class TestClock implements Clock {
  #nowMs: number
  #uptimeMs = 1_000
  constructor(nowMs: number) {
    this.#nowMs = nowMs
  }
  nowMs(): number {
    return this.#nowMs
  }
  uptimeMs(): number {
    return this.#uptimeMs
  }
  /** Time goes by. */
  pass(ms: number): void {
    this.#nowMs += ms
    this.#uptimeMs += ms
  }
  /** Somebody sets the clock. */
  set(nowMs: number): void {
    this.#nowMs = nowMs
  }
}

/** A runtime whose next execution can be made to fail. */
export class FaultyRuntime implements LedgerRuntime {
  readonly #runtime: LedgerRuntime
  fail: Error | undefined
  constructor(runtime: LedgerRuntime) {
    this.#runtime = runtime
  }
  executeGenesis: LedgerRuntime['executeGenesis'] = (genesis) => this.#runtime.executeGenesis(genesis)
  signaturesOf: LedgerRuntime['signaturesOf'] = (reader, tx, block) => this.#runtime.signaturesOf(reader, tx, block)
  executeBlock: LedgerRuntime['executeBlock'] = (reader, block) => {
    if (this.fail) throw this.fail
    return this.#runtime.executeBlock(reader, block)
  }
}
