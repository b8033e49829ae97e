import { derivedId } from '@chiron/protocol'
import { expect, test } from 'vitest'
import { ada, doctor, entry, lakeside, msg, openMsg, organisation, populated, putMsg, recordFor, riverside, tagFor, terms } from '../../../test/contract-chain.ts'
import { access, coversRecord, decideRecord } from '../index.ts'

test('a hospital writes, a clinic is granted, opens, is covered, and is shut out by the revocation', () => {
  const chain = populated()
  chain.do(riverside, putMsg([entry('glucose'), entry('fracture', { category: tagFor('conditions') })]))
  expect(chain.submit(lakeside, openMsg(doctor)).refusal).toBe('access/2')
  const granted = chain.do(ada, msg('consent.grant', { patient: ada.handle, terms: terms({ grantee: organisation(lakeside), categories: [tagFor('laboratory')] }) }))
  const opened = chain.do(lakeside, openMsg(doctor))
  const id = derivedId(opened.txId, 0, 0)
  expect(coversRecord(chain.state, id, recordFor('glucose'), chain.timeMs)).toBe(true)
  expect(coversRecord(chain.state, id, recordFor('fracture'), chain.timeMs)).toBe(false)
  chain.do(ada, msg('consent.revoke', { patient: ada.handle, rule: derivedId(granted.txId, 0) }))
  expect(coversRecord(chain.state, id, recordFor('glucose'), chain.timeMs)).toBe(false)
  expect(access.access(chain.state, id)?.open).toBe(false)
  const request = { reader: doctor.did, organisation: lakeside.did, purpose: 'TREAT', action: 'read' as const, record: recordFor('glucose') }
  expect(decideRecord(chain.state, request, chain.timeMs)).toMatchObject({ effect: 'deny', tier: '9' })
  expect([...access.accessEntries(chain.state, ada.handle)].map(([, e]) => e.kind)).toEqual(['treatment', 'grant', 'open', 'revoke', 'close'])
  chain.checkInvariants()
})
