import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadDefinitions, parseSearch } from '@chiron/fhir'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { IndexStore } from '../port.ts'
import { EVERYTHING, KEY, loadTestDefinitions, observationRow, patientRow, readTestDefinitions, temporaryDirectory } from '../testing/samples.ts'
import { deriveIndexKeys } from './keys.ts'
import { openIndexStore } from './open.ts'
import { IndexSession } from './session.ts'

const FLIPS = 150
const HEIGHT = 9
/** Twice as many flips go to page 1: half to its first bytes, in part unencrypted, half to its remainder. */
const HEADER = 34
const root = temporaryDirectory()
beforeAll(loadTestDefinitions)
afterAll(() => rmSync(root, { recursive: true, force: true }))

let number = 0
const fresh = () => join(root, `copy-${++number}`)

/** A small generator with a seed, so that a failing flip can be found again. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

async function applyBlock(store: IndexStore, height: number): Promise<void> {
  const upserts = Array.from({ length: 12 }, (_, index) => observationRow(`o${index}-${height % 3}`, `p${index % 4}`, `c${(index + height) % 5}`, { version: String(height), lastUpdatedMs: height, value: height }))
  await store.apply({ blocks: { after: height - 1, height }, upserts: [patientRow(`p${height % 4}`, `Name${height}`, { version: String(height), lastUpdatedMs: height }), ...upserts] })
}

/** Everything a reader could learn, as one text. */
async function answers(store: IndexStore): Promise<string> {
  const parts: unknown[] = []
  const queries = ['c0', 'c1', 'c2', 'c3', 'c4'].map((code) => `code=${code}`).concat('patient=p1', 'value-quantity=gt2', '_sort=-_lastUpdated', '_id=o1-1')
  for (const query of queries) parts.push(await store.search(parseSearch('Observation', `${query}&_count=100&_total=accurate`), EVERYTHING, { maxIncluded: 10 }))
  parts.push(await store.search(parseSearch('Patient', 'name=name&_total=accurate'), EVERYTHING, { maxIncluded: 10 }))
  for (const patient of ['p0', 'p1', 'p2', 'p3']) parts.push(await store.everything(patient, EVERYTHING, { count: 100 }))
  for (let index = 0; index < 12; index++) parts.push(await store.history('Observation', `o${index}-1`, EVERYTHING, { count: 100 }))
  return JSON.stringify(parts)
}

function flip(path: string, offset: number, bit: number): void {
  const bytes = readFileSync(path)
  bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit)
  writeFileSync(path, bytes)
}

/** Files as they would lie there after the process was killed with a log of some blocks, and the right answers at each height. */
async function buildImages(): Promise<{ killed: string; closed: string; right: Map<number, string> }> {
  const closed = fresh()
  const killed = fresh()
  let { store } = openIndexStore({ directory: closed, key: KEY })
  const right = new Map([[0, await answers(store)]])
  for (let height = 1; height <= HEIGHT; height++) {
    await applyBlock(store, height)
    right.set(height, await answers(store))
    if (height !== 4) continue
    await store.close()
    store = openIndexStore({ directory: closed, key: KEY }).store
  }
  cpSync(closed, killed, { recursive: true })
  await store.close()
  return { killed, closed, right }
}

