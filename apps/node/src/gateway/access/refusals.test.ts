import { randomBytes } from 'node:crypto'
import type { Did, Handle } from '@chiron/protocol'
import { webRandom } from '@chiron/vault'
import { expect, it } from 'vitest'
import { RefusalLog } from './refusals.ts'

const patient = new Uint8Array(randomBytes(32)) as Uint8Array as Handle
const nobody = new Uint8Array(randomBytes(32)) as Uint8Array as Handle
const reader = `did:chiron:${'a'.repeat(32)}` as Did
const isPatient = (handle: Handle): boolean => handle === patient

it('counts attempts of one kind together, and never names more than a refusal may stand for', () => {
  const log = new RefusalLog(webRandom)
  for (let attempt = 0; attempt < 2_500; attempt++) log.add(patient, reader, 'TREAT', 'read')
  log.add(patient, reader, 'TREAT', 'write')
  const counts = log.take(isPatient)?.message.refusals.map(({ action, count }) => [action, count])
  expect(counts).toEqual([['read', 1_000], ['write', 1], ['read', 1_000], ['read', 500]])
  expect(log.take(isPatient)).toBeUndefined()
})

it('forgets attempts on what is no patient', () => {
  const log = new RefusalLog(webRandom)
  log.add(nobody, reader, 'TREAT', 'read')
  expect(log.take(isPatient)).toBeUndefined()
  log.add(nobody, reader, 'TREAT', 'read')
  log.add(patient, reader, 'TREAT', 'read')
  expect(log.take(isPatient)?.message.refusals).toHaveLength(1)
})

it('has again what could not be listed, with what came since', () => {
  const log = new RefusalLog(webRandom)
  log.add(patient, reader, 'TREAT', 'read')
  const taken = log.take(isPatient)
  log.add(patient, reader, 'TREAT', 'read')
  taken?.restore()
  expect(log.take(isPatient)?.message.refusals.map(({ count }) => count)).toEqual([2])
})
