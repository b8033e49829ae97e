import { MAX_TX_BYTES, ProtocolError, decodeTx, equalBytes, type AppState, type BlockHeader, type DecodedTx, type Genesis, type SignedHeader } from '@chiron/protocol'
import { CommittedState, ContractError, readHead, refusal, type SignatureCheck, type StateReader, type TxResult } from '@chiron/ledger'
import type { BlockLog } from '../../storage/block-log.ts'
import { AheadReader } from '../../storage/ahead-reader.ts'
import { StorageError } from '../../storage/errors.ts'
import { MemoryStateStore } from '../../storage/memory-state-store.ts'
import type { StateStore } from '../../storage/state-store.ts'
import type { Committed, CommittedBlock, Engine, EngineStatus } from '../engine.ts'
import { EngineError } from '../errors.ts'
import type { BlockSigner, Clock, LedgerRuntime } from '../ports.ts'
import type { NativeSignatures } from '../signatures.ts'
import { BlockTime } from './block-time.ts'
import { genesisHash, linkOf, readBlock, signedHeaderOf, type Link, type ReadBlock } from './chain.ts'
import { makeBlock, storeBlock, type MadeBlock } from './commit-block.ts'
import { Mempool, type MempoolLimits, type Pending } from './mempool.ts'
import { Pipeline } from './pipeline.ts'
import { readPlace, readResults } from './records.ts'
import { replayChain, type Replayed } from './replay.ts'

export interface EmbeddedDependencies {
  readonly store: StateStore
  readonly log: BlockLog
  readonly runtime: LedgerRuntime
  readonly signer: BlockSigner
  readonly signatures: NativeSignatures
  readonly clock: Clock
  /** Throws when there may be no room for another block: a transaction is then refused, and the engine goes on. */
  readonly assertRoom?: () => void
  /** Hears once that the engine halted, and why: the node should say so and exit. */
  onHalt(error: EngineError): void
  /** Hears what a block listener threw; it does not stop the engine. */
  onListenerError(error: unknown): void
}

/** A block with those who wait for it. */
interface Batch extends MadeBlock {
  readonly pending: readonly Pending[]
}

/** The newest block, and the roots under its app hash. */
export interface Head {
  readonly signed: SignedHeader
  readonly header: BlockHeader
  readonly app: AppState
}

/**
 * {@link Engine} in one process. Everything that waits goes into the next block (group commit): execute, sign, append to
 * the block log and flush, commit the state and flush, then answer. So the log is never behind the state, and a crash
 * leaves at most one block to execute again. Under load the next block is executed meanwhile ({@link Pipeline}). What is
 * read here is the state of the newest durable block. Made by `openEmbeddedEngine`.
 */
export class EmbeddedEngine implements Engine {
  readonly state: StateReader
  readonly reader: StateStore
  readonly #genesis: Genesis
  readonly #genesisHash: Uint8Array
  readonly #dependencies: EmbeddedDependencies
  readonly #mempool: Mempool
  readonly #blockTime: BlockTime
  readonly #listeners = new Set<(block: CommittedBlock) => void>()
  readonly #pipeline: Pipeline<Batch>
  #head: Head
  #txCount: number
  #emptyBlockWanted = false
  #roomAskedMs = Number.NaN
  #stopped: EngineError | undefined

  constructor(genesis: Genesis, head: Head, limits: MempoolLimits, dependencies: EmbeddedDependencies) {
    this.#genesis = genesis
    this.#genesisHash = genesisHash(genesis)
    this.#dependencies = dependencies
    this.#mempool = new Mempool(limits)
    this.#blockTime = new BlockTime(dependencies.clock)
    this.#pipeline = new Pipeline({ make: (storing) => this.#make(storing), store: (block) => this.#store(block) })
    this.#head = head
    this.#txCount = readHead(dependencies.store)?.txs ?? 0
    this.reader = dependencies.store
    this.state = new CommittedState(dependencies.store)
  }

  submit(bytes: Uint8Array): Promise<Committed> {
    try {
      return this.#admit(bytes.slice())
    } catch (error) {
      return Promise.reject(error)
    }
  }

  head(): Head {
    return this.#head
  }

