import { randomBytes } from 'node:crypto'
import { identity, records } from '@chiron/ledger'
import {
  claimBytes, claimKeySeed, claimPossessionBytes, ed25519PublicKey, encodeCanonical, formatClaimCode, parseClaimCode, schema, signEd25519, toHex, walletSessionBytes, x25519PublicKey,
  type Did, type Message, type WalletClaim,
} from '@chiron/protocol'
import { sealCopies, signReleaseRequest, webRandom } from '@chiron/vault'
import type { PatientWallet } from '@chiron/sdk/patient'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as v from 'valibot'
import { submitMessages, validUntilFrom, type Signer } from '../../src/ledger/submitter.ts'
import type { Client } from '../gateway/client.ts'
import { startTestNode, type Organisation, type TestNode } from '../gateway/harness.ts'
import { admit, claim, clientOf, offer } from './claimed.ts'

let started: TestNode
beforeAll(async () => {
  started = await startTestNode()
})
afterAll(async () => {
  expect(started.failures).toEqual([])
  await started.close()
})

const outcome = v.object({ issue: v.tuple([v.object({ code: v.string(), diagnostics: v.string() })]) })

async function post(path: string, body: unknown, token?: string, organisation: Organisation = 'riverside') {
  const content = body instanceof Uint8Array ? body : encodeCanonical(body)
  const headers = { 'content-type': 'application/cbor', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
  const response = await fetch(`${started.url}/${organisation}/chiron/${path}`, { method: 'POST', headers, body: new Uint8Array(content) })
  return { status: response.status, text: await response.text() }
}

const get = async (client: Client, path: string) => await client.send('GET', path, undefined, {})

interface Keys {
  readonly signing: Uint8Array
  readonly agreement: Uint8Array
}
const newKeys = (): Keys => ({ signing: randomBytes(32), agreement: randomBytes(32) })
const chainOf = (): string => started.node.engine.status().chainId

/** What an honest wallet would send, with anything replaced. */
function claimOf(code: string, keys = newKeys(), chainId = chainOf(), changes: Partial<WalletClaim> = {}): WalletClaim {
  const { did, secret } = parseClaimCode(code)
  const seed = claimKeySeed({ did, secret }, chainId)
  const named = { did, claimKey: ed25519PublicKey(seed), signingKey: ed25519PublicKey(keys.signing), agreementKey: x25519PublicKey(keys.agreement) }
  const statement = { chainId, ...named }
  return { ...named, claimSignature: signEd25519(seed, claimBytes(statement)), possession: signEd25519(keys.signing, claimPossessionBytes(statement)), ...changes }
}

function sessionOf(wallet: PatientWallet, changes: Partial<{ chainId: string; did: Did; keyId: string; gateway: Did; validUntil: number; nonce: Uint8Array }> = {}) {
  const body = encodeCanonical({
    v: 1, chainId: chainOf(), did: wallet.did, keyId: wallet.current.keyId, gateway: started.gateway('riverside').services.organisation.did, nonce: randomBytes(16),
    validUntil: Date.now() + 60_000, ...changes,
  })
  return { body, signature: signEd25519(wallet.current.signing.reveal(), walletSessionBytes(body)) }
}

async function tokenOf(wallet: PatientWallet): Promise<string> {
  const { text } = await post('session', sessionOf(wallet))
  return (JSON.parse(text) as { token: string }).token
}

const ownerOf = (id: string): Did => identity.handleOwner(started.node.engine.state, started.node.desk.handle(id)) as Did
const submitAs = async (signer: Signer, message: Message) => await submitMessages(started.node.engine, signer, [message], validUntilFrom(started.node.engine, Date.now()))

describe('a claim', () => {
  it('has one answer for whatever is wrong, and none of it becomes a transaction', async () => {
    const [id, other] = [await admit(started, 0), await admit(started, 0)]
    const code = await offer(started, id)
    const did = ownerOf(id)
    const replaced = await offer(started, other)
    await offer(started, other)
    const guess = formatClaimCode({ did, secret: randomBytes(16) })
    const unknown = formatClaimCode({ did: schemaDid(), secret: randomBytes(16) })
    const honest = claimOf(code)
    const [relayers, strangers] = [newKeys(), newKeys()]
    const wrong: Record<string, WalletClaim> = {
      'a guessed code': claimOf(guess),
      'a replaced code': claimOf(replaced),
      'of nobody': claimOf(unknown),
      'never offered': claimOf(formatClaimCode({ did: ownerOf(await admit(started, 0)), secret: randomBytes(16) })),
      'of another network': claimOf(code, newKeys(), 'chiron-other-1'),
      'with the relayer’s signing key': { ...honest, signingKey: ed25519PublicKey(relayers.signing) },
      'with the relayer’s agreement key': { ...honest, agreementKey: x25519PublicKey(relayers.agreement) },
      'with the relayer’s key and possession': { ...claimOf(code, relayers), claimSignature: honest.claimSignature },
      'without possession': { ...honest, possession: claimOf(code, strangers).possession },
      'of another’s identity': { ...honest, did: ownerOf(other) },
      'with keys of the custodian': claimOf(code, newKeys(), chainOf(), { agreementKey: identity.document(started.node.engine.state, did)?.currentKey.agreement as Uint8Array }),
      'with a key of small order': claimOf(code, newKeys(), chainOf(), { agreementKey: new Uint8Array(32) }),
    }
    const height = started.node.engine.status().height
    const answers = []
    for (const [name, body] of Object.entries(wrong)) answers.push([name, await post('claim', body)] as const)
    const [, first] = answers[0] as (typeof answers)[number]
    expect(first.status).toBe(403)
    expect(v.parse(outcome, JSON.parse(first.text)).issue[0].diagnostics).toMatch(/^the claim was not accepted/)
    for (const [name, answer] of answers) expect([name, answer]).toEqual([name, first])
    expect(started.node.engine.status().height).toBe(height)
    expect((await post('claim', honest)).status).toBe(200)
    expect(await post('claim', claimOf(code))).toEqual(first)
    expect(await post('claim', { ...honest, did: ownerOf(other) })).toEqual(first)
  })

  it('is refused like any other when it is over, withdrawn, or the identity is suspended', async () => {
    const [over, withdrawn, suspended] = [await admit(started, 0), await admit(started, 0), await admit(started, 0)]
    const code = await offer(started, over, 60_000)
    started.setClockAhead(61_000)
    const first = await post('claim', claimOf(code))
    started.setClockAhead(0)
    expect(first.status).toBe(403)
    const second = await offer(started, withdrawn)
    await started.node.claimDesk.withdraw(started.node.desk.handle(withdrawn))
    expect(await post('claim', claimOf(second))).toEqual(first)
    const third = await offer(started, suspended)
    await started.submit('riverside', [{ type: 'identity.suspend', salt: randomBytes(16), did: ownerOf(suspended), suspended: true }])
    expect(await post('claim', claimOf(third))).toEqual(first)
  })

  it('of two that race wins one, wholly', async () => {
    const id = await admit(started, 0)
    const code = await offer(started, id)
    const [a, b] = [claimOf(code), claimOf(code)]
    const statuses = (await Promise.all([post('claim', a), post('claim', b, undefined, 'lakeside')])).map(({ status }) => status)
    expect(statuses.toSorted()).toEqual([200, 403])
    const winner = statuses[0] === 200 ? a : b
    expect(identity.document(started.node.engine.state, ownerOf(id))?.currentKey).toMatchObject({ id: 'k2', signing: winner.signingKey, agreement: winner.agreementKey })
  })

  it('is limited in attempts, for those who exist and those who do not', async () => {
    const id = await admit(started, 0)
    const code = await offer(started, id)
    for (const did of [ownerOf(id), schemaDid()]) {
      const statuses = []
      for (let i = 0; i < 22; i++) statuses.push((await post('claim', claimOf(formatClaimCode({ did, secret: randomBytes(16) })), undefined, 'lakeside')).status)
      expect(statuses).toEqual([...Array<number>(20).fill(403), 429, 429])
    }
    expect((await post('claim', claimOf(code))).status).toBe(200)
  })

  it('is decoded strictly', async () => {
    const honest = claimOf(formatClaimCode({ did: schemaDid(), secret: randomBytes(16) }))
    for (const body of [{ ...honest, more: 1 }, { ...honest, possession: new Uint8Array(63) }, { ...honest, did: 'did:chiron:x' }, new Uint8Array([0xa0]), new Uint8Array(0)]) {
      expect((await post('claim', body)).status).toBe(400)
    }
  })
})

describe('after the claim the custodian', () => {
  it('signs nothing, sees nothing with old tokens, and what it delegated is over', async () => {
    const id = await admit(started, 1)
    const old = await started.asPatient(id)
    ;(await get(old, `fhir/Observation?patient=Patient/${id}`)).expect(200)
    const custodial = (await started.node.wallets.signerFor(id)) as Signer
    const message: Message = { type: 'identity.delegate', salt: randomBytes(16), to: started.gateway('riverside').services.organisation.did, purposes: [], until: Date.now() + 3_600_000 }
    await submitAs(custodial, message)
    const before = await get(old, `fhir/Observation?patient=Patient/${id}`)
    before.expect(200)
    const wallet = await claim(started, await offer(started, id), 'lakeside')
    await expect(submitAs(custodial, { ...message, salt: randomBytes(16) })).rejects.toMatchObject({ code: 'ERR_ENGINE_TX_INVALID' })
    for (const path of ['chiron/audit', 'chiron/patient', 'chiron/rules', 'chiron/displays', `fhir/Observation?patient=Patient/${id}`]) expect((await get(old, path)).status).toBe(401)
    const access = await started.gateway('riverside').services.access.ensure({ did: wallet.did, purpose: 'PATRQT' }, [started.node.desk.handle(id)], false)
    expect(access.size).toBe(0)
    await expect(started.node.claimDesk.offer(started.node.desk.handle(id), 60_000)).rejects.toMatchObject({ code: 'ERR_GATEWAY_CONFLICT' })
    await expect(started.node.desk.grant(id, { effect: 'deny', grantee: { kind: 'anyone-treating' }, purposes: [], categories: [], labels: [], records: [], actions: ['read'], forMs: null, overrides: null })).rejects.toMatchObject({ code: 'ERR_GATEWAY_NOT_FOUND' })
  })
})

describe('a session', () => {
  it('is for the wallet that signed, here and now, once', async () => {
    const wallet = await claim(started, await offer(started, await admit(started, 0)))
    const other = await claim(started, await offer(started, await admit(started, 0)))
    const good = sessionOf(wallet)
    expect((await post('session', good)).status).toBe(200)
    const wrong = {
      'sent again': good,
      'at another organisation’s': sessionOf(wallet, { gateway: started.gateway('lakeside').services.organisation.did }),
      'of another network': sessionOf(wallet, { chainId: 'chiron-other-1' }),
      'of another patient': sessionOf(wallet, { did: other.did }),
      'of nobody': sessionOf(wallet, { did: schemaDid() }),
      'under the custodial key': sessionOf(wallet, { keyId: 'k1' }),
      'that is over': sessionOf(wallet, { validUntil: Date.now() - 1000 }),
      'that lasts too long': sessionOf(wallet, { validUntil: Date.now() + 3_600_000 }),
    }
    const answers = []
    for (const [name, body] of Object.entries(wrong)) answers.push([name, await post('session', body)] as const)
    const [, first] = answers[0] as (typeof answers)[number]
    expect(first.status).toBe(401)
    for (const [name, answer] of answers) expect([name, answer]).toEqual([name, first])
    expect((await post('session', { ...good, more: 1 })).status).toBe(400)
  })

  it('opens nothing of FHIR, nothing at another organisation, and ends with the key', async () => {
    const id = await admit(started, 0)
    const wallet = await claim(started, await offer(started, id))
    const token = await tokenOf(wallet)
    expect((await get(started.anonymous('riverside', token), 'chiron/patient')).status).toBe(200)
    for (const path of [`fhir/Patient/${id}`, 'fhir/Patient', `fhir/Patient/${id}/$everything`]) expect((await get(started.anonymous('riverside', token), path)).status).toBe(403)
    expect((await get(started.anonymous('lakeside', token), 'chiron/patient')).status).toBe(401)
    const physician = await started.as('riverside', 'physician')
    for (const path of ['chiron/records', 'chiron/accesses', 'chiron/patient']) expect((await get(physician, path)).status).toBe(403)
    const { signingKey, agreementKey } = { signingKey: ed25519PublicKey(randomBytes(32)), agreementKey: x25519PublicKey(randomBytes(32)) }
    await submitAs({ did: wallet.did, keyId: 'k2', sign: (bytes) => signEd25519(wallet.current.signing.reveal(), bytes) }, { type: 'identity.rotateKey', salt: randomBytes(16), did: wallet.did, keyId: 'k3', signingKey, agreementKey })
    expect((await get(started.anonymous('riverside', token), 'chiron/patient')).status).toBe(401)
  })
})

describe('a wallet', () => {
  it('is released nothing without an access on the ledger, for others’ records, or to another key', async () => {
    const [id, other] = [await admit(started, 1), await admit(started, 1)]
    const wallet = await claim(started, await offer(started, id))
    const token = await tokenOf(wallet)
    const client = clientOf(started, wallet)
    const recordOf = (of: string) => [...records.recordsOf(started.node.engine.state, started.node.desk.handle(of))].map(([, { record, version }]) => [record, version] as [typeof record, number])
    const request = async (changes: object) => {
      const body = {
        v: 1 as const, chainId: chainOf(), access: randomBytes(16) as never, reader: wallet.did, gateway: wallet.did, records: recordOf(id),
        recipient: { suite: 'x25519' as const, key: x25519PublicKey(wallet.current.agreement.reveal()) }, nonce: randomBytes(16), validUntil: started.node.engine.status().timeMs + 60_000, ...changes,
      }
      return (await signReleaseRequest(body, (message) => signEd25519(wallet.current.signing.reveal(), message))).bytes
    }
    expect((await post('release', await request({}), token)).status).toBe(403)
    expect((await post('release', await request({ reader: ownerOf(other), gateway: ownerOf(other) }), token)).status).toBe(403)
    const { txId } = await submitAs(
      { did: wallet.did, keyId: 'k2', sign: (bytes) => signEd25519(wallet.current.signing.reveal(), bytes) },
      { type: 'access.open', salt: randomBytes(16), openings: [{ patient: started.node.desk.handle(id), reader: wallet.did, purpose: 'PATRQT', action: 'read' }] },
    )
    expect(toHex(txId)).toHaveLength(64)
    const { access } = (JSON.parse((await get(started.anonymous('riverside', token), 'chiron/accesses')).text) as [{ access: string }])[0]
    const open = { access: new Uint8Array(Buffer.from(access, 'hex')) }
    expect((await post('release', await request({ ...open, recipient: { suite: 'x25519', key: x25519PublicKey(randomBytes(32)) } }), token)).status).toBe(403)
    const refused = JSON.parse((await post('release', await request({ ...open, records: recordOf(other) }), token)).text) as { responses: unknown[] }
    expect(refused.responses).toHaveLength(1)
    const keyholder = started.node.keyholders[0]?.keyholder
    expect(keyholder?.releaseLogHead().size).toBeGreaterThan(0)
    expect((await client.chart()).entries).toHaveLength(2)
    expect((await post('release', new Uint8Array(7), token)).status).toBe(400)
  })

  it('gets and keeps only what is about its own patient', async () => {
    const [id, other] = [await admit(started, 1), await admit(started, 1)]
    const wallet = await claim(started, await offer(started, id))
    const theirs = await claim(started, await offer(started, other))
    await clientOf(started, wallet).sealCopies()
    const token = await tokenOf(wallet)
    const hashOf = async (of: PatientWallet) => ((await clientOf(started, of).chart()).entries[0] as { entry: { ciphertext: Uint8Array } }).entry.ciphertext
    const [mine, foreign] = [await hashOf(wallet), await hashOf(theirs)]
    const envelopes = JSON.parse((await post('envelopes', { ciphertexts: [mine, foreign, randomBytes(32)] }, token)).text) as { envelopes: (string | null)[] }
    expect(envelopes.envelopes.map((each) => each === null)).toEqual([false, true, true])
    const seal = async (keyId: string) => {
      const to = { chainId: chainOf(), owner: wallet.did, keyId, agreementKey: x25519PublicKey(wallet.current.agreement.reveal()) }
      return (await sealCopies(to, [{ record: randomBytes(16) as never, version: 1, ciphertext: mine, key: randomBytes(32) }], webRandom))[0] as Uint8Array
    }
    const before = await started.node.copies.list(wallet.did)
    const put = async (ciphertext: Uint8Array, bytes: Uint8Array) => (await post('copies', { copies: [{ ciphertext: mine, bytes: await seal('k2') }, { ciphertext, bytes }] }, token)).status
    expect(await put(foreign, await seal('k2'))).toBe(404)
    expect(await put(randomBytes(32), await seal('k2'))).toBe(404)
    expect(await put(mine, await seal('k1'))).toBe(409)
    expect(await put(mine, randomBytes(100))).toBe(400)
    expect((await post('copies', { copies: [] }, token)).status).toBe(400)
    expect(await started.node.copies.list(wallet.did)).toEqual(before)
    expect(await started.node.copies.list(theirs.did)).toEqual([])
    for (const path of ['copies', 'envelopes', 'release']) expect((await post(path, { ciphertexts: [mine] })).status).toBe(401)
  })

  it('finds out a node that changes what it passes on, and reads all the same', async () => {
    const wallet = await claim(started, await offer(started, await admit(started, 1)))
    const client = clientOf(started, wallet)
    await client.sealCopies()
    const chart = await client.chart()
    const { entries } = chart
    const to = { chainId: chainOf(), owner: wallet.did, keyId: 'k2', agreementKey: x25519PublicKey(wallet.current.agreement.reveal()) }
    const forged = await sealCopies(to, entries.map(({ entry }) => ({ record: entry.record, version: entry.version, ciphertext: entry.ciphertext, key: randomBytes(32) })), webRandom)
    await started.node.copies.put(wallet.did, entries.map(({ entry }, i) => ({ ciphertext: entry.ciphertext, bytes: forged[i] as Uint8Array })))
    const lied = await client.chart()
    expect(await client.open(lied, lied.entries)).toHaveLength(2)
  })
})

const schemaDid = (): Did => {
  const did = `did:chiron:${Array.from(randomBytes(32), (byte) => 'abcdefghijklmnopqrstuvwxyz234567'[byte % 32]).join('')}`
  return v.parse(schema.did, did)
}
