import { expect, test } from 'vitest'
import {
  ada, ContractChain, doctor, genesisOf, handleFor, lakeside, msg, openMsg, organisation, outsider, person, populated, refusalLedger, riverside, terms, type Person,
} from '../../../test/contract-chain.ts'
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
  expect(network.parameters(state)).toEqual({ maxAccessMs: 43_200_000, maxTxLifetimeMs: 600_000, maxViewAgeMs: 3_000, emergencyConfirmMs: 900_000, maxEmergencyMs: 86_400_000 })
  expect(network.isSample(state)).toBe(false)
})

test('genesis is refused that contradicts itself: two members of one name, a governor without identity, a parameter out of bounds', () => {
  const genesis = genesisOf()
  const broken: readonly [string, typeof genesis][] = [
    ['two members have one name', { ...genesis, members: genesis.members.map((member) => ({ ...member, name: 'riverside' })) }],
    ['a governor has no identity', { ...genesis, governance: [outsider.did] }],
    ['a parameter is out of bounds', { ...genesis, parameters: [{ name: 'maxEmergencyMs', value: 86_400_001 }] }],
  ]
  for (const [what, each] of broken) expect(() => new ContractChain({}, each)).toThrow(what)
  expect(() => new ContractChain({}, genesis)).not.toThrow()
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

test('a jurisdiction is given by governance, and what it lets be seen is decided by it', () => {
  const chain = populated()
  const setMsg = (who: Person, jurisdiction: string) => msg('network.setJurisdiction', { did: who.did, jurisdiction })
  const within = { grantee: organisation(lakeside), conditions: [{ kind: 'jurisdiction' as const, within: true, of: ['FR', 'DE'] }] }
  chain.do(ada, msg('consent.grant', { patient: ada.handle, terms: terms(within) }))
  expect(chain.submit(lakeside, openMsg(doctor)).refusal).toBe('access/2')
  refused(chain.submit(lakeside, setMsg(lakeside, 'DE')), 'notGovernance')
  refused(chain.submit(riverside, setMsg(outsider, 'DE')), 'unknownMember')
  chain.do(riverside, setMsg(lakeside, 'US'))
  expect(chain.submit(lakeside, openMsg(doctor)).refusal).toBe('access/2')
  expect(chain.do(riverside, setMsg(lakeside, 'DE')).events).toEqual([{ type: 'network.jurisdictionSet', attributes: { did: lakeside.did, jurisdiction: 'DE' } }])
  chain.do(lakeside, openMsg(doctor))
  expect(network.member(chain.state, lakeside.did)).toMatchObject({ jurisdiction: 'DE', name: 'lakeside' })
  chain.do(riverside, msg('network.removeMember', { did: lakeside.did }))
  refused(chain.submit(riverside, setMsg(lakeside, 'FR')), 'unknownMember')
  chain.do(riverside, addMsg(lakeside, 'lakeside'))
  expect(network.member(chain.state, lakeside.did)?.jurisdiction).toBe('DE')
  chain.do(riverside, msg('network.removeMember', { did: lakeside.did }), { ...addMsg(lakeside, 'lakeside'), jurisdiction: 'AT' })
  expect(network.member(chain.state, lakeside.did)?.jurisdiction).toBe('AT')
  const genesis = genesisOf()
  const given = new ContractChain({}, { ...genesis, members: genesis.members.map((m) => (m.did === lakeside.did ? { ...m, jurisdiction: 'CH' } : m)) })
  expect(network.members(given.state).map((m) => m.jurisdiction)).toContain('CH')
})

test('every refusal was provoked', () => expect(unprovoked()).toEqual([]))
