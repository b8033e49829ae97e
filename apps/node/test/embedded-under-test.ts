import { join } from 'node:path'
import type { EmbeddedEngine, EmbeddedOptions, EngineError, OpenDependencies } from '../src/engine/index.ts'
import { NativeSignatures, openEmbeddedEngine } from '../src/engine/index.ts'
import { CachedStore } from '../src/storage/cached-store.ts'
import { LmdbStore } from '../src/storage/lmdb-store.ts'
import type { StateStore } from '../src/storage/state-store.ts'
import { blockSigner, countingRuntime, TestClock, testGenesis, testSigner } from './counting-ledger.ts'

export const START_MS = 1_800_000_000_000

/** An embedded engine over a directory, with a clock that the test sets. */
export class EmbeddedUnderTest {
  readonly directory: string
  readonly clock: TestClock
  readonly halts: EngineError[] = []
  readonly listenerErrors: unknown[] = []
  readonly #change: Partial<OpenDependencies> & { readonly options?: Partial<EmbeddedOptions> }
  readonly #opened: EmbeddedEngine[] = []

  private constructor(directory: string, clock: TestClock, change: Partial<OpenDependencies> & { readonly options?: Partial<EmbeddedOptions> }) {
    this.directory = directory
    this.clock = clock
    this.#change = change
  }

  static async open(directory: string, change: Partial<OpenDependencies> & { readonly options?: Partial<EmbeddedOptions> } = {}, clock = new TestClock(START_MS)): Promise<EmbeddedUnderTest> {
    const under = new EmbeddedUnderTest(directory, clock, change)
    await under.reopen()
    return under
  }

  get engine(): EmbeddedEngine {
    return this.#opened.at(-1) as EmbeddedEngine
  }

  get blocks(): string {
    return join(this.directory, 'blocks')
  }

  openStore(): StateStore {
    return new CachedStore(new LmdbStore(join(this.directory, 'state')))
  }

  /** Stops the engine, if one runs, and opens another over the same data. */
  async reopen(): Promise<EmbeddedEngine> {
    await this.engine?.close()
    const signatures = new NativeSignatures()
    const store = this.#change.store ?? this.openStore()
    const { options, ...dependencies } = this.#change
    try {
      const engine = await openEmbeddedEngine(
        { genesis: testGenesis(START_MS - 1_000), blocks: this.blocks, ...options },
        {
          store,
          runtime: countingRuntime(signatures),
          signer: testSigner(blockSigner),
          signatures,
          clock: this.clock,
          onHalt: (error) => this.halts.push(error),
          onListenerError: (error) => this.listenerErrors.push(error),
          ...dependencies,
        },
      )
      this.#opened.push(engine)
      return engine
    } catch (error) {
      await store.close()
      throw error
    }
  }

  async close(): Promise<void> {
    await this.engine?.close()
  }
}
