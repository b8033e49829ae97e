import { formatDid, type RecordId } from '@chiron/protocol'
import { webRandom } from '@chiron/vault'
import { expect, test } from 'vitest'
import type { Engine } from '../../engine/engine.ts'
import type { Custodian } from '../custody.ts'
import { RecordWriter } from './writer.ts'

const did = formatDid(new Uint8Array(20))
const START = 1_000_000

/** An engine whose clock has gone on since its newest block, and a custodian that stops the write where its order is known. */
function idleFor(ms: number) {
  const steps: string[] = []
  let timeMs = START
  const engine = {
    status: () => ({ chainId: 'chiron-test', timeMs }),
    advance: async () => {
      steps.push('advance')
      timeMs = START + ms
      await Promise.resolve()
    },
  } as unknown as Engine
  const custodian = {
    keep: async (_orders: unknown, validUntil: number) => {
      steps.push(`keep, ${validUntil - timeMs} ms ahead of block time`)
      return await Promise.reject(new RangeError('far enough'))
    },
  } as unknown as Custodian
  const signer = { did, keyId: 'k1', sign: () => new Uint8Array(64) }
  const writer = new RecordWriter({ engine, signer, custodian, now: () => START + ms, random: webRandom })
  const draft = {
    type: 'Basic', id: 'x', record: new Uint8Array(16) as RecordId, version: 1, tombstone: false,
    classification: { subjects: [], patients: [], flags: 8, category: 'internal' as const, labels: [], inheritsFrom: [] },
    content: { meta: {}, resource: new Uint8Array() },
  }
  const write = async (): Promise<void> => {
    await expect(writer.write([{ reader: { did, purpose: 'TREAT', scopes: [] }, drafts: [draft], first: [] }])).rejects.toThrow('far enough')
  }
  return { steps, write }
}

test('after a pause block time is brought up to the clock first: keyholders take no transaction from the far future', async () => {
  const idle = idleFor(3_600_000)
  await idle.write()
  expect(idle.steps).toEqual(['advance', 'keep, 300000 ms ahead of block time'])
})

test('a ledger that is in use is left alone', async () => {
  const busy = idleFor(1000)
  await busy.write()
  expect(busy.steps).toEqual(['keep, 301000 ms ahead of block time'])
})
