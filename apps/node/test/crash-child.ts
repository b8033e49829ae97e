/**
 * Run as a child process: `node crash-child.ts DIRECTORY POINT COUNT CLIENTS`. Submits transactions one after another,
 * prints each that is acknowledged, and kills itself with SIGKILL at POINT of the block with the COUNTth transaction; at
 * `never` it goes on until it is killed. With several clients blocks are executed ahead, and commits go aside.
 */
import { appendFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { formatFrame, segmentName } from '../src/storage/block-frames.ts'
import { FileBlockLog, type BlockLog, type BlockLogOptions } from '../src/storage/block-log.ts'
import type { StateStore } from '../src/storage/state-store.ts'
import { LmdbStore } from '../src/storage/lmdb-store.ts'
import { systemClock } from '../src/engine/system-clock.ts'
import { EmbeddedUnderTest, START_MS } from './embedded-under-test.ts'
import { testTx } from './counting-ledger.ts'

export type CrashPoint = 'before-append' | 'half-appended' | 'after-append' | 'after-commit' | 'never'

const [directory = '', point = 'never', countText = '0', clients = '1'] = process.argv.slice(2)
const count = Number(countText)
let submitted = 0

function crashAt(here: CrashPoint): void {
  if (here === point && submitted === count) process.kill(process.pid, 'SIGKILL')
}

class CrashingLog implements BlockLog {
  readonly #log: FileBlockLog
  constructor(options: BlockLogOptions) {
    this.#log = new FileBlockLog(options)
  }
  get height(): number {
    return this.#log.height
  }
  async append(block: Uint8Array): Promise<void> {
    crashAt('before-append')
    if (point === 'half-appended' && submitted === count) {
      const frame = formatFrame(this.height + 1, block)
      appendFileSync(join(directory, 'blocks', segmentName(1)), frame.subarray(0, frame.length >> 1))
    }
    crashAt('half-appended')
    await this.#log.append(block)
    crashAt('after-append')
  }
  read(height: number): Uint8Array | undefined {
    return this.#log.read(height)
  }
  close(): void {
    this.#log.close()
  }
}

function crashingStore(): StateStore {
  const store = new LmdbStore(join(directory, 'state'), clients === '1' ? undefined : 0)
  const commit = store.commit.bind(store)
  store.commit = (writes) => {
    commit(writes)
    crashAt('after-commit')
  }
  return store
}

const under = await EmbeddedUnderTest.open(directory, { openLog: (options) => new CrashingLog(options), store: crashingStore(), options: { limits: { aheadTxs: 1, blockTxs: 3 } }, clock: systemClockAfter(START_MS) })
async function client(): Promise<never> {
  for (;;) {
    submitted++
    const salt = new Uint8Array(16)
    new DataView(salt.buffer).setUint32(0, submitted)
    new DataView(salt.buffer).setUint32(4, process.pid)
    await under.engine.submit(testTx(Math.max(START_MS, systemClock.nowMs()) + 60_000, { salt }))
    writeSync(1, `${Buffer.from(salt).toString('hex')}\n`)
  }
}

await Promise.all(Array.from({ length: Number(clients) }, client))

/** The machine's clock, but never before the test's genesis. */
function systemClockAfter(startMs: number): typeof systemClock {
  return { nowMs: () => Math.max(startMs, systemClock.nowMs()), uptimeMs: () => systemClock.uptimeMs() }
}
