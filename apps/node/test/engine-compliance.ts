import { decodeCanonical, decodeHeader, equalBytes, headerHash, headerSigningBytes, signedBlock, verifyEd25519, appHash } from '@chiron/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CommittedBlock, Engine } from '../src/engine/engine.ts'
import { author, blockSigner, countOf, HANDLE, stranger, testTx, type TestClock, type TxOptions } from './counting-ledger.ts'

/** What a driver gives to the suite for every test anew: an engine over `countingRuntime` and the genesis of `chiron-test`. */
export interface EngineUnderTest {
  readonly engine: Engine
  readonly clock: TestClock
  /** Stops the engine and starts one over the same data. */
  reopen(): Promise<Engine>
  close(): Promise<void>
}

/** The compliance suite of the engine port: run it on every driver. SPEC-ENG-1. */
export function engineCompliance(name: string, make: () => Promise<EngineUnderTest>): void {
  describe(`engine: ${name}`, () => {
    let under: EngineUnderTest
    beforeEach(async () => {
      under = await make()
    })
    afterEach(() => under.close())

    const tx = (options: TxOptions = {}, livesMs = 60_000): Uint8Array => testTx(under.clock.nowMs() + livesMs, options)
    const flip = (bytes: Uint8Array, at: number): Uint8Array => {
      const changed = bytes.slice()
      changed[at] = (changed[at] as number) ^ 1
      return changed
    }

    it('begins with a signed block', () => {
      const { signed, header, app } = under.engine.head()
      expect(header.height).toBeGreaterThanOrEqual(1)
      expect(verifyEd25519(blockSigner.publicKey, headerSigningBytes(signed.header), signed.signature)).toBe(true)
      expect(equalBytes(appHash(app), header.appHash)).toBe(true)
      expect(under.engine.status()).toMatchObject({ chainId: 'chiron-test', height: header.height, txCount: 0, fresh: true })
    })

    it('answers once a transaction is in a block and seen in the state', async () => {
      const { engine } = under
      const before = engine.head().header.height
      const first = engine.head().app.logSize
      const salt = new Uint8Array(16).fill(1)
      const committed = await engine.submit(tx({ salt }))
      expect(committed).toMatchObject({ height: before + 1, timeMs: engine.head().header.timeMs, result: { code: 0, codespace: '', logIndex: first } })
      expect(committed.result.events).toMatchObject([{ type: 'network.removed', attributes: { count: 1, salt } }])
      expect(countOf(engine.state)).toBe(1)
      expect(engine.state.entry('records', HANDLE, 0)).toEqual(salt)
      expect(engine.status().txCount).toBe(1)
    })

    it('commits a refusal by a contract as a result, without its writes', async () => {
      const { result } = await under.engine.submit(tx({ refused: true }))
      expect(result).toMatchObject({ codespace: 'network', code: 7, reason: 'refused by the test' })
      expect(countOf(under.engine.state)).toBe(0)
    })

    it.each([
      ['not a transaction', (bytes: Uint8Array) => flip(bytes, 0)],
      ['a changed signature', (bytes: Uint8Array) => flip(bytes, bytes.length - 1)],
      ['a changed body', (bytes: Uint8Array) => flip(bytes, 40)],
      ['trailing bytes', (bytes: Uint8Array) => Uint8Array.of(...bytes, 0)],
      ['nothing', () => new Uint8Array()],
    ])('refuses %s', async (_name, change) => {
      await expect(under.engine.submit(change(tx()))).rejects.toMatchObject({ code: 'ERR_ENGINE_TX_INVALID' })
      expect(countOf(under.engine.state)).toBe(0)
    })

    it.each([
      ['of another chain', { chainId: 'another-chain' }, 60_000],
      ['of an unknown signer', { key: stranger }, 60_000],
      ['under an unknown key', { keyId: 'k2' }, 60_000],
      ['signed by another', { key: { ...stranger, did: author.did } }, 60_000],
      ['that has expired', {}, 0],
      ['from too far ahead', {}, 700_000],
    ] satisfies [string, TxOptions, number][])('refuses one %s', async (_name, options, livesMs) => {
      await expect(under.engine.submit(tx(options, livesMs))).rejects.toMatchObject({ code: 'ERR_ENGINE_TX_INVALID' })
    })

    it('answers a retry with the first result: at once, later, after validUntil, after a restart', async () => {
      const bytes = tx()
      const [first, twin] = await Promise.all([under.engine.submit(bytes), under.engine.submit(bytes)])
      expect(twin).toEqual(first)
      expect(await under.engine.submit(bytes)).toEqual(first)
      under.clock.pass(120_000)
      await under.engine.submit(tx())
      expect(await under.engine.submit(bytes)).toEqual(first)
      const again = await under.reopen()
      expect(await again.submit(bytes)).toEqual(first)
      expect(countOf(again.state)).toBe(2)
    })

    it('does not take a copy with a false signature for a retry', async () => {
      const bytes = tx()
      await under.engine.submit(bytes)
      await expect(under.engine.submit(flip(bytes, bytes.length - 1))).rejects.toMatchObject({ code: 'ERR_ENGINE_TX_INVALID' })
    })

    it('refuses a copy with a false signature that came first, and commits the true one', async () => {
      const all = Array.from({ length: 20 }, () => tx())
      const outcomes = await Promise.allSettled(all.flatMap((bytes) => [under.engine.submit(flip(bytes, bytes.length - 1)), under.engine.submit(bytes)]))
      for (const [n, outcome] of outcomes.entries()) {
        if (n % 2 === 0) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'ERR_ENGINE_TX_INVALID' } })
        else expect(outcome).toMatchObject({ status: 'fulfilled', value: { result: { code: 0, logIndex: expect.any(Number) } } })
      }
      expect(countOf(under.engine.state)).toBe(20)
    })

    it('puts what waits into few blocks, in order of arrival', async () => {
      const { engine } = under
      const before = engine.head().header.height
      const first = engine.head().app.logSize
      const all = await Promise.all(Array.from({ length: 40 }, () => engine.submit(tx())))
      expect(all.map(({ result, height }) => result.logIndex - (height - before))).toEqual(Array.from({ length: 40 }, (_, n) => first - 1 + n))
      expect(engine.head().header.height - before).toBeLessThan(10)
    })

    it('tells listeners of every block in order, with its results, and the state is there', async () => {
      const seen: CommittedBlock[] = []
      const counts: number[] = []
      const stop = under.engine.onBlock((block) => {
        seen.push(block)
        counts.push(countOf(under.engine.state))
      })
      for (let n = 0; n < 3; n++) await under.engine.submit(tx())
      stop()
      await under.engine.submit(tx())
      expect(counts).toEqual([1, 2, 3])
      expect(seen.map(({ results }) => results.length)).toEqual([1, 1, 1])
      expect(seen.map(({ header }) => header.height)).toEqual([0, 1, 2].map((n) => (seen[0]?.header.height ?? 0) + n))
    })

    it('keeps every block, linked and signed, each later than the one before', async () => {
      for (let n = 0; n < 5; n++) await under.engine.submit(tx())
      let previous = new Uint8Array(32)
      let timeMs = 0
      const { height } = under.engine.head().header
      for (let at = 1; at <= height; at++) {
        const block = decodeCanonical(signedBlock, under.engine.block(at) as Uint8Array)
        const header = decodeHeader(block.header)
        expect(header.previous).toEqual(previous)
        expect(header.timeMs).toBeGreaterThan(timeMs)
        expect(verifyEd25519(blockSigner.publicKey, headerSigningBytes(block.header), block.signature)).toBe(true)
        previous = headerHash(block.header).slice()
        timeMs = header.timeMs
      }
      expect(under.engine.block(height + 1)).toBeUndefined()
    })

    it('has the same state after a restart', async () => {
      for (let n = 0; n < 3; n++) await under.engine.submit(tx())
      const before = under.engine.head()
      const again = await under.reopen()
      expect(again.head()).toEqual(before)
      expect(countOf(again.state)).toBe(3)
      await again.submit(tx())
      expect(again.head().header.height).toBe(before.header.height + 1)
    })

    it('does not keep the bytes it was handed', async () => {
      const bytes = tx()
      const original = bytes.slice()
      const committing = under.engine.submit(bytes)
      bytes.fill(0)
      const { height } = await committing
      expect(decodeCanonical(signedBlock, under.engine.block(height) as Uint8Array).txs).toEqual([original])
    })

    it('refuses transactions once it is closed', async () => {
      const waiting = under.engine.submit(tx()).then(() => 'committed', (error: { code: string }) => error.code)
      await under.engine.close()
      await expect(under.engine.submit(tx())).rejects.toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
      expect(['committed', 'ERR_ENGINE_CLOSED']).toContain(await waiting)
      await under.reopen()
    })
  })
}
