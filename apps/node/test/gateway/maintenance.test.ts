import { records } from '@chiron/ledger'
import { sha256, utf8 } from '@chiron/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EmbeddedEngine } from '../../src/engine/embedded/engine.ts'
import { sweepUnnamedBlobs } from '../../src/maintenance.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { patient } from './resources.ts'

const TWO_DAYS_MS = 2 * 86_400_000

let started: TestNode

beforeAll(async () => {
  started = await startTestNode()
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

/** The node's engine, as it will be in two days. */
function later(engine: EmbeddedEngine): EmbeddedEngine {
  return {
    status: () => ({ ...engine.status(), timeMs: engine.status().timeMs + TWO_DAYS_MS }),
    block: (height: number) => engine.block(height),
  } as unknown as EmbeddedEngine
}

it('sweeps ciphertext that no transaction names once it is old, and leaves what the ledger names', async () => {
  const { engine, blobs, copies } = started.node
  const owner = started.node.identities.blockSigner.did
  const hospital = await started.as('riverside', 'physician')
  const { id } = (await hospital.create(patient())).expect(201).resource
  const head = records.recordHead(engine.state, started.gateway('riverside').services.vocabulary.record('Patient', id))
  const named = (head as NonNullable<typeof head>).entry.ciphertext
  const orphan = utf8('what a write left behind that was killed before it was dealt')
  await blobs.putMany([{ hash: sha256(orphan), bytes: orphan }])
  await copies.put(owner, [sha256(orphan), named].map((ciphertext) => ({ ciphertext, bytes: utf8('a copy') })))
  expect(await sweepUnnamedBlobs({ engine, blobs, copies })).toBe(0)
  expect(await blobs.has(sha256(orphan))).toBe(true)
  expect(await sweepUnnamedBlobs({ engine: later(engine), blobs, copies })).toBe(1)
  expect(await copies.list(owner)).toMatchObject([{ ciphertext: named }])
  expect(await blobs.has(sha256(orphan))).toBe(false)
  expect(await blobs.has(named)).toBe(true)
})
