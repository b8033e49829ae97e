import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeCanonical, encodeCanonical, encodeHeader, headerSigningBytes, signedBlock, decodeHeader } from '@chiron/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CrashPoint } from '../../../test/crash-child.ts'
import { blockSigner, countingRuntime, countOf, FaultyRuntime, HANDLE, stranger, testGenesis, testSigner, testTx } from '../../../test/counting-ledger.ts'
import { EmbeddedUnderTest, START_MS } from '../../../test/embedded-under-test.ts'
import { canMount, mountTmpfs, resizeTmpfs, unmount } from '../../../test/small-disk.ts'
import { formatFrame, formatSegmentHeader, parseFrame, segmentName, FRAME_HEADER_BYTES, SEGMENT_HEADER_BYTES } from '../../storage/block-frames.ts'
import { FileBlockLog, type BlockLogOptions } from '../../storage/block-log.ts'
import { StorageError } from '../../storage/errors.ts'
import { LmdbStore } from '../../storage/lmdb-store.ts'
import { genesisHash } from './chain.ts'

let directory: string
const opened: EmbeddedUnderTest[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chiron-recovery-'))
})
afterEach(async () => {
  for (const under of opened.splice(0)) await under.close()
  rmSync(directory, { recursive: true, force: true })
})

async function open(change: Parameters<typeof EmbeddedUnderTest.open>[1] = {}, path = directory): Promise<EmbeddedUnderTest> {
  const under = await EmbeddedUnderTest.open(path, change)
  opened.push(under)
  return under
}

async function submit(under: EmbeddedUnderTest, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await under.engine.submit(testTx(under.clock.nowMs() + 60_000))
}

/** Closes it and forgets it. */
async function stop(under: EmbeddedUnderTest): Promise<void> {
  await under.close()
  opened.splice(opened.indexOf(under), 1)
}

const segment = (): string => join(directory, 'blocks', segmentName(1))

describe('recovery', () => {
  it('executes the block again that was logged but not committed', async () => {
    const store = new LmdbStore(join(directory, 'state'))
    const commit = store.commit.bind(store)
    const under = await open({ store })
    await submit(under, 2)
    store.commit = () => {
      throw new StorageError('ERR_STORAGE_IO', 'the disk is gone')
    }
    const lost = testTx(under.clock.nowMs() + 60_000)
    await expect(under.engine.submit(lost)).rejects.toMatchObject({ code: 'ERR_ENGINE_HALTED', message: expect.stringContaining('may or may not') })
    expect(under.engine.head().header.height).toBe(3)
    expect(under.engine.block(4)).toBeUndefined()
    store.commit = commit
    await stop(under)
    const again = await open()
    expect(again.engine.head().header.height).toBe(4)
    expect(await again.engine.submit(lost)).toMatchObject({ height: 4, result: { code: 0 } })
    expect(countOf(again.engine.state)).toBe(3)
  })

  it('builds the whole state again from the blocks', async () => {
    const under = await open()
    await submit(under, 5)
    const head = under.engine.head()
    await stop(under)
    rmSync(join(directory, 'state'), { recursive: true })
    const again = await open()
    expect(again.engine.head()).toEqual(head)
    expect([...again.engine.state.entries('records', HANDLE)]).toHaveLength(5)
    expect(again.engine.results(3)).toHaveLength(1)
  })

  it('replays from the first block to the same root', async () => {
    const under = await open()
    await submit(under, 10)
    const { header, app } = under.engine.head()
    expect(await under.engine.replay()).toEqual({ height: header.height, timeMs: header.timeMs, app, txCount: 10 })
  })

  it('refuses a log that ends before the state', async () => {
    const under = await open()
    await submit(under, 3)
    const whole = readFileSync(segment())
    await submit(under, 1)
    await stop(under)
    truncateSync(segment(), whole.length)
    await expect(open()).rejects.toMatchObject({ code: 'ERR_STORAGE_CORRUPT', context: { height: 5 } })
  })

  it('refuses a changed byte in any block', async () => {
    const under = await open()
    await submit(under, 4)
    await stop(under)
    const whole = readFileSync(segment())
    for (let at = SEGMENT_HEADER_BYTES; at < whole.length; at += 37) {
      const changed = Buffer.from(whole)
      changed[at] = (changed[at] as number) ^ 0x10
      writeFileSync(segment(), changed)
      await expect(open()).rejects.toMatchObject({ code: 'ERR_STORAGE_CORRUPT', message: expect.stringMatching(/block \d+ .*restore/) })
    }
  })

  it('refuses the data of another genesis, and another signer', async () => {
    const under = await open()
    await stop(under)
    const other = { ...testGenesis(START_MS - 1_000), sample: false }
    await expect(open({ options: { genesis: other } })).rejects.toMatchObject({ code: 'ERR_ENGINE_GENESIS' })
    await expect(open({ signer: testSigner(stranger) })).rejects.toMatchObject({ code: 'ERR_ENGINE_GENESIS' })
    rmSync(join(directory, 'state'), { recursive: true })
    await expect(open({ options: { genesis: other } })).rejects.toMatchObject({ code: 'ERR_STORAGE_FOREIGN' })
  })

  it.each([
    ['signed by another', 5, (block: Uint8Array) => resign(block, stranger)],
    ['with another time', 3, (block: Uint8Array) => resign(changeHeader(block, { timeMs: START_MS + 999 }), blockSigner)],
    ['with another previous hash', 3, (block: Uint8Array) => resign(changeHeader(block, { previous: new Uint8Array(32) }), blockSigner)],
  ])('refuses a log with a well-framed block %s', async (_name, height, change) => {
    const under = await open()
    await submit(under, 4)
    await stop(under)
    rewrite(change, height)
    await expect(open()).rejects.toMatchObject({ code: 'ERR_ENGINE_CHAIN' })
    rmSync(join(directory, 'state'), { recursive: true })
    await expect(open()).rejects.toMatchObject({ code: 'ERR_ENGINE_CHAIN' })
  })

  it('refuses to go on when a program gives another state', async () => {
    const under = await open()
    await submit(under, 2)
    await stop(under)
    rmSync(join(directory, 'state'), { recursive: true })
    const runtime = countingRuntime()
    const different = { ...runtime, executeBlock: ((reader, block) => {
      const output = runtime.executeBlock(reader, block)
      return { ...output, app: { ...output.app, stateRoot: new Uint8Array(32).fill(1) } }
    }) as typeof runtime.executeBlock }
    await expect(open({ runtime: different })).rejects.toMatchObject({ code: 'ERR_ENGINE_STATE', context: { height: 1 } })
    expect((await open()).engine.head().header.height).toBe(3)
  })

  it('refuses a state that was built from other blocks of the same genesis', async () => {
    const other = mkdtempSync(join(tmpdir(), 'chiron-other-'))
    for (const path of [directory, other]) {
      const under = await open({}, path)
      await submit(under, 2)
      await stop(under)
    }
    rmSync(join(directory, 'state'), { recursive: true })
    cpSync(join(other, 'state'), join(directory, 'state'), { recursive: true })
    rmSync(other, { recursive: true })
    await expect(open()).rejects.toMatchObject({ code: 'ERR_ENGINE_CHAIN', message: expect.stringContaining('another block') })
  })
})

