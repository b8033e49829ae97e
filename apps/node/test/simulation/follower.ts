import { decodeHeader, decodeTx, type AppState, type BlockHeader, type Genesis, type SignedHeader } from '@chiron/protocol'
import { CommittedState, type StateReader } from '@chiron/ledger'
import { SimulationError, type Incarnation, type Machine, type Network } from '@chiron/testkit/simulation'
import { genesisLink, linkOf, readBlock, type Link, type VerifySignature } from '../../src/engine/embedded/chain.ts'
import { readEngineHead, readResults } from '../../src/engine/embedded/records.ts'
import { commitGenesis, replayBlock } from '../../src/engine/embedded/replay.ts'
import type { Committed, CommittedBlock, Engine, EngineStatus } from '../../src/engine/engine.ts'
import { EngineError } from '../../src/engine/errors.ts'
import type { LedgerRuntime } from '../../src/engine/ports.ts'
import { StorageError } from '../../src/storage/errors.ts'
import type { DiskStateStore } from './stores.ts'

const ASK_MS = 1_500
const GIVE_UP_MS = 20_000

/** What outlives a run: the state, and the blocks that it was made of. */
export interface FollowerDisk {
  readonly store: DiskStateStore
  readonly blocks: Uint8Array[]
}

export interface FollowerDependencies {
  readonly run: Incarnation
  readonly network: Network
  readonly ledger: Machine
  readonly genesis: Genesis
  readonly disk: FollowerDisk
  readonly runtime: LedgerRuntime
  readonly verify: VerifySignature
  readonly maxViewAgeMs: number
}

/**
 * The ledger as a node sees it that does not make blocks: hears of them over the network, fetches what it missed, and
 * executes each with the engine's own replay. Stands in for the view under CometBFT; freshness as SPEC-FRESH-1.
 */
export class Follower implements Engine {
  readonly state: StateReader
  readonly reader: DiskStateStore
  readonly #dependencies: FollowerDependencies
  readonly #heard = new Map<number, Uint8Array>()
  readonly #listeners = new Set<(block: CommittedBlock) => void>()
  readonly #awaited: { readonly height: number; readonly reached: () => void }[] = []
  #link: Link
  #signed: SignedHeader | undefined
  #newestHeard = 0
  /** Whether the newest block was heard of since the start, and not fetched. */
  #live = false
  #fetching = false

