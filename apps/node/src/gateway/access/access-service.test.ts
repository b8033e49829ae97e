import type { Handle } from '@chiron/protocol'
import { webRandom } from '@chiron/vault'
import { testIdentity } from '@chiron/vault/testing'
import { expect, it, vi } from 'vitest'
import type { Engine } from '../../engine/engine.ts'
import type { LedgerFacts } from '../../ledger/ledger-facts.ts'
import { AccessService } from './access-service.ts'
import { RefusalLog } from './refusals.ts'

vi.mock('@chiron/ledger', async (original) => ({ ...(await original<object>()), decideOpening: () => ({ effect: 'permit' }) }))

it('lists a reader whom decide() let through and the block refused, as when a rule ended in between', async () => {
  const signer = { ...testIdentity('organisation'), keyId: 'k1' }
  const patient = new Uint8Array(32).fill(1) as Uint8Array as Handle
  const engine = {
    status: () => ({ chainId: 'chiron-test', timeMs: 1_000 }),
    submit: async () => ({ height: 2, timeMs: 1_001, result: { codespace: 'access', code: 3, events: [], logIndex: 0 } }),
  } as unknown as Engine
  const facts = { open: () => undefined } as unknown as LedgerFacts
  const refusalFacts = { isPatient: () => true, mayName: () => true }
  const refusals = new RefusalLog()
  const service = new AccessService({ engine, facts, signer, refusals, now: () => 1_000, random: webRandom, listRefusals: () => {} })
  const seeker = { did: testIdentity('reader').did, purpose: 'TREAT' }
  expect(await service.ensure(seeker, [patient], false)).toEqual(new Map())
  expect(refusals.take(refusalFacts)).toEqual([])
  expect(await service.ensure(seeker, [patient])).toEqual(new Map())
  expect(refusals.take(refusalFacts).map(({ entry }) => entry)).toEqual([{ patient, reader: seeker.did, purpose: 'TREAT', action: 'read', count: 1 }])
})
