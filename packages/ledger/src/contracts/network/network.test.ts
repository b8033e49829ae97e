import { expect, test } from 'vitest'
import { ContractChain, handleFor, lakeside, msg, outsider, person, refusalLedger, riverside, type Person } from '../../../test/contract-chain.ts'
import { identity, isLiveMember, network } from '../index.ts'

const { refused, unprovoked } = refusalLedger(network.networkErrors)

const addMsg = (org: Person, name: string, handle = org.handle) => {
  const { did, signingKey, agreementKey, inception } = org
  return msg('network.addMember', { did, name, handle, signingKey, agreementKey, inception })
}

test('genesis: members, governance, block signer, parameters', () => {
  const { state } = new ContractChain({ sample: false })
  expect(network.members(state).map((m) => m.name).sort()).toEqual(['lakeside', 'riverside'])
  expect(network.memberByName(state, 'lakeside')?.did).toBe(lakeside.did)
  expect(network.isGovernor(state, riverside.did)).toBe(true)
  expect(network.isGovernor(state, lakeside.did)).toBe(false)
  expect(network.blockSigner(state)).toBe(person('device', 'block signer').did)
  expect(network.parameters(state)).toEqual({ maxAccessMs: 43_200_000, maxTxLifetimeMs: 600_000, maxViewAgeMs: 3_000 })
  expect(network.isSample(state)).toBe(false)
})

test('a member is admitted with identity and handle, removed, and taken back as it was', () => {
  const chain = new ContractChain()
  chain.do(riverside, addMsg(outsider, 'outsider'))
  expect(identity.document(chain.state, outsider.did)?.kind).toBe('organisation')
  expect(identity.handleOwner(chain.state, outsider.handle)).toBe(outsider.did)
  refused(chain.submit(riverside, addMsg(outsider, 'outsider')), 'alreadyMember')
  chain.do(riverside, msg('network.removeMember', { did: outsider.did }))
  expect(isLiveMember(chain.state, outsider.did)).toBe(false)
  expect(network.memberByName(chain.state, 'outsider')).toBeUndefined()
  expect(network.members(chain.state, { removed: true })).toHaveLength(3)
  refused(chain.submit(riverside, addMsg(outsider, 'another')), 'mismatch')
  refused(chain.submit(riverside, addMsg(outsider, 'outsider', handleFor('another'))), 'mismatch')
  chain.do(riverside, addMsg(outsider, 'outsider'))
  expect(isLiveMember(chain.state, outsider.did)).toBe(true)
  chain.checkInvariants()
})

test('only governance admits, removes and sets', () => {
  const chain = new ContractChain()
  refused(chain.submit(lakeside, addMsg(outsider, 'outsider')), 'notGovernance')
  refused(chain.submit(lakeside, msg('network.removeMember', { did: riverside.did })), 'notGovernance')
  refused(chain.submit(lakeside, msg('network.setParameter', { name: 'maxAccessMs', value: 60_000 })), 'notGovernance')
})

test('names are unique, members must be there, parameters stay in bounds', () => {
  const chain = new ContractChain()
  refused(chain.submit(riverside, addMsg(outsider, 'lakeside')), 'nameTaken')
  refused(chain.submit(riverside, msg('network.removeMember', { did: outsider.did })), 'unknownMember')
  refused(chain.submit(riverside, msg('network.setParameter', { name: 'maxAccessMs', value: 86_400_001 })), 'parameterOutOfBounds')
  refused(chain.submit(riverside, msg('network.setParameter', { name: 'maxAccessMs', value: 999 })), 'parameterOutOfBounds')
  chain.do(riverside, msg('network.setParameter', { name: 'maxAccessMs', value: 60_000 }))
  expect(network.parameter(chain.state, 'maxAccessMs')).toBe(60_000)
  // The new member's identity must be its own: nothing of a refused admission stays.
  expect(chain.submit(riverside, { ...addMsg(outsider, 'outsider'), inception: new Uint8Array(16) }).refusal).toBe('identity/3')
  expect(chain.submit(riverside, addMsg(outsider, 'outsider', lakeside.handle)).refusal).toBe('identity/7')
  expect(identity.document(chain.state, outsider.did)).toBeUndefined()
})

test('every refusal was provoked', () => expect(unprovoked()).toEqual([]))
