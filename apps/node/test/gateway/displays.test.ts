import { fromBase64url } from '@chiron/ledger/proofs'
import { access } from '@chiron/ledger'
import { decodeCanonical, merkleRoot, schema, toHex } from '@chiron/protocol'
import * as v from 'valibot'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Client } from './client.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { observation, patient } from './resources.ts'

const leaf = v.strictTuple([schema.salt, schema.recordId, schema.uint, schema.uint])
const shape = v.array(v.object({ access: v.string(), root: v.string(), leaves: v.array(v.string()) }))

let started: TestNode
let hospital: Client

beforeAll(async () => {
  started = await startTestNode()
  hospital = await started.as('riverside', 'physician')
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

it('what was displayed can be opened by the patient, item by item, and is what the report on the ledger commits to', async () => {
  const { id } = (await hospital.create(patient())).expect(201).resource
  const written = (await hospital.create(observation(id, 'laboratory'))).expect(201).resource
  ;(await hospital.get(`Observation/${written.id}`)).expect(200)
  await started.flush()
  const own = await started.asPatient(id)
  const answer = await fetch(`${started.url}/riverside/chiron/displays`, { headers: { authorization: `Bearer ${own.token}` } })
  const displays = v.parse(shape, await answer.json())
  const handle = started.node.desk.handle(id)
  const reports = [...access.accessEntries(started.node.engine.state, handle)].flatMap(([, entry]) => (entry.kind === 'report' ? [entry] : []))
  expect(displays.map(({ root }) => root).toSorted()).toEqual(reports.map(({ root }) => toHex(root)).toSorted())
  const leaves = displays.flatMap((display) => {
    const bytes = display.leaves.map((text) => fromBase64url(text) as Uint8Array)
    expect(toHex(merkleRoot(bytes))).toBe(display.root)
    return bytes.map((each) => decodeCanonical(leaf, each))
  })
  const record = toHex(started.gateway('riverside').services.vocabulary.record('Observation', written.id))
  expect(leaves.filter(([, shown]) => toHex(shown) === record).map(([, , version]) => version)).toEqual([1])
})

it('details are the patient\'s alone', async () => {
  const answer = await fetch(`${started.url}/riverside/chiron/displays`, { headers: { authorization: `Bearer ${hospital.token}` } })
  expect(answer.status).toBe(403)
})
