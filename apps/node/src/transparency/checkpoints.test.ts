import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parseNote, verifyCheckpoint, type Trust } from '@chiron/ledger/proofs'
import { webRandom } from '@chiron/vault'
import { systemLater } from '../gateway/later.ts'
import { CheckpointFile } from './checkpoint-file.ts'
import { Checkpoints } from './checkpoints.ts'
import { NO_WITNESSES, type WitnessConfig } from './config.ts'
import { GrowingLog, signerOf } from './testing/growing-log.ts'
import { WitnessDouble } from './testing/witness-double.ts'

const CHAIN = 'test-chain'
const signer = signerOf(1)

let folder: string
let log: GrowingLog
let witnesses: WitnessDouble[]
let alarms: unknown[]
let opened: Checkpoints[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chiron-checkpoints-'))
  log = new GrowingLog()
  witnesses = ['one', 'two', 'three'].map((name, n) => new WitnessDouble(name, signerOf(10 + n)))
  alarms = []
  opened = []
})

afterEach(async () => {
  for (const each of opened) await each.close()
  rmSync(folder, { recursive: true, force: true })
})

const path = (): string => join(folder, 'checkpoints.json')
const quorumOf = (quorum: number, from = witnesses): WitnessConfig => ({
  witnesses: from.map(({ key, url }) => ({ key, url })), quorum, everyMs: 0, policy: { quorum, keys: from.map(({ vkey }) => vkey) },
})
const trustOf = ({ policy }: WitnessConfig): Trust => ({ chainId: CHAIN, signers: [{ did: signer.did, publicKey: signer.publicKey }], ...(policy === undefined ? {} : { witnesses: policy }) })

function open(config: WitnessConfig, from = log): Checkpoints {
  const checkpoints = new Checkpoints(CHAIN, config, {
    engine: from,
    signer,
    file: new CheckpointFile(path()),
    fetch: async (url, init) => {
      const found = witnesses.find((witness) => url === `${witness.url}/add-checkpoint`)
      if (found === undefined || init.method !== 'POST' || init.redirect !== 'error') throw new TypeError('no such witness')
      return await found.answer(String(init.body))
    },
    now: () => Date.now(),
    later: systemLater,
    random: webRandom,
    onAlarm: (error) => alarms.push((error as { code?: unknown }).code),
  })
  opened.push(checkpoints)
  return checkpoints
}

const stateOf = (checkpoints: Checkpoints): string[] => checkpoints.status().witnesses.map(({ state }) => state)
const soon = async (what: () => void): Promise<void> => await vi.waitFor(what, { interval: 2, timeout: 5000 })

