import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, cpSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OperationOutcome } from '@medplum/fhirtypes'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { ChildNode } from '../crash/child-node.ts'
import { ConnectionLost, type FhirHttp } from '../crash/fhir-http.ts'
import { clientOf } from '../crash/workload.ts'
import { canMount, mountTmpfs, unmount } from '../small-disk.ts'
import { RESERVED_BYTES } from '../../src/storage/room.ts'
import { LaunchedNode } from './launched-node.ts'
import { makeTemplate, observation, valuesSeen, type Template } from './template.ts'

const isRoot = process.getuid?.() === 0
let template: Template
let node: ChildNode | undefined
const mounted: string[] = []
beforeAll(async () => {
  template = await makeTemplate()
})
afterEach(async () => {
  await node?.kill()
  node = undefined
})
afterAll(() => {
  for (const path of mounted) unmount(path)
  template.remove()
})

/** A small disk with a copy of the data on it. */
function onSmallDisk(size: string): { disk: string; data: string } {
  const disk = join(template.root, `disk-${mounted.length}`)
  mkdirSync(disk)
  mountTmpfs(disk, size)
  mounted.push(disk)
  const data = join(disk, 'data')
  cpSync(template.data, data, { recursive: true, filter: (path) => !path.endsWith('.sock') })
  return { disk, data }
}

function fillUpTo(disk: string, leave: number): string {
  const ballast = join(disk, 'ballast')
  const { bavail, bsize } = statfsSync(disk)
  try {
    writeFileSync(ballast, new Uint8Array(Math.max(0, bavail * bsize - leave)))
  } catch (error) {
    // The node was faster with the last pages: the disk is full all the same.
    if ((error as { code?: string }).code !== 'ENOSPC') throw error
  }
  return ballast
}

/** Values that were acknowledged, what was answered to the others, and whether the node ended. */
class Writing {
  readonly acknowledged: number[] = []
  readonly failures: { readonly status: number; readonly text: string }[] = []
  ended = false

  /** Writes one value after another until so many were refused, or the node ended. */
  async run(fhir: FhirHttp, from: number, refusals: number): Promise<void> {
    for (let value = from; this.failures.length < refusals && !this.ended; value++) {
      try {
        const filler = { note: [{ text: randomBytes(8000).toString('base64') }] }
        const { status, body } = await fhir.send('POST', 'Observation', { ...observation(template.patient, value), ...filler })
        if (status === 201) this.acknowledged.push(value)
        else this.failures.push({ status, text: (body as OperationOutcome).issue?.[0]?.diagnostics ?? '' })
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
        this.ended = true
      }
    }
  }

  /** All that was acknowledged is seen; what was not may be. */
  async verify(fhir: FhirHttp): Promise<void> {
    const seen = await valuesSeen(fhir, template.patient)
    const expected = [...template.values, ...this.acknowledged.toSorted((x, y) => x - y)]
    expect(seen.filter((value) => expected.includes(value))).toEqual(expected)
  }
}

it.skipIf(!canMount).each([0, 300, 2000])('a disk with %i KiB left above the reserve: writes are refused, reads go on, and so do writes once there is room', async (kibibytes) => {
  const { disk, data } = onSmallDisk('64m')
  node = await ChildNode.start(data)
  const fhir = clientOf(node, 'riverside')
  expect(await valuesSeen(fhir, template.patient)).toEqual(template.values)
  const ballast = fillUpTo(disk, RESERVED_BYTES + kibibytes * 1024)
  const writing = new Writing()
  await writing.run(fhir, 100, 5)
  expect(writing.ended).toBe(false)
  for (const { status, text } of writing.failures) expect({ status, text }).toEqual({ status: 503, text: 'the disk is full; nothing was written. Free some space and try again' })
  if (kibibytes > 1000) expect(writing.acknowledged.length).toBeGreaterThan(0)
  expect(await valuesSeen(fhir, template.patient)).toEqual([...template.values, ...writing.acknowledged])
  const unopened = await clientOf(node, 'lakeside').send('GET', `Observation?patient=${template.patient}`)
  expect(unopened.status).toBe(403)
  rmSync(ballast)
  expect((await fhir.send('POST', 'Observation', observation(template.patient, 9999))).status).toBe(201)
  expect(await valuesSeen(fhir, template.patient)).toEqual([...template.values, ...writing.acknowledged, 9999])
  await node.stop()
})