  constructor(dependencies: FollowerDependencies) {
    const { disk, genesis, runtime, run } = dependencies
    this.#dependencies = dependencies
    this.reader = disk.store
    this.state = new CommittedState(disk.store)
    if (readEngineHead(disk.store) === undefined) commitGenesis(genesis, disk.store, runtime)
    const newest = disk.blocks.at(-1)
    this.#link = newest === undefined ? genesisLink(genesis) : linkOf(readBlock(newest, disk.blocks.length))
    this.#signed = newest === undefined ? undefined : signedOf(newest, disk.blocks.length)
    run.services.set('block', (message: { height: number; bytes: Uint8Array }) => this.#hear(message))
    this.#fetch()
    run.every(1_000, 'looks for blocks', () => this.#fetch())
  }

  async submit(tx: Uint8Array): Promise<Committed> {
    const { run, network, ledger } = this.#dependencies
    const { validUntil } = decodeTx(tx).body
    const startedMs = run.uptimeMs()
    for (;;) {
      try {
        const committed = await network.call<Committed>(run.machine, ledger, 'submit', tx, ASK_MS)
        await this.#reach(committed.height)
        return committed
      } catch (error) {
        const again = error instanceof SimulationError || (error instanceof EngineError && error.code !== 'ERR_ENGINE_TX_INVALID')
        if (!again) throw error
        if (run.uptimeMs() - startedMs > GIVE_UP_MS || run.nowMs() > validUntil) throw new EngineError('ERR_ENGINE_BUSY', 'the ledger cannot be reached', { cause: error })
        await run.sleep(300)
      }
    }
  }

  async advance(): Promise<void> {
    const { run, network, ledger } = this.#dependencies
    try {
      await this.#reach(await network.call<number>(run.machine, ledger, 'advance', undefined, ASK_MS))
    } catch (cause) {
      throw cause instanceof EngineError ? cause : new EngineError('ERR_ENGINE_BUSY', 'the ledger cannot be reached', { cause })
    }
  }

  head(): { readonly signed: SignedHeader; readonly header: BlockHeader; readonly app: AppState } {
    const app = readEngineHead(this.reader)?.app
    if (this.#signed === undefined || app === undefined) throw new EngineError('ERR_ENGINE_BUSY', 'no block was heard of yet')
    return { signed: this.#signed, header: decodeHeader(this.#signed.header), app }
  }

  status(): EngineStatus {
    const app = readEngineHead(this.reader)?.app as AppState
    const { chainId, height, timeMs } = this.#link
    return { chainId, height, timeMs, stateRoot: app.stateRoot, txCount: app.logSize, fresh: this.isFresh() }
  }

  isFresh(): boolean {
    const { run, maxViewAgeMs } = this.#dependencies
    return this.#live && this.#newestHeard <= this.#link.height && Math.abs(run.nowMs() - this.#link.timeMs) <= maxViewAgeMs
  }

  onBlock(listener: (block: CommittedBlock) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  block(height: number): Uint8Array | undefined {
    return this.#dependencies.disk.blocks[height - 1]
  }

  /** Resolves once something was executed, so that there is a head. */
  async started(): Promise<void> {
    await this.#reach(1)
  }

  async close(): Promise<void> {}

  #reach(height: number): Promise<void> {
    if (this.#link.height >= height) return Promise.resolve()
    return new Promise((reached) => this.#awaited.push({ height, reached }))
  }

  async #hear({ height, bytes }: { height: number; bytes: Uint8Array }): Promise<void> {
    this.#newestHeard = Math.max(this.#newestHeard, height)
    if (height > this.#link.height) this.#heard.set(height, bytes)
    this.#executeHeard()
    if (this.#newestHeard > this.#link.height) this.#fetch()
  }

  #executeHeard(): void {
    for (let next = this.#heard.get(this.#link.height + 1); next !== undefined; next = this.#heard.get(this.#link.height + 1)) {
      this.#heard.delete(this.#link.height + 1)
      if (!this.#execute(next)) return
      this.#live = true
    }
  }

  /** Whether it did: with a disk that refuses, the process ends and is started again. */
  #execute(bytes: Uint8Array): boolean {
    const { genesis, disk, runtime, verify, run } = this.#dependencies
    disk.store.beside = () => disk.blocks.push(bytes)
    let replayed: ReturnType<typeof replayBlock>
    try {
      replayed = replayBlock(this.#link, bytes, genesis, disk.store, { runtime, verify })
    } catch (error) {
      if (run.alive && !(error instanceof StorageError)) throw error
      if (run.alive) run.machine.crashFor(1_000)
      return false
    }
    const { link, app } = replayed
    this.#link = link
    this.#signed = signedOf(bytes, link.height)
    this.#live = false
    const results = readResults(disk.store, link.height) ?? []
    for (const listener of this.#listeners) listener({ header: decodeHeader(this.#signed.header), signed: this.#signed, app, results })
    for (const item of this.#awaited.splice(0)) {
      if (item.height <= link.height) item.reached()
      else this.#awaited.push(item)
    }
    return true
  }

  #fetch(): void {
    if (this.#fetching) return
    this.#fetching = true
    void this.#fetchAll().finally(() => {
      this.#fetching = false
    })
  }

  async #fetchAll(): Promise<void> {
    const { run, network, ledger } = this.#dependencies
    for (;;) {
      const height = this.#link.height + 1
      let bytes: Uint8Array | undefined
      try {
        bytes = await network.call<Uint8Array | undefined>(run.machine, ledger, 'fetch', height, ASK_MS)
      } catch {
        return
      }
      if (bytes === undefined) return
      if (this.#link.height + 1 === height && !this.#execute(bytes)) return
      this.#executeHeard()
    }
  }
}

function signedOf(bytes: Uint8Array, height: number): SignedHeader {
  const { header, signer, signature } = readBlock(bytes, height).block
  return { header, signer, signature }
}
