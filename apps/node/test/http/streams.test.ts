import { SeededRandom } from '@chiron/testkit/simulation'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestNode, type TestNode } from '../gateway/harness.ts'
import { patient } from '../gateway/resources.ts'
import { faultsOfStream, speak, type Where } from './driver.ts'
import { oddStream, STREAM_KINDS, type StreamSurroundings } from './odd-streams.ts'

let started: TestNode
let around: StreamSurroundings

beforeAll(async () => {
  started = await startTestNode()
  const hospital = await started.as('riverside', 'physician')
  around = { tokens: [`Bearer ${hospital.token}`], patient: (await hospital.create(patient())).expect(201).resource.id }
})
afterAll(async () => {
  await started.close()
  // An answer of 5xx is among them, also one that nobody was there to read.
  expect(started.failures).toEqual([])
})

const EACH = 12

it.each(STREAM_KINDS)('a connection may carry anything: %s', async (kind) => {
  const where: Where = { port: Number(new URL(started.url).port) }
  const random = new SeededRandom(`stream ${kind}`)
  const streams = Array.from({ length: EACH }, () => oddStream(kind, random, around))
  const faults = await Promise.all(streams.map(async (stream) => faultsOfStream(stream, await speak(where, stream))))
  expect(faults.flat()).toEqual([])
})
