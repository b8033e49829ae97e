import { spawnSync, execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSearch } from '@chiron/fhir'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EVERYTHING, KEY, loadTestDefinitions, observationRow, patientRow, temporaryDirectory } from '../testing/samples.ts'
import { openIndexStore } from './open.ts'

const root = temporaryDirectory()
beforeAll(loadTestDefinitions)
afterAll(() => rmSync(root, { recursive: true, force: true }))

let number = 0

/** A store that commits from `rows` rows on, or when its clock is told to go on. */
function holding(rows: number, directory = join(root, String(++number)), logLimitBytes?: number) {
  const alarms: (() => void)[] = []
  const limit = logLimitBytes === undefined ? {} : { logLimitBytes }
  const { store } = openIndexStore({ directory, key: KEY, holdBack: { rows, ms: 1000 }, later: (_ms, alarm) => void alarms.push(alarm), ...limit })
  return { store, directory, alarms, log: () => statSync(join(directory, 'index-1.db-wal'), { throwIfNoEntry: false })?.size ?? 0 }
}

/** What a process would find that starts after this one was killed now. */
async function afterKill(directory: string) {
  const copy = join(root, String(++number))
  cpSync(directory, copy, { recursive: true })
  rmSync(join(copy, 'lock'), { force: true })
  const { store, state } = openIndexStore({ directory: copy, key: KEY })
  const found = await store.status()
  await store.verify()
  await store.close()
  return { state, height: found.height, rows: found.rows }
}

test('what is held is served at once, written when its time comes, and lost whole in a crash before', async () => {
  const { store, directory, alarms, log } = holding(100)
  await store.apply({ blocks: { after: 0, height: 1 }, upserts: [patientRow('p1', 'Ann')], aliases: [{ type: 'Patient', localId: 'l', id: 'p1' }] })
  await store.apply({ blocks: { after: 1, height: 2 }, upserts: [observationRow('o1', 'p1', 'c')] })
  expect((await store.search(parseSearch('Observation', 'code=c'), EVERYTHING, { maxIncluded: 0 })).rows).toHaveLength(1)
  expect(await store.canonicalId('Patient', 'l')).toBe('p1')
  expect(log()).toBe(0)
  expect(await afterKill(directory)).toEqual({ state: 'kept', height: 0, rows: 0 })
  expect(alarms).toHaveLength(1)
  alarms[0]?.()
  await store.verify()
  expect(log()).toBeGreaterThan(0)
  expect(await afterKill(directory)).toEqual({ state: 'kept', height: 2, rows: 2 })
  await store.close()
})

test('it is written once there are many rows, before what is taken away is acknowledged, and when the store is closed', async () => {
  const many = holding(3)
  await many.store.apply({ upserts: [patientRow('p1', 'Ann')] })
  expect(many.log()).toBe(0)
  await many.store.apply({ upserts: [patientRow('p2', 'Bea')] })
  expect((await afterKill(many.directory)).rows).toBe(2)
  await many.store.close()

  const taken = holding(100)
  await taken.store.apply({ accesses: [{ access: 'a', patient: 'p1' }], upserts: [observationRow('o1', 'p1', 'c', { authored: false, accesses: ['a'] })] })
  await taken.store.dropAccess('a')
  expect(taken.log()).toBeGreaterThan(0)
  expect((await afterKill(taken.directory)).rows).toBe(0)
  await taken.store.apply({ upserts: [patientRow('p1', 'Ann')] })
  await taken.store.close()
  expect((await afterKill(taken.directory)).rows).toBe(1)
})

test('a batch that is refused takes none of those with it that are held', async () => {
  const { store } = holding(100)
  await store.apply({ blocks: { after: 0, height: 1 }, upserts: [patientRow('p1', 'Ann')] })
  await expect(store.apply({ blocks: { after: 5, height: 6 }, upserts: [patientRow('p2', 'Bea')] })).rejects.toMatchObject({ code: 'ERR_INDEX_HEIGHT' })
  await expect(store.apply({ upserts: [patientRow('p3', 'Cyd', { accesses: ['never announced'] })] })).rejects.toMatchObject({ code: 'ERR_INDEX_INPUT' })
  await store.apply({ upserts: [patientRow('p4', 'Dan')] })
  expect(await store.status()).toMatchObject({ height: 1, rows: 2 })
  await store.close()
})

test('on a full disk what was acknowledged is served on, nothing more is taken, and all of it is written once there is room', async (context) => {
  const disk = join(root, 'disk')
  mkdirSync(disk)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]).status !== 0) return context.skip('mounting a file system needs root on Linux')
  try {
    const { store, directory, alarms } = holding(1000, join(disk, 'index'), 256 * 1024)
    const ballast = join(disk, 'ballast')
    const rowsOf = (block: number) => Array.from({ length: 150 }, (_, index) => observationRow(`o${block}-${index}`, 'p1', 'full'))
    await store.apply({ upserts: rowsOf(0) })
    const left = Number(execFileSync('stat', ['-f', '-c', '%a', disk]).toString()) * Number(execFileSync('stat', ['-f', '-c', '%S', disk]).toString())
    writeFileSync(ballast, new Uint8Array(left - 8192))
    alarms[0]?.()
    await expect(store.apply({ upserts: rowsOf(1) })).rejects.toMatchObject({ code: 'ERR_INDEX_FULL' })
    expect((await store.search(parseSearch('Observation', 'code=full&_count=0'), EVERYTHING, { maxIncluded: 0 })).total).toBe(150)
    await expect(store.apply({ upserts: rowsOf(1) })).rejects.toMatchObject({ code: 'ERR_INDEX_FULL' })
    rmSync(ballast)
    await store.apply({ upserts: rowsOf(2) })
    await store.close()
    expect((await afterKill(directory)).rows).toBe(300)
  } finally {
    execFileSync('umount', ['-l', disk])
  }
})
