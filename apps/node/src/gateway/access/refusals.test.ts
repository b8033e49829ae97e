import { randomBytes } from 'node:crypto'
import type { Did, Handle } from '@chiron/protocol'
import { expect, it } from 'vitest'
import { RefusalLog } from './refusals.ts'

const patient = new Uint8Array(randomBytes(32)) as Uint8Array as Handle
const nobody = new Uint8Array(randomBytes(32)) as Uint8Array as Handle
const reader = `did:chiron:${'a'.repeat(32)}` as Did
const stranger = `did:chiron:${'b'.repeat(32)}` as Did
const facts = { isPatient: (handle: Handle): boolean => handle === patient, mayName: (_: Handle, did: Did): boolean => did === reader }

it('counts attempts of one kind together, and never names more than a refusal may stand for', () => {
  const log = new RefusalLog()
  for (let attempt = 0; attempt < 2_500; attempt++) log.add(patient, reader, 'TREAT', 'read')
  log.add(patient, reader, 'TREAT', 'write')
  expect(log.take(facts).map(({ entry }) => [entry.action, entry.count])).toEqual([['read', 1_000], ['write', 1], ['read', 1_000], ['read', 500]])
  expect(log.take(facts)).toEqual([])
})

it('forgets attempts on what is no patient', () => {
  const log = new RefusalLog()
  log.add(nobody, reader, 'TREAT', 'read')
  expect(log.take(facts)).toEqual([])
  log.add(nobody, reader, 'TREAT', 'read')
  log.add(patient, reader, 'TREAT', 'read')
  expect(log.take(facts)).toHaveLength(1)
})

it('has again what could not be listed, with what came since', () => {
  const log = new RefusalLog()
  log.add(patient, reader, 'TREAT', 'read')
  const [taken] = log.take(facts)
  log.add(patient, reader, 'TREAT', 'read')
  taken?.restore()
  expect(log.take(facts).map(({ entry }) => entry.count)).toEqual([2])
})

it('names no reader whom the organisation may not name, and can do without the name of the others', () => {
  const log = new RefusalLog()
  log.add(patient, reader, 'TREAT', 'read')
  log.add(patient, stranger, 'TREAT', 'read', 3)
  const taken = log.take(facts)
  expect(taken.map(({ entry, otherwise }) => [entry.reader, entry.count, otherwise?.entry.reader])).toEqual([[reader, 1, null], [null, 3, undefined]])
  for (const { restore } of taken) restore()
  expect(log.take(facts).map(({ entry }) => [entry.reader, entry.count])).toEqual([[reader, 1], [null, 3]])
})