describe('halting', () => {
  it('halts when executing fails, keeps answering reads, and says so once', async () => {
    const runtime = new FaultyRuntime(countingRuntime())
    const under = await open({ runtime })
    await submit(under, 1)
    runtime.fail = new TypeError('a defect')
    const refused = await Promise.allSettled([under.engine.submit(testTx(START_MS + 60_000)), under.engine.submit(testTx(START_MS + 60_000))])
    expect(refused.map((outcome) => outcome.status === 'rejected' && outcome.reason.code)).toEqual(['ERR_ENGINE_HALTED', 'ERR_ENGINE_HALTED'])
    runtime.fail = undefined
    await expect(under.engine.submit(testTx(START_MS + 60_000))).rejects.toMatchObject({ code: 'ERR_ENGINE_HALTED' })
    await expect(under.engine.advance()).rejects.toMatchObject({ code: 'ERR_ENGINE_HALTED' })
    expect(under.halts).toHaveLength(1)
    expect(under.engine.status().fresh).toBe(false)
    expect(countOf(under.engine.state)).toBe(1)
    expect(under.engine.block(2)).toBeDefined()
  })

  it('halts when the log cannot be flushed', async () => {
    class FailingLog extends FileBlockLog {
      override async append(block: Uint8Array): Promise<void> {
        if (this.height >= 2) throw new StorageError('ERR_STORAGE_IO', 'flush failed')
        await super.append(block)
      }
    }
    const under = await open({ openLog: (options: BlockLogOptions) => new FailingLog(options) })
    await submit(under, 1)
    await expect(submit(under, 1)).rejects.toMatchObject({ code: 'ERR_ENGINE_HALTED', message: expect.stringContaining('flush failed') })
    expect(countOf(under.engine.state)).toBe(1)
  })

  it('goes on when a listener throws', async () => {
    const under = await open()
    under.engine.onBlock(() => {
      throw new RangeError('a listener')
    })
    await submit(under, 2)
    expect(under.listenerErrors).toHaveLength(2)
    expect(under.halts).toEqual([])
  })

  it.skipIf(!canMount)('halts on a full disk, and after space was made has everything it acknowledged (needs root and mount)', async () => {
    const disk = mkdtempSync(join(tmpdir(), 'chiron-small-'))
    mountTmpfs(disk, '2m')
    try {
      const under = await open({}, disk)
      const acknowledged: Uint8Array[] = []
      const filling = async (): Promise<never> => {
        for (;;) {
          const bytes = testTx(START_MS + 60_000)
          await under.engine.submit(bytes)
          acknowledged.push(bytes)
        }
      }
      const error = await filling().catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'ERR_ENGINE_HALTED', message: expect.stringMatching(/free some space/), cause: { code: 'ERR_STORAGE_FULL' } })
      expect(acknowledged.length).toBeGreaterThan(10)
      expect(countOf(under.engine.state)).toBe(acknowledged.length & 255)
      await expect(submit(under, 1)).rejects.toMatchObject({ code: 'ERR_ENGINE_HALTED' })
      await stop(under)
      resizeTmpfs(disk, '16m')
      const again = await open({}, disk)
      for (const bytes of acknowledged.slice(-20)) expect((await again.engine.submit(bytes)).result.code).toBe(0)
      expect([0, 1]).toContain(again.engine.status().txCount - acknowledged.length)
      await submit(again, 1)
      await again.engine.replay()
      await stop(again)
    } finally {
      unmount(disk)
      rmSync(disk, { recursive: true, force: true })
    }
  }, 300_000)
})

