import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TestClock, testTx } from '../../../test/counting-ledger.ts'
import { EmbeddedUnderTest, START_MS } from '../../../test/embedded-under-test.ts'
import { BlockTime, MAX_BEHIND_MS, MAX_LEAP_MS } from './block-time.ts'

describe('BlockTime', () => {
  it('is the clock, but later than the block before', () => {
    const clock = new TestClock(5_000)
    const time = new BlockTime(clock)
    expect(time.next(4_000)).toBe(5_000)
    expect(time.next(5_000)).toBe(5_001)
    clock.set(4_500)
    expect(time.next(5_001)).toBe(5_002)
  })

  it('goes on after any time in which the node ran, slept or was off', () => {
    const clock = new TestClock(5_000)
    const time = new BlockTime(clock)
    clock.pass(30 * 86_400_000)
    expect(time.next(5_000)).toBe(clock.nowMs())
    expect(new BlockTime(new TestClock(9e12)).next(5_000)).toBe(9e12)
  })

  it('refuses a leap ahead, and goes on when the clock is set right', () => {
    const clock = new TestClock(1_000_000)
    const time = new BlockTime(clock)
    clock.set(1_000_000 + MAX_LEAP_MS + 1)
    expect(() => time.next(1_000_000)).toThrow(expect.objectContaining({ code: 'ERR_ENGINE_CLOCK', message: expect.stringContaining('restart') }))
    expect(time.refusal(1_000_000)).toMatchObject({ code: 'ERR_ENGINE_CLOCK' })
    clock.set(1_000_000 + MAX_LEAP_MS)
    expect(time.next(1_000_000)).toBe(1_000_000 + MAX_LEAP_MS)
  })

  it('refuses a clock far behind the newest block, also at start', () => {
    const time = new BlockTime(new TestClock(1_000_000))
    expect(time.next(1_000_000 + MAX_BEHIND_MS)).toBe(1_000_001 + MAX_BEHIND_MS)
    expect(() => time.next(1_000_001 + MAX_BEHIND_MS)).toThrow(expect.objectContaining({ code: 'ERR_ENGINE_CLOCK', context: { behindMs: MAX_BEHIND_MS + 1 } }))
  })
})

describe('an embedded engine and its clock', () => {
  let directory: string
  let under: EmbeddedUnderTest
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'chiron-time-'))
    under = await EmbeddedUnderTest.open(directory)
  })
  afterEach(async () => {
    await under.close()
    rmSync(directory, { recursive: true, force: true })
  })

  it('advances block time with an empty block, which leaves the app hash as it was', async () => {
    const before = under.engine.head().header
    under.clock.pass(86_400_000)
    await under.engine.advance()
    const after = under.engine.head().header
    expect(after).toMatchObject({ height: before.height + 1, timeMs: under.clock.nowMs() })
    expect(after.appHash).toEqual(before.appHash)
    await under.engine.advance()
    expect(under.engine.head().header.height).toBe(after.height)
  })

  it('makes no block and is not fresh while the clock is wrong, and goes on afterwards', async () => {
    under.clock.set(START_MS + MAX_LEAP_MS + 1_000)
    const ahead = testTx(under.clock.nowMs() + 60_000)
    await expect(under.engine.submit(ahead)).rejects.toMatchObject({ code: 'ERR_ENGINE_CLOCK' })
    await expect(under.engine.advance()).rejects.toMatchObject({ code: 'ERR_ENGINE_CLOCK' })
    expect(under.engine.status()).toMatchObject({ height: 1, fresh: false })
    under.clock.set(START_MS + 10)
    expect((await under.engine.submit(testTx(START_MS + 60_000))).height).toBe(2)
    expect(under.engine.status().fresh).toBe(true)
  })

  it('rejects what expires while it waits', async () => {
    const short = under.engine.submit(testTx(START_MS + 5))
    under.clock.pass(5)
    await expect(short).rejects.toMatchObject({ code: 'ERR_ENGINE_TX_INVALID', context: { reason: 'expired' } })
    expect(under.engine.head().header.height).toBe(1)
  })
})