describe('a flipped bit', () => {
  test('in any file, before it is opened, is found or changes no answer', async () => {
    const { killed, closed, right } = await buildImages()
    expect(readdirSync(killed).filter((name) => name.startsWith('index-')).toSorted()).toEqual(['index-1.db', 'index-1.db-wal', 'index-1.manifest'])
    const next = generator(20_261_121)
    const seen = { damaged: 0, shorter: 0, same: 0 }
    for (let round = 0; round < FLIPS; round++) {
      const directory = fresh()
      cpSync(round % 2 === 0 ? closed : killed, directory, { recursive: true })
      const files = readdirSync(directory).filter((name) => name.startsWith('index-'))
      const header = round < 2 * HEADER
      const path = join(directory, header ? 'index-1.db' : (files[next(files.length)] as string))
      const offset = header ? (round < HEADER ? 8 + (round >> 1) : 100 + next(8_092)) : next(statSync(path).size)
      flip(path, offset, next(8))
      const { store, state } = openIndexStore({ directory, key: KEY })
      const { height } = await store.status()
      if (state === 'damaged') seen.damaged++
      else if (height < HEIGHT) seen.shorter++
      else seen.same++
      if (state === 'damaged') expect(height).toBe(0)
      expect(await answers(store) === right.get(height), `flip ${round} in ${path}`).toBe(true)
      const covered = path.endsWith('.manifest') || (round % 2 === 0 && path.endsWith('.db') && offset >= 8)
      if (covered) expect(state, `flip ${round} of byte ${offset} in ${path}`).toBe('damaged')
      await store.close()
      rmSync(directory, { recursive: true })
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(FLIPS / 20)
  })

  test('in the bytes that are not encrypted is found', async () => {
    const { closed, killed } = await buildImages()
    for (let bit = 0; bit < 128; bit++) {
      const directory = fresh()
      cpSync(bit < 64 ? closed : killed, directory, { recursive: true })
      flip(join(directory, 'index-1.db'), 16 + ((bit >> 3) & 7), bit & 7)
      expect(await openedState(directory), `bit ${bit}`).toBe('damaged')
      rmSync(directory, { recursive: true })
    }
  })

  test('in a file that is open is found before the next answer, and clearing helps', async () => {
    const next = generator(7)
    for (const ending of ['.db', '.db-wal']) {
      for (let round = 0; round < 6; round++) {
        const directory = fresh()
        await openedState(directory)
        const { store } = openIndexStore({ directory, key: KEY })
        for (let height = 1; height <= 3; height++) await applyBlock(store, height)
        const path = join(directory, `index-1${ending}`)
        await untilClockTicks(path)
        flip(path, next(statSync(path).size), next(8))
        await expect(store.read('Observation', 'o1-1', EVERYTHING)).rejects.toMatchObject({ code: 'ERR_INDEX_CORRUPT' })
        await expect(applyBlock(store, 4)).rejects.toMatchObject({ code: 'ERR_INDEX_CORRUPT' })
        await store.clear()
        expect((await store.status()).height).toBe(0)
        await applyBlock(store, 1)
        expect((await store.read('Observation', 'o1-1', EVERYTHING))?.version).toBe('1')
        await store.close()
      }
    }
  })

  test('that leaves no trace in the file status is found by verify', async () => {
    const directory = fresh()
    await openedState(directory)
    const { store } = openIndexStore({ directory, key: KEY })
    await applyBlock(store, 1)
    await store.verify()
    flip(join(directory, 'index-1.db'), 100_000, 3)
    await expect(store.verify()).rejects.toMatchObject({ code: 'ERR_INDEX_CORRUPT' })
    await store.close()
  })
})

test('a log that was changed without a trace is found when it is copied into the file', () => {
  const options = { keys: deriveIndexKeys(KEY), cacheBytes: 1 << 20, logLimitBytes: 1 << 30, heldRows: 0 }
  const directory = fresh()
  mkdirSync(directory)
  const session = IndexSession.create(join(directory, 'index'), options)
  const alias = (id: string) => session.write({ rows: 1, make: (database) => database.run('INSERT INTO alias VALUES (?, ?, ?)', ['Patient', id, id]) }, true)
  alias('one')
  session.checkpoint()
  alias('two')
  const path = session.logPath
  flip(path, statSync(path).size - 100, 2)
  expect(() => session.checkpoint()).toThrow(expect.objectContaining({ code: 'ERR_INDEX_CORRUPT' }))
  session.abandon()
})

test('a file that was touched but not changed goes on being used', async () => {
  const directory = fresh()
  const { store } = openIndexStore({ directory, key: KEY })
  await applyBlock(store, 1)
  for (const ending of ['.db', '.db-wal']) {
    const path = join(directory, `index-1${ending}`)
    const bytes = readFileSync(path)
    await untilClockTicks(path)
    writeFileSync(path, bytes)
  }
  expect((await store.read('Observation', 'o1-1', EVERYTHING))?.version).toBe('1')
  await applyBlock(store, 2)
  await store.close()
  expect(await openedState(directory)).toBe('kept')
})

test('the state tells a new index from one that was kept and from one built under other definitions', async () => {
  const directory = fresh()
  expect(await openedState(directory)).toBe('new')
  expect(await openedState(directory)).toBe('kept')
  const definitions = readTestDefinitions()
  loadDefinitions(JSON.stringify({ ...definitions, searchFingerprint: 'other' }))
  try {
    expect(await openedState(directory)).toBe('outdated')
    expect(await openedState(directory)).toBe('kept')
  } finally {
    loadTestDefinitions()
  }
})

test('another key is refused and nothing is removed', async () => {
  const directory = fresh()
  const { store } = openIndexStore({ directory, key: KEY })
  await applyBlock(store, 1)
  await store.close()
  expect(() => openIndexStore({ directory, key: new Uint8Array(32).fill(8) })).toThrow(expect.objectContaining({ code: 'ERR_INDEX_KEY' }))
  expect(await openedState(directory)).toBe('kept')
})

test('a missing manifest, a cut file and a foreign file are damage', async () => {
  for (const hurt of [(base: string) => rmSync(`${base}.manifest`), (base: string) => writeFileSync(`${base}.db`, readFileSync(`${base}.db`).subarray(0, -8192)), (base: string) => writeFileSync(`${base}.db`, 'not a database')]) {
    const directory = fresh()
    const { store } = openIndexStore({ directory, key: KEY })
    await applyBlock(store, 1)
    await store.close()
    hurt(join(directory, 'index-1'))
    expect(await openedState(directory)).toBe('damaged')
    expect(await openedState(directory)).toBe('kept')
  }
})

test('nothing stored can be read without the key', async () => {
  const directory = fresh()
  const { store } = openIndexStore({ directory, key: KEY })
  await store.apply({ upserts: [patientRow('canary-patient-id', 'Canarygiven')], aliases: [{ type: 'Patient', localId: 'canary-local', id: 'x' }] })
  const look = () => readdirSync(directory).filter((name) => /canary/i.test(readFileSync(join(directory, name)).toString('latin1')))
  expect(look()).toEqual([])
  await store.close()
  expect(look()).toEqual([])
})

/** Opens and closes, as a second start of a node does; says in what state the index was. */
async function openedState(directory: string): Promise<string> {
  const { store, state } = openIndexStore({ directory, key: KEY })
  await store.close()
  return state
}

/** File times advance in ticks of some milliseconds: waits until a new one differs from a file's. */
async function untilClockTicks(path: string): Promise<void> {
  const probe = join(root, 'probe')
  do {
    await new Promise((resolve) => setImmediate(resolve))
    writeFileSync(probe, '')
  } while (statSync(probe, { bigint: true }).ctimeNs <= statSync(path, { bigint: true }).ctimeNs)
}
