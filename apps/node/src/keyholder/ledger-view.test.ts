import { MemoryStore, CommittedState, type StateReader } from '@chiron/ledger'
import type { ObjectId, RecordId } from '@chiron/protocol'
import { testIdentity } from '@chiron/vault/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import type { EngineStatus } from '../engine/engine.ts'
import { EngineLedgerView, type LedgerQueries } from './ledger-view.ts'

const organisation = testIdentity('organisation')
const reader = testIdentity('reader').did
const id = new Uint8Array(16) as ObjectId
const record = new Uint8Array(16).fill(1) as RecordId

describe('a keyholder\'s view of the engine', () => {
  const state: StateReader = new CommittedState(new MemoryStore())
  const status: EngineStatus = { chainId: 'chiron-test', height: 7, timeMs: 1000, stateRoot: new Uint8Array(32), txCount: 0, fresh: true }
  const access = { reader, organisation: organisation.did, open: true, untilMs: 1001 }
  let asked: unknown[][]
  let queries: LedgerQueries

  beforeEach(() => {
    asked = []
    queries = {
      isMember: () => true,
      document: () => ({ suspended: false, currentKey: { signing: organisation.publicKey } }),
      walletKeys: () => undefined,
      custodySet: () => undefined,
      access: () => access,
      coverageOf: (...all) => (asking) => {
        asked.push([...all, asking])
        return { effect: 'permit', code: 'PERMIT' }
      },
      recordVersion: () => undefined,
    }
  })
  const view = (changes: Partial<LedgerQueries> = {}, at: Partial<EngineStatus> = {}, nowMs = 0) =>
    new EngineLedgerView({ state, status: () => ({ ...status, ...at }) }, { ...queries, ...changes }, () => nowMs)

  it('gives a member\'s key, and none of a stranger or someone suspended', () => {
    expect(view().memberKey(organisation.did)).toEqual(organisation.publicKey)
    expect(view({ isMember: () => false }).memberKey(organisation.did)).toBeUndefined()
    expect(view({ document: () => undefined }).memberKey(organisation.did)).toBeUndefined()
    expect(view({ document: () => ({ suspended: true, currentKey: { signing: organisation.publicKey } }) }).memberKey(organisation.did)).toBeUndefined()
  })

  it('knows an access until its end in block time, and not after it was closed', () => {
    expect(view().openAccess(id)).toEqual({ reader, organisation: organisation.did })
    expect(view({}, { timeMs: 1001 }).openAccess(id)).toBeUndefined()
    expect(view({ access: () => ({ ...access, open: false }) }).openAccess(id)).toBeUndefined()
    expect(view({ access: () => undefined }).openAccess(id)).toBeUndefined()
  })

  it('refuses by the clock what block time still allows, and never allows by it what block time refuses', () => {
    expect(view({}, {}, 1001).openAccess(id)).toBeUndefined()
    expect(view({}, { timeMs: 1001 }, 5).openAccess(id)).toBeUndefined()
    const until = (endMs: number): Partial<LedgerQueries> => ({ coverageOf: (_state, _access, timeMs) => () => (timeMs < endMs ? { effect: 'permit', code: 'PERMIT' } : { effect: 'deny', code: 'DENY' }) })
    const from = (startMs: number): Partial<LedgerQueries> => ({ coverageOf: (_state, _access, timeMs) => () => (timeMs >= startMs ? { effect: 'permit', code: 'PERMIT' } : { effect: 'deny', code: 'DENY' }) })
    expect(view(until(2000), {}, 1999).coverageOf(id)(record).effect).toBe('permit')
    expect(view(until(2000), {}, 2000).coverageOf(id)(record).effect).toBe('deny')
    expect(view(from(1500), {}, 2000).coverageOf(id)(record).effect).toBe('deny')
  })

  it('decides at block time, and says how fresh it is', () => {
    expect(view().coverageOf(id)(record)).toEqual({ effect: 'permit', code: 'PERMIT' })
    expect(asked).toEqual([[state, id, 1000, record]])
    expect(view({}, { fresh: false }).status()).toEqual({ chainId: 'chiron-test', height: 7, timeMs: 1000, fresh: false })
  })
})