  status(): EngineStatus {
    const { header, app } = this.#head
    const fresh = this.#stopped === undefined && this.#blockTime.refusal(header.timeMs) === undefined
    return { chainId: header.chainId, height: header.height, timeMs: header.timeMs, stateRoot: app.stateRoot, txCount: this.#txCount, fresh }
  }

  onBlock(listener: (block: CommittedBlock) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  block(height: number): Uint8Array | undefined {
    return height > this.#head.header.height ? undefined : this.#dependencies.log.read(height)
  }

  /** Results of a block's transactions, in order: for those who follow the chain and were away. */
  results(height: number): readonly TxResult[] | undefined {
    return readResults(this.#dependencies.store, height)
  }

  /**
   * Brings block time up to the clock, with an empty block if no other is made: what has run out is then over. Resolves
   * when that is durable. @throws EngineError as {@link submit}, `ERR_ENGINE_CLOCK`
   */
  async advance(): Promise<void> {
    this.#assertRunning()
    const refusal = this.#blockTime.refusal(this.#head.header.timeMs)
    if (refusal) throw refusal
    const target = Math.floor(this.#dependencies.clock.nowMs())
    while (this.#head.header.timeMs < target) {
      this.#assertRunning()
      this.#emptyBlockWanted = true
      await this.#pipeline.start()
    }
  }

  /** Executes every block again in memory and compares every state root. @throws as `replayChain` */
  replay(): Promise<Replayed> {
    const { runtime, signatures, log } = this.#dependencies
    const { height } = this.#head.header
    return replayChain(this.#genesis, { height, read: (at) => log.read(at) }, new MemoryStateStore(), { runtime, verify: (key, message, signature) => signatures.verify(key, message, signature) })
  }

  /** Finishes the block that is being committed, rejects what waits (`ERR_ENGINE_CLOSED`), and closes state and log. */
  async close(): Promise<void> {
    this.#stop(new EngineError('ERR_ENGINE_CLOSED', 'the engine is closed'))
    await this.#pipeline.rest()
    await this.#dependencies.signatures.rest()
    this.#dependencies.log.close()
    await this.#dependencies.store.close()
  }

  #admit(bytes: Uint8Array<ArrayBuffer>): Promise<Committed> {
    this.#assertRunning()
    const tx = decodeOrRefuse(bytes)
    const unsettled = this.#mempool.find(tx)
    if (unsettled) return unsettled.committed
    const first = this.#committed(tx, bytes)
    if (first) return Promise.resolve(first)
    const refusal = this.#blockTime.refusal(this.#head.header.timeMs)
    if (refusal) throw refusal
    const { chainId, timeMs } = this.#head.header
    const nowMs = Math.floor(this.#dependencies.clock.nowMs())
    const checks = this.#admissible(tx, { chainId, timeMs: Math.max(timeMs + 1, nowMs) })
    this.#assertRoom(nowMs)
    const pending = this.#mempool.add(tx, bytes)
    this.#dependencies.signatures.checkAhead(tx.id, checks, (valid) => this.#verified(pending, valid))
    return pending.committed
  }

  /** Signatures to be verified of a transaction that is good otherwise. */
  #admissible(tx: DecodedTx, block: { readonly chainId: string; readonly timeMs: number }): readonly SignatureCheck[] {
    try {
      return this.#dependencies.runtime.signaturesOf(this.reader, tx, block)
    } catch (cause) {
      throw cause instanceof ContractError ? invalidTx(cause) : cause
    }
  }

  #verified(pending: Pending, valid: boolean): void {
    if (this.#stopped) return
    try {
      if (!valid) throw invalidTx(refusal('signatureInvalid'))
      this.#mempool.admit(pending)
    } catch (error) {
      this.#mempool.refuse(pending, error)
    }
    // One that is refused may have held back others.
    if (this.#mempool.isReady) void this.#pipeline.start()
  }

  /** Asks at most once in each millisecond: it takes a call of the system. */
  #assertRoom(nowMs: number): void {
    if (nowMs === this.#roomAskedMs) return
    this.#dependencies.assertRoom?.()
    this.#roomAskedMs = nowMs
  }

  /** The first result of a transaction that was committed with this very signature. */
  #committed(tx: DecodedTx, bytes: Uint8Array): Committed | undefined {
    const place = readPlace(this.reader, tx)
    const block = place && this.block(place.height)
    if (!place || !block) return undefined
    const read = readBlock(block, place.height)
    const result = this.results(place.height)?.[place.index]
    if (!result || !equalBytes(read.block.txs[place.index] ?? new Uint8Array(), bytes)) return undefined
    return { txId: tx.id, height: place.height, timeMs: read.header.timeMs, result }
  }

  /** The next block of what waits, after the one that is being stored. What is little waits until that is done. */
  #make(storing: Batch | undefined): Batch | undefined {
    while (this.#stopped === undefined && (storing === undefined ? this.#mempool.isReady || this.#emptyBlockWanted : this.#mempool.isAmple)) {
      const link = linkOf(storing?.sealed ?? asBlock(this.#head))
      const timeMs = this.#nextTime(link.timeMs)
      if (timeMs === undefined) return undefined
      const pending = this.#mempool.take(timeMs)
      const wanted = this.#emptyBlockWanted
      this.#emptyBlockWanted = false
      if (pending.length > 0 || wanted) return this.#execute(link, timeMs, pending, storing)
    }
    return undefined
  }

  #nextTime(previousMs: number): number | undefined {
    try {
      return this.#blockTime.next(previousMs)
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      this.#emptyBlockWanted = false
      this.#mempool.rejectWaiting(error)
      return undefined
    }
  }

  #execute(link: Link, timeMs: number, pending: readonly Pending[], storing: Batch | undefined): Batch | undefined {
    const { store } = this.#dependencies
    try {
      const reader = storing === undefined ? store : new AheadReader(store, storing.output.writes)
      return { pending, ...makeBlock(link, timeMs, pending, this.#genesisHash, reader, this.#dependencies) }
    } catch (cause) {
      this.#halt(cause, pending)
      return undefined
    }
  }

  async #store(block: Batch): Promise<boolean> {
    try {
      await storeBlock(block, this.#dependencies, () => this.#announce(block))
      return true
    } catch (cause) {
      this.#halt(cause, block.pending)
      return false
    }
  }

  /** Called in the moment from which reads see the block. */
  #announce({ pending: batch, sealed, output: { app, results } }: Batch): void {
    this.#head = { signed: signedHeaderOf(sealed.block), header: sealed.header, app }
    this.#txCount += results.length
    const { header, signed } = this.#head
    for (const listener of this.#listeners) {
      try {
        listener({ header, signed, app, results })
      } catch (error) {
        this.#dependencies.onListenerError(error)
      }
    }
    for (const [index, pending] of batch.entries()) {
      this.#mempool.settle(pending)
      this.#dependencies.signatures.forget(pending.tx.id)
      pending.resolve({ txId: pending.tx.id, height: header.height, timeMs: header.timeMs, result: results[index] as TxResult })
    }
  }

  #halt(cause: unknown, batch: readonly Pending[]): void {
    const { height } = this.#head.header
    const advice = cause instanceof StorageError ? cause.message : 'executing a block failed, which is a defect of this program: keep the data directory and report it'
    const error = new EngineError('ERR_ENGINE_HALTED', `the ledger stopped after block ${height}; what was being committed may or may not be there after a restart. ${advice}`, { context: { height }, cause })
    this.#reject(batch, error)
    const hasHalted = this.#stopped?.code === 'ERR_ENGINE_HALTED'
    this.#stop(error)
    if (!hasHalted) this.#dependencies.onHalt(error)
  }

  /** No further block is made or stored. What is being stored goes on. */
  #stop(error: EngineError): void {
    this.#stopped ??= error
    this.#mempool.rejectWaiting(this.#stopped)
    this.#reject(this.#pipeline.stop()?.pending ?? [], this.#stopped)
  }

  #reject(batch: readonly Pending[], error: EngineError): void {
    for (const pending of batch) {
      this.#mempool.settle(pending)
      pending.reject(error)
    }
  }

  #assertRunning(): void {
    if (this.#stopped) throw this.#stopped
  }
}

function decodeOrRefuse(bytes: Uint8Array): DecodedTx {
  if (bytes.length > MAX_TX_BYTES) throw new EngineError('ERR_ENGINE_TX_INVALID', `a transaction has at most ${MAX_TX_BYTES} bytes`)
  try {
    return decodeTx(bytes)
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw new EngineError('ERR_ENGINE_TX_INVALID', `malformed transaction: ${cause.message}`, { context: { code: cause.code }, cause })
  }
}

function invalidTx(cause: ContractError): EngineError {
  return new EngineError('ERR_ENGINE_TX_INVALID', cause.reason, { context: { codespace: cause.codespace, code: cause.code }, cause })
}

function asBlock({ signed, header }: Head): ReadBlock {
  return { block: { ...signed, txs: [] }, header }
}
