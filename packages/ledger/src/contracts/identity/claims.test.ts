import { claimBytes, claimPossessionBytes, derivedId, type MessageOf } from '@chiron/protocol'
import { expect, test } from 'vitest'
import {
  ada, ben, CHAIN_ID, DAY_MS, doctor, entry, handleFor, keyFor, lakeside, msg, openMsg, organisation, outsider, person, populated, putMsg, recordFor, refusalLedger, riverside, SALT,
  stubSignature, surgeon, terms, type ContractChain, type Outcome, type Person,
} from '../../../test/contract-chain.ts'
import { access, accounts, consent, coversRecord, decideOpening, identity } from '../index.ts'

const { refused } = refusalLedger(identity.identityErrors)
const isRefused = (outcome: Outcome, codespace: string): void => expect(outcome.refusal.split('/')[0]).toBe(codespace)

const CLAIM_KEY = keyFor('claim key')
const wallet = person('patient', "ada's wallet")

const offerMsg = (chain: ContractChain, fields: Partial<MessageOf<'identity.offerClaim'>> = {}) =>
  msg('identity.offerClaim', { did: ada.did, claimKey: CLAIM_KEY, until: chain.timeMs + DAY_MS, ...fields })

interface Claimed {
  readonly chainId?: string
  readonly did?: Person['did']
  readonly claimKey?: Uint8Array
  readonly signingKey?: Uint8Array
  readonly agreementKey?: Uint8Array
}

/** What a wallet makes with the code in hand. */
function claimMsg(fields: Claimed = {}): MessageOf<'identity.claim'> {
  const statement = { chainId: CHAIN_ID, did: ada.did, claimKey: CLAIM_KEY, signingKey: wallet.signingKey, agreementKey: wallet.agreementKey, ...fields }
  const { did, claimKey, signingKey, agreementKey } = statement
  return {
    type: 'identity.claim', salt: SALT, did, signingKey, agreementKey,
    claimSignature: stubSignature(claimKey, claimBytes(statement)), possession: stubSignature(signingKey, claimPossessionBytes(statement)),
  }
}

function offered(options?: Parameters<typeof populated>[0]): ContractChain {
  const chain = populated(options)
  chain.do(riverside, offerMsg(chain))
  return chain
}

test('the patient takes over: new keys, no custodian, no delegation; rules and treatment stay; both stand in the list', () => {
  const chain = populated()
  const granted = chain.do(ada, msg('consent.grant', { patient: ada.handle, terms: terms({ grantee: organisation(lakeside) }) }))
  chain.do(riverside, offerMsg(chain))
  const claimed = chain.do(lakeside, claimMsg())
  const at = chain.timeMs
  expect(identity.document(chain.state, ada.did)).toMatchObject({ controller: null, currentKey: { id: 'k2', signing: wallet.signingKey, agreement: wallet.agreementKey, untilMs: null } })
  expect(accounts.signingKey(chain.state, ada.did, 'k1')).toBeUndefined()
  expect(accounts.signingKey(chain.state, ada.did, 'k2')).toEqual(wallet.signingKey)
  expect(identity.claimOffer(chain.state, ada.did, 0)).toBeUndefined()
  expect(identity.pastCustody(chain.state, ada.did)).toEqual({ custodian: riverside.did, untilMs: at })
  expect(identity.delegation(chain.state, ada.did, riverside.did)).toBeUndefined()
  expect(consent.rule(chain.state, ada.handle, derivedId(granted.txId, 0), at)?.status).toBe('active')
  expect(consent.treatment(chain.state, ada.handle, riverside.did)).toMatchObject({ contestedMs: null })
  expect([...access.accessEntries(chain.state, ada.handle)].slice(-2).map(([, e]) => e)).toMatchObject([
    { kind: 'claim-offer', organisation: riverside.did }, { kind: 'claim', organisation: lakeside.did, custodian: riverside.did, timeMs: at },
  ])
  expect(claimed.events.map((e) => e.type)).toContain('identity.claimed')
  chain.checkInvariants()
})

