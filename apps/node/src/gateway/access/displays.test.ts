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
  const taken = log.take()
  const [report] = taken?.message.reports ?? []
  expect(new Map(report?.counts.map(({ category, count }) => [category, count]))).toEqual(new Map([[laboratory, 2], [vitals, 1]]))
  expect(taken?.details[0]?.leaves).toHaveLength(3)
  expect(report?.root).toEqual(merkleRoot(taken?.details[0]?.leaves ?? []))
  expect(log.take()).toBeUndefined()
})

it('has again what could not be reported, with what came since', () => {
  const log = new DisplayLog(webRandom)
  log.add(shown(laboratory))
  const first = log.take()
  log.add(shown(laboratory))
  log.add(shown(vitals))
  first?.restore()
  const again = log.take()
  expect(again?.message.reports[0]?.counts.map(({ count }) => count).sort()).toEqual([1, 2])
  expect(again?.details[0]?.leaves).toHaveLength(3)
  expect(again?.message.reports[0]?.root).toEqual(merkleRoot(again?.details[0]?.leaves ?? []))
})
