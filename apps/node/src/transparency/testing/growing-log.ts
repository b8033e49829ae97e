import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { utf8, type AppState, type Did, type TxId } from '@chiron/protocol'
import { appendToLog, logLeaf, MemoryStore, rangeRoot, type CompactRange } from '@chiron/ledger'
import type { CommittedBlock } from '../../engine/engine.ts'
import type { BlockSigner } from '../../engine/ports.ts'

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** Signs with an Ed25519 key made of one repeated byte. */
export function signerOf(byte: number): BlockSigner {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, Buffer.alloc(32, byte)]), format: 'der', type: 'pkcs8' })
  const publicKey = new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32))
  return { did: `did:chiron:${'a'.repeat(32)}` as Did, publicKey, sign: (message) => new Uint8Array(sign(null, message, privateKey)) }
}

/** As much of an engine as checkpoints need: a log that grows when it is told to. */
export class GrowingLog {
  readonly reader = new MemoryStore()
  readonly #listeners = new Set<(block: CommittedBlock) => void>()
  #range: CompactRange = { size: 0, peaks: [] }

  /** Appends leaves that differ from those of another `word`. */
  grow(count: number, word = 'leaf'): this {
    const leaves = Array.from({ length: count }, (_, n) => logLeaf(txIdOf(`${word} ${this.#range.size + n}`), '', 0))
    const { frontier, writes } = appendToLog(this.#range, leaves)
    this.reader.apply(writes)
    this.#range = frontier
    for (const listener of this.#listeners) listener(undefined as never)
    return this
  }

  head() {
    const app: AppState = { stateRoot: new Uint8Array(32), logRoot: rangeRoot(this.#range), logSize: this.#range.size }
    return { app, signed: undefined as never, header: undefined as never }
  }

  onBlock(listener: (block: CommittedBlock) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

export function txIdOf(word: string): TxId {
  const bytes = new Uint8Array(32)
  bytes.set(utf8(word).subarray(0, 32))
  return bytes as TxId
}