test('only the custodian offers, for at most 30 days, only patients, and a key that it is not one of theirs', () => {
  const chain = populated()
  refused(chain.submit(lakeside, offerMsg(chain)), 'notAuthorised')
  refused(chain.submit(ada, offerMsg(chain)), 'notAuthorised')
  refused(chain.submit(riverside, offerMsg(chain, { did: person('patient', 'nobody').did })), 'unknownIdentity')
  refused(chain.submit(riverside, offerMsg(chain, { did: surgeon.did })), 'notInCustody')
  refused(chain.submit(riverside, offerMsg(chain, { did: lakeside.did })), 'notInCustody')
  refused(chain.submit(riverside, offerMsg(chain, { until: chain.timeMs })), 'endNotAllowed')
  refused(chain.submit(riverside, offerMsg(chain, { until: chain.timeMs + 31 * DAY_MS })), 'endNotAllowed')
  refused(chain.submit(riverside, offerMsg(chain, { claimKey: new Uint8Array(32) })), 'keyNotAcceptable')
  refused(chain.submit(riverside, offerMsg(chain, { claimKey: ada.signingKey })), 'keyReused')
  chain.do(riverside, msg('identity.suspend', { did: ada.did, suspended: true }))
  refused(chain.submit(riverside, offerMsg(chain)), 'suspended')
})

test('an offer is replaced, withdrawn, or runs out', () => {
  const chain = offered()
  chain.do(riverside, offerMsg(chain, { claimKey: keyFor('second') }))
  refused(chain.submit(riverside, claimMsg()), 'claimNotSigned')
  refused(chain.submit(lakeside, msg('identity.withdrawClaim', { did: ada.did })), 'notAuthorised')
  chain.do(riverside, msg('identity.withdrawClaim', { did: ada.did }))
  refused(chain.submit(riverside, msg('identity.withdrawClaim', { did: ada.did })), 'noOffer')
  refused(chain.submit(riverside, claimMsg({ claimKey: keyFor('second') })), 'noOffer')
  chain.do(riverside, offerMsg(chain))
  chain.pass(DAY_MS - 1_000)
  refused(chain.submit(riverside, claimMsg()), 'noOffer')
  chain.checkInvariants()
})

test('a claim needs the code of this network and identity, and is good for its own keys only', () => {
  const chain = offered()
  refused(chain.submit(riverside, claimMsg({ claimKey: keyFor('a guess') })), 'claimNotSigned')
  refused(chain.submit(riverside, claimMsg({ chainId: 'other-1' })), 'claimNotSigned')
  refused(chain.submit(riverside, { ...claimMsg({ did: ben.did }), did: ada.did }), 'claimNotSigned')
  refused(chain.submit(riverside, { ...claimMsg(), signingKey: keyFor('the relayer') }), 'claimNotSigned')
  refused(chain.submit(riverside, { ...claimMsg(), agreementKey: lakeside.agreementKey }), 'claimNotSigned')
  const possession = claimMsg({ signingKey: keyFor('the relayer') }).possession
  refused(chain.submit(riverside, { ...claimMsg(), possession }), 'possessionNotShown')
  refused(chain.submit(riverside, { ...claimMsg(), possession: claimMsg().claimSignature }), 'possessionNotShown')
  refused(chain.submit(riverside, claimMsg({ did: ben.did })), 'noOffer')
  refused(chain.submit(riverside, claimMsg({ did: person('patient', 'nobody').did })), 'unknownIdentity')
  refused(chain.submit(outsider, claimMsg()), 'notMember')
  refused(chain.submit(ada, claimMsg()), 'notMember')
  chain.do(riverside, claimMsg())
})

test('keys that the custodian knows, or that nothing can be sealed to, are not taken', () => {
  const chain = offered()
  refused(chain.submit(riverside, claimMsg({ signingKey: CLAIM_KEY })), 'keyReused')
  refused(chain.submit(riverside, claimMsg({ signingKey: ada.signingKey })), 'keyReused')
  refused(chain.submit(riverside, claimMsg({ agreementKey: ada.agreementKey })), 'keyReused')
  refused(chain.submit(riverside, claimMsg({ agreementKey: new Uint8Array(32) })), 'keyNotAcceptable')
  refused(chain.submit(riverside, claimMsg({ signingKey: new Uint8Array(32) })), 'keyNotAcceptable')
  const rotate = (signingKey: Uint8Array, agreementKey: Uint8Array) => msg('identity.rotateKey', { did: ada.did, keyId: 'k2', signingKey, agreementKey })
  refused(chain.submit(riverside, rotate(keyFor('x'), new Uint8Array(32).fill(0).fill(1, 0, 1))), 'keyNotAcceptable')
})

