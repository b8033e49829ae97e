import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSearch } from '@chiron/fhir'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EVERYTHING, KEY, loadTestDefinitions, observationRow, patientRow, temporaryDirectory } from '../testing/samples.ts'
import { openIndexStore } from './open.ts'

const WRITER = fileURLToPath(new URL('../testing/crash-writer.ts', import.meta.url))
const LEAVER = fileURLToPath(new URL('../testing/failing-close.ts', import.meta.url))
const root = temporaryDirectory()
beforeAll(loadTestDefinitions)
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Runs the writer until it has applied some blocks, kills it at whatever it is doing then, and returns the last it told of. */
async function writeAndKill(directory: string, logLimit: number, blocks: number, turns: number): Promise<number> {
  const child = spawn(process.execPath, [WRITER, directory, String(logLimit)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let told = ''
  let lines = 0
  let killing = false
  child.stdout.on('data', (data: Buffer) => {
    told += data.toString()
    lines = told.split('\n').length - 1
    if (lines < blocks || killing) return
    killing = true
    const wait = (left: number): unknown => (left === 0 ? child.kill('SIGKILL') : setImmediate(wait, left - 1))
    wait(turns)
  })
  await new Promise((resolve) => child.on('close', resolve))
  return Number(told.slice(0, told.lastIndexOf('\n')).split('\n').at(-1))
}

test('killed while it writes, the index is whole and stands at or after the last block it told of', async () => {
  for (const [name, logLimit] of [['checkpoints at every block', 0], ['never', 1e9]] as const) {
    const directory = join(root, name)
    mkdirSync(directory)
    for (let round = 0; round < 6; round++) {
      const told = await writeAndKill(directory, logLimit, 3 + round, round * 400)
      const { store, state } = openIndexStore({ directory, key: KEY })
      expect(state).toBe('kept')
      const { height, rows } = await store.status()
      expect(height).toBeGreaterThanOrEqual(told)
      expect(rows).toBe(10 * Math.min(height, 3))
      const now = await store.search(parseSearch('Observation', `code=at-${height}&_total=accurate`), EVERYTHING, { maxIncluded: 0 })
      expect(now.total).toBe(10)
      expect(now.rows.every((row) => row.version === String(height))).toBe(true)
      expect((await store.search(parseSearch('Observation', `code=at-${height - 1},at-${height + 1}&_total=accurate`), EVERYTHING, { maxIncluded: 0 })).total).toBe(0)
      await store.verify()
      await store.close()
    }
  }
}, 120_000)

test('an index that could not be closed is whole after the process has ended, which lets SQLite copy its log', async () => {
  const directory = join(root, 'left')
  expect(execFileSync(process.execPath, [LEAVER, directory], { encoding: 'utf8' })).toBe('ERR_INDEX_STORAGE')
  rmSync(join(directory, 'index-1.manifest.tmp'), { recursive: true })
  const { store, state } = openIndexStore({ directory, key: KEY })
  expect({ state, ...(await store.status()) }).toMatchObject({ state: 'kept', height: 3, rows: 3 })
  await store.verify()
  await store.close()
})

/** A file system of 4 MiB, or undefined where that needs rights this process does not have. */
function smallDisk(): string | undefined {
  const path = join(root, 'disk')
  mkdirSync(path)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', path], { stdio: 'ignore' })
    return path
  } catch {
    return undefined
  }
}

test('a full disk refuses the batch, keeps answering, and goes on once there is room', async (context) => {
  const disk = smallDisk()
  if (disk === undefined) return context.skip('mounting a file system needs root on Linux')
  try {
    const { store } = openIndexStore({ directory: join(disk, 'index'), key: KEY, logLimitBytes: 256 * 1024 })
    await store.apply({ blocks: { after: 0, height: 1 }, upserts: [patientRow('p1', 'Ann')] })
    const ballast = join(disk, 'ballast')
    writeFileSync(ballast, new Uint8Array(2 * 1024 * 1024))
    let height = 1
    const applyNext = () => store.apply({ blocks: { after: height, height: height + 1 }, upserts: Array.from({ length: 200 }, (_, index) => observationRow(`o${height}-${index}`, 'p1', 'full')) })
    const failure = await (async () => {
      for (;;) {
        try {
          await applyNext()
        } catch (error) {
          return error
        }
        height++
      }
    })()
    expect(failure).toMatchObject({ code: 'ERR_INDEX_FULL' })
    expect(height).toBeGreaterThan(1)
    expect(await store.status()).toMatchObject({ height, rows: 1 + (height - 1) * 200 })
    expect((await store.search(parseSearch('Observation', 'code=full&_count=0'), EVERYTHING, { maxIncluded: 0 })).total).toBe((height - 1) * 200)
    rmSync(ballast)
    await applyNext()
    height++
    await store.verify()
    await store.close()
    const again = openIndexStore({ directory: join(disk, 'index'), key: KEY })
    expect(again.state).toBe('kept')
    expect(await again.store.status()).toMatchObject({ height, rows: 1 + (height - 1) * 200 })
    await again.store.close()
  } finally {
    execFileSync('umount', ['-l', disk])
  }
})

test('a second process is refused', async () => {
  const directory = join(root, 'shared')
  const { store } = openIndexStore({ directory, key: KEY })
  await store.apply({ upserts: [patientRow('p1', 'Ann')] })
  const child = spawn(process.execPath, [WRITER, directory, '0'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let message = ''
  child.stderr.on('data', (data: Buffer) => (message += data.toString()))
  const code = await new Promise((resolve) => child.on('close', resolve))
  expect(code).not.toBe(0)
  expect(message).toContain('ERR_INDEX_LOCKED')
  expect((await store.status()).rows).toBe(1)
  await store.close()
})