describe('checkpoints', () => {
  it('are signed as the log grows, also without witnesses', async () => {
    const checkpoints = open({ ...NO_WITNESSES, everyMs: 0 })
    expect(checkpoints.published()).toBeUndefined()
    for (const count of [1, 2, 5]) {
      log.grow(count)
      const { app } = log.head()
      expect(verifyCheckpoint(await checkpoints.covering(app.logSize), trustOf(NO_WITNESSES))).toMatchObject({ size: app.logSize, root: app.logRoot, witnesses: [] })
    }
    expect(checkpoints.status()).toMatchObject({ size: 8, signed: 8, published: 8, quorum: 0, alarm: null })
  })

  it('are made at most as often as it is set', async () => {
    const checkpoints = open({ ...NO_WITNESSES, everyMs: 3_600_000 })
    log.grow(1)
    await soon(() => expect(checkpoints.signedSize()).toBe(1))
    log.grow(1)
    await new Promise((resolve) => setImmediate(resolve))
    expect(checkpoints.signedSize()).toBe(1)
    await checkpoints.covering(2)
    expect(checkpoints.signedSize()).toBe(2)
  })

  it('are cosigned from each size to the next, and carry all cosignatures', async () => {
    const config = quorumOf(3)
    const checkpoints = open(config)
    for (const count of [1, 1, 1, 4, 9]) {
      log.grow(count)
      expect(verifyCheckpoint(await checkpoints.covering(log.head().app.logSize), trustOf(config)).witnesses).toHaveLength(3)
    }
    expect(witnesses[0]?.seen).toEqual([[0, 1], [1, 2], [2, 3], [3, 7], [7, 16]])
    expect(alarms).toEqual([])
  })

  it('are published with the quorum while a witness is down, which is asked again', async () => {
    const [, , third] = witnesses as [WitnessDouble, WitnessDouble, WitnessDouble]
    third.instead = () => new Response('', { status: 503 })
    const checkpoints = open(quorumOf(2))
    log.grow(3)
    expect(parseNote(await checkpoints.covering(3)).signatures).toHaveLength(3)
    expect(stateOf(checkpoints)).toEqual(['cosigned', 'cosigned', 'down'])
    third.instead = undefined
    await soon(() => expect(stateOf(checkpoints)).toEqual(['cosigned', 'cosigned', 'cosigned']))
    expect(parseNote(checkpoints.published() as string).signatures).toHaveLength(4)
    expect(alarms).toEqual([])
  })

  it('stay what they were while the quorum is not reached', async () => {
    const checkpoints = open(quorumOf(2))
    log.grow(3)
    const before = await checkpoints.covering(3)
    for (const witness of witnesses.slice(1)) witness.instead = () => Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code: 'ECONNREFUSED' }) }))
    log.grow(1)
    await expect(checkpoints.covering(4, 100)).rejects.toMatchObject({ code: 'ERR_LOG_NOT_WITNESSED' })
    expect(checkpoints.published()).toBe(before)
    await soon(() => expect(checkpoints.status()).toMatchObject({ size: 4, signed: 4, published: 3, witnesses: [{ state: 'cosigned', size: 4 }, { state: 'down', reason: 'ECONNREFUSED' }, { state: 'down' }] }))
  })

  it('are cosigned after an answer that was lost', async () => {
    const [one] = witnesses as [WitnessDouble]
    const checkpoints = open(quorumOf(1, [one]))
    one.losesAnswers = true
    log.grow(3)
    await expect(checkpoints.covering(3, 50)).rejects.toMatchObject({ code: 'ERR_LOG_NOT_WITNESSED' })
    await soon(() => expect(stateOf(checkpoints)).toEqual(['down']))
    one.losesAnswers = false
    log.grow(2)
    await checkpoints.covering(5)
    expect(one.seen.slice(-2)).toEqual([[0, 5], [3, 5]])
    expect(alarms).toEqual([])
  })

  it('count no cosignature that is not the witness\'s own over them', async () => {
    const [one, two] = witnesses as [WitnessDouble, WitnessDouble]
    const config = quorumOf(1, [one])
    const checkpoints = open(config)
    const textOf = (): string => `${checkpoints.origin}\n3\n${Buffer.from(log.head().app.logRoot).toString('base64')}\n`
    for (const body of [() => '', () => 'cosigned', () => two.lineFor(textOf()), () => one.lineFor(textOf().replace('\n3\n', '\n4\n')), () => 'x'.repeat(100_000)]) {
      let asked = 0
      one.instead = () => {
        asked++
        return new Response(body())
      }
      if (log.head().app.logSize === 0) log.grow(3)
      await expect(checkpoints.covering(3, 30)).rejects.toMatchObject({ code: 'ERR_LOG_NOT_WITNESSED' })
      await soon(() => expect([asked > 0, ...stateOf(checkpoints)]).toEqual([true, 'down']))
    }
    one.instead = () => new Response(two.lineFor(textOf()) + one.lineFor(textOf()))
    expect(verifyCheckpoint(await checkpoints.covering(3), trustOf(config)).witnesses).toMatchObject([{ name: 'witness.example/one' }])
  })
})