it.skipIf(!canMount)('a read that would have to be recorded is refused on a full disk', async () => {
  const { disk, data } = onSmallDisk('64m')
  node = await ChildNode.start(data)
  await node.ask('grant', { patient: template.patient, to: 'lakeside', categories: ['laboratory'] })
  const ballast = fillUpTo(disk, 0)
  const fhir = clientOf(node, 'lakeside')
  const { status, body } = await fhir.send('GET', `Observation?patient=${template.patient}`)
  expect({ status, text: (body as OperationOutcome).issue[0]?.diagnostics }).toEqual({ status: 503, text: 'the disk is full; nothing was written. Free some space and try again' })
  rmSync(ballast)
  expect(await valuesSeen(fhir, template.patient)).toEqual(template.values)
})

it.skipIf(!canMount)('a disk that fills up under writes: the node refuses or ends with what to do, and nothing acknowledged is lost', async () => {
  const { disk, data } = onSmallDisk('64m')
  node = await ChildNode.start(data)
  const fhir = clientOf(node, 'riverside')
  const writing = new Writing()
  const under = [100, 1000, 2000, 3000].map((from) => writing.run(fhir, from, 20))
  while (writing.acknowledged.length < 10) await fhir.send('GET', 'metadata')
  const ballast = fillUpTo(disk, 0)
  await Promise.all(under)
  for (const { status, text } of writing.failures) expect({ status, text }).toEqual({ status: 503, text: expect.stringMatching(/ree some space/) })
  if (writing.ended) {
    const { code, output } = await node.ended
    expect(code).toBe(70)
    expect(output).toMatch(/^chiron: .* free some space and start the node again$/m)
  } else {
    await node.kill()
  }
  rmSync(ballast)
  node = await ChildNode.start(data)
  await writing.verify(clientOf(node, 'riverside'))
  expect((await clientOf(node, 'riverside').send('POST', 'Observation', observation(template.patient, 9999))).status).toBe(201)
  const { replayed, stateRoot } = await node.ask('replay', {})
  expect(replayed).toBe(stateRoot)
  await node.stop()
})

it.skipIf(!canMount)('a node does not start on a disk that is nearly full, and says how much it needs', async () => {
  const { disk, data } = onSmallDisk('64m')
  fillUpTo(disk, 1024 * 1024)
  const launched = new LaunchedNode(data)
  expect(await launched.ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/^chiron: only \d+ bytes are left for .*: free at least 16777216 and start the node again \(ERR_STORAGE_FULL\)\n$/) })
})

it.skipIf(isRoot && !canMount)('a read-only directory is refused before anything is touched', async () => {
  const { data, restore } = readOnly()
  try {
    const launched = new LaunchedNode(data)
    expect(await launched.ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^chiron: .* cannot be written \(E[A-Z]+\): give this user a writable directory, or set CHIRON_DATA to another one \(ERR_STORAGE_READ_ONLY\)\n$/),
    })
  } finally {
    restore()
  }
})

/** Root writes whatever the mode says: for it the disk is made read-only. */
function readOnly(): { data: string; restore: () => void } {
  if (!isRoot) {
    const data = template.copy()
    chmodSync(data, 0o555)
    return { data, restore: () => chmodSync(data, 0o755) }
  }
  const { disk, data } = onSmallDisk('64m')
  execFileSync('mount', ['-o', 'remount,ro', disk])
  return { data, restore: () => undefined }
}