describe('killed', () => {
  const child = join(import.meta.dirname, '../../../test/crash-child.ts')
  const saltsOf = (output: string): string[] => output.split('\n').filter((line) => line.length === 32)

  async function expectAll(salts: readonly string[]): Promise<EmbeddedUnderTest> {
    const under = await open({ clock: { nowMs: () => Math.max(START_MS, Date.now()), uptimeMs: () => 0 } })
    const there = new Set([...under.engine.state.entries('records', HANDLE)].map((entry) => Buffer.from(entry).toString('hex')))
    expect(salts.filter((salt) => !there.has(salt))).toEqual([])
    expect((await under.engine.replay()).app).toEqual(under.engine.head().app)
    return under
  }

  it.each([
    ['before-append', 2],
    ['half-appended', 2],
    ['after-append', 3],
    ['after-commit', 3],
  ] satisfies [CrashPoint, number][])('%s: what was acknowledged is there, the rest whole or not at all', async (point, expected) => {
    const { stdout, signal } = spawnSync(process.execPath, [child, directory, point, '3'], { encoding: 'utf8' })
    expect(signal).toBe('SIGKILL')
    expect(saltsOf(stdout)).toHaveLength(2)
    const under = await expectAll(saltsOf(stdout))
    expect(under.engine.status().txCount).toBe(expected)
    expect(readdirSync(under.blocks)).toHaveLength(1)
  })

  it.each([1, 12])('at random moments, with %s clients: what was acknowledged is there', async (clients) => {
    const acknowledged: string[] = []
    for (let round = 0; round < 3; round++) {
      const running = spawn(process.execPath, [child, directory, 'never', '0', String(clients)], { stdio: ['ignore', 'pipe', 'inherit'] })
      let seen = 0
      const until = 5 + ((round * 37) % 23)
      for await (const chunk of running.stdout) {
        const salts = saltsOf(String(chunk))
        acknowledged.push(...salts)
        seen += salts.length
        if (seen >= until) running.kill('SIGKILL')
      }
      if (running.exitCode === null && running.signalCode === null) await once(running, 'exit')
      await stop(await expectAll(acknowledged))
    }
    expect(acknowledged.length).toBeGreaterThan(15)
  })
})

/** Rewrites the block of a height as somebody could who has the disk: with a frame that is right. */
function rewrite(change: (block: Uint8Array) => Uint8Array, at: number): void {
  const bytes = readFileSync(segment())
  const frames: Uint8Array[] = []
  let offset = SEGMENT_HEADER_BYTES
  for (let height = 1; offset < bytes.length; height++) {
    const payload = parseFrame(bytes, offset, height) as Uint8Array
    frames.push(formatFrame(height, height === at ? change(payload) : payload))
    offset += FRAME_HEADER_BYTES + payload.length
  }
  writeFileSync(segment(), Buffer.concat([formatSegmentHeader(genesisHash(testGenesis(START_MS - 1_000)), 1), ...frames]))
}

function changeHeader(bytes: Uint8Array, change: object): Uint8Array {
  const block = decodeCanonical(signedBlock, bytes)
  return encodeCanonical({ ...block, header: encodeHeader({ ...decodeHeader(block.header), ...change }) })
}

function resign(bytes: Uint8Array, key: typeof stranger): Uint8Array {
  const block = decodeCanonical(signedBlock, bytes)
  return encodeCanonical({ ...block, signer: key.did, signature: testSigner(key).sign(headerSigningBytes(block.header)) })
}