describe('a witness that refuses', () => {
  it.each([422, 409])('with %d raises an alarm that stays after a restart, until it cosigns', async (status) => {
    const [one, two] = witnesses as [WitnessDouble, WitnessDouble]
    const config = quorumOf(1, [one, two])
    const checkpoints = open(config)
    log.grow(3)
    await checkpoints.covering(3)
    one.instead = () => new Response('', { status })
    log.grow(1)
    await checkpoints.covering(4)
    await soon(() => expect(alarms).toEqual(['ERR_LOG_REFUSED']))
    expect(checkpoints.status()).toMatchObject({ published: 4, witnesses: [{ state: 'refused', size: 3, reason: `HTTP ${status} to a log of 4` }, { state: 'cosigned' }] })
    expect(checkpoints.status().alarm).toMatch(/^witness\.example\/one refused/)
    await checkpoints.close()
    one.instead = () => new Response('', { status: 500 })
    const again = open(config)
    expect(again.status().alarm).toMatch(/^witness\.example\/one refused/)
    one.instead = undefined
    log.grow(1)
    await again.covering(5)
    await soon(() => expect(again.status().alarm).toBeNull())
  })

  it('because it has seen a longer log raises an alarm', async () => {
    const [one] = witnesses as [WitnessDouble]
    one.latest = { size: 9, root: new Uint8Array(32) }
    const checkpoints = open(quorumOf(1, [one]))
    log.grow(3)
    await soon(() => expect(alarms).toEqual(['ERR_LOG_REFUSED']))
    expect(checkpoints.status()).toMatchObject({ published: 0, witnesses: [{ state: 'refused', reason: 'HTTP 409 to a log of 3' }] })
    log.grow(7)
    await expect(checkpoints.covering(10, 50)).rejects.toMatchObject({ code: 'ERR_LOG_NOT_WITNESSED' })
    await soon(() => expect(one.seen.at(-1)).toEqual([9, 10]))
    await soon(() => expect(checkpoints.status().witnesses).toMatchObject([{ state: 'refused', reason: 'HTTP 422 to a log of 10' }]))
  })

  it('does not know the log: that is said once', async () => {
    const [one] = witnesses as [WitnessDouble]
    one.instead = () => new Response('', { status: 404 })
    const checkpoints = open(quorumOf(1, [one]))
    log.grow(3)
    await soon(() => expect(stateOf(checkpoints)).toEqual(['unaccepted']))
    await expect(checkpoints.covering(3, 50)).rejects.toMatchObject({ code: 'ERR_LOG_NOT_WITNESSED' })
    expect(alarms).toEqual(['ERR_LOG_UNACCEPTED'])
  })
})

describe('what was signed before', () => {
  it('is there after a restart, and is not signed again', async () => {
    const first = open(quorumOf(3))
    log.grow(6)
    const before = await first.covering(6)
    await first.close()
    const again = open(quorumOf(3))
    expect(again.published()).toBe(before)
    expect(again.status()).toMatchObject({ signed: 6, published: 6 })
    expect(witnesses[0]?.seen).toHaveLength(1)
    log.grow(1)
    await again.covering(7)
    expect(witnesses[0]?.seen).toEqual([[0, 6], [6, 7]])
  })

  it.each([
    ['is shorter', () => new GrowingLog().grow(5)],
    ['is another', () => new GrowingLog().grow(6, 'other')],
    ['is another and longer', () => new GrowingLog().grow(9, 'other')],
    ['goes another way at the end', () => new GrowingLog().grow(5).grow(3, 'other')],
  ])('stops all signing when the log that is there now %s', async (_what, other) => {
    const first = open(quorumOf(1))
    log.grow(6)
    await first.covering(6)
    await first.close()
    const before = readFileSync(path(), 'utf8')
    const forked = other()
    const again = open(quorumOf(1), forked)
    forked.grow(forked.head().app.logSize < 6 ? 0 : 1, 'other')
    await expect(again.covering(7, 200)).rejects.toMatchObject({ code: 'ERR_LOG_FORKED' })
    expect(again.status().alarm).toMatch(/not the continuation of the checkpoint of 6 leaves/)
    expect(alarms).toEqual(['ERR_LOG_FORKED'])
    expect(readFileSync(path(), 'utf8')).toBe(before)
    expect(witnesses[0]?.seen).toHaveLength(1)
  })

  it('is not guessed at when its file is damaged', () => {
    writeFileSync(path(), '{}')
    expect(() => open(quorumOf(1))).toThrow(expect.objectContaining({ code: 'ERR_LOG_STATE' }))
  })
})
