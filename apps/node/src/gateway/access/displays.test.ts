import { randomBytes } from 'node:crypto'
import { merkleRoot, type Handle, type ObjectId, type RecordId, type Tag } from '@chiron/protocol'
import { webRandom } from '@chiron/vault'
import { expect, it } from 'vitest'
import { DisplayLog } from './displays.ts'

const bytes = <T>(length: number): T => new Uint8Array(randomBytes(length)) as T
const [patient, access, laboratory, vitals] = [bytes<Handle>(32), bytes<ObjectId>(16), bytes<Tag>(8), bytes<Tag>(8)]
const shown = (category: Tag) => ({ patient, access, category, record: bytes<RecordId>(16), version: 1, atMs: 1_000 })

it('reports counts by category, and a root over one leaf for each item', () => {
  const log = new DisplayLog(webRandom)
  for (const category of [laboratory, vitals, laboratory]) log.add(shown(category))
  const [taken] = log.take()
  const { report, detail } = taken?.entry ?? {}
  expect(new Map(report?.counts.map(({ category, count }) => [category, count]))).toEqual(new Map([[laboratory, 2], [vitals, 1]]))
  expect(detail?.leaves).toHaveLength(3)
  expect(report?.root).toEqual(merkleRoot(detail?.leaves ?? []))
  expect(log.take()).toEqual([])
})

it('has again what could not be reported, with what came since', () => {
  const log = new DisplayLog(webRandom)
  log.add(shown(laboratory))
  const [first] = log.take()
  log.add(shown(laboratory))
  log.add(shown(vitals))
  first?.restore()
  const [again] = log.take()
  expect(again?.entry.report.counts.map(({ count }) => count).sort()).toEqual([1, 2])
  expect(again?.entry.detail.leaves).toHaveLength(3)
  expect(again?.entry.report.root).toEqual(merkleRoot(again?.entry.detail.leaves ?? []))
})