test('a suspended identity is not claimed; of two claims one wins; a used code opens nothing', () => {
  const chain = offered()
  chain.do(riverside, msg('identity.suspend', { did: ada.did, suspended: true }))
  refused(chain.submit(riverside, claimMsg()), 'suspended')
  chain.do(riverside, msg('identity.suspend', { did: ada.did, suspended: false }))
  const rival = claimMsg({ signingKey: keyFor('rival'), agreementKey: person('patient', 'rival').agreementKey })
  isRefused(chain.submit(riverside, claimMsg(), rival), 'identity')
  expect(identity.controller(chain.state, ada.did)).toBe(riverside.did)
  chain.do(riverside, claimMsg())
  refused(chain.submit(lakeside, rival), 'notInCustody')
  refused(chain.submit(lakeside, claimMsg()), 'notInCustody')
})

test('afterwards the custodian can neither rotate, offer, add handles, nor use what the old key delegated', () => {
  const chain = populated()
  chain.do(riverside, putMsg([entry('glucose')]))
  const opening = openMsg(ada, { purpose: 'PATRQT' })
  const before = derivedId(chain.do(riverside, opening).txId, 0, 0)
  expect(coversRecord(chain.state, before, recordFor('glucose'), chain.timeMs)).toBe(true)
  chain.do(riverside, offerMsg(chain))
  chain.do(riverside, claimMsg())
  refused(chain.submit(riverside, msg('identity.rotateKey', { did: ada.did, keyId: 'k3', signingKey: keyFor('back'), agreementKey: keyFor('back') })), 'notAuthorised')
  refused(chain.submit(riverside, offerMsg(chain)), 'notInCustody')
  refused(chain.submit(riverside, msg('identity.addHandle', { did: ada.did, handle: handleFor('one more') })), 'notAuthorised')
  expect(access.access(chain.state, before)?.open).toBe(false)
  expect(coversRecord(chain.state, before, recordFor('glucose'), chain.timeMs)).toBe(false)
  expect(chain.submit(riverside, opening).refusal).toBe('access/1')
  chain.checkInvariants()
})

test('only after the claim a patient opens accesses through nobody; own records, and what others granted to the person', () => {
  const chain = populated()
  chain.do(riverside, putMsg([entry('glucose'), entry('bens', { subjects: [ben.handle] })]))
  const own = openMsg(ada, { purpose: 'PATRQT' })
  expect(chain.submit(ada, own).refusal).toBe('access/1')
  chain.do(riverside, offerMsg(chain))
  chain.do(riverside, claimMsg())
  const opened = derivedId(chain.do(ada, own).txId, 0, 0)
  const covers = (id: typeof opened, name: string) => coversRecord(chain.state, id, recordFor(name), chain.timeMs)
  expect([covers(opened, 'glucose'), covers(opened, 'bens')]).toEqual([true, false])
  expect(access.access(chain.state, opened)).toMatchObject({ reader: ada.did, organisation: ada.did, tier: '2' })
  const ofBen = openMsg(ada, { patient: ben.handle, purpose: 'PATRQT' })
  expect(chain.submit(ada, ofBen).refusal).toBe('access/2')
  expect(chain.submit(ada, openMsg(doctor)).refusal).toBe('access/1')
  expect(decideOpening(chain.state, { patient: ada.handle, reader: ada.did, organisation: ada.did, purpose: 'PATRQT', action: 'write' }, chain.timeMs).effect).toBe('deny')
  chain.do(ben, msg('consent.grant', { patient: ben.handle, terms: terms({ grantee: { kind: 'person', did: ada.did }, purposes: ['PATRQT'] }) }))
  const bens = derivedId(chain.do(ada, ofBen).txId, 0, 0)
  expect(covers(bens, 'bens')).toBe(true)
  chain.do(riverside, msg('identity.suspend', { did: ada.did, suspended: true }))
  expect([covers(opened, 'glucose'), covers(bens, 'bens')]).toEqual([false, false])
  chain.checkInvariants()
})

test('outside a sample network the claim is what lets the patient grant and read', () => {
  const chain = offered({ sample: false })
  const grant = msg('consent.grant', { patient: ada.handle, terms: terms({ grantee: organisation(lakeside) }) })
  isRefused(chain.submit(ada, grant), 'consent')
  chain.do(lakeside, claimMsg())
  chain.do(ada, grant)
  chain.do(ada, openMsg(ada, { purpose: 'PATRQT' }))
})
