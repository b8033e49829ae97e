import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { decodeLogLeaf, identity, readLogLeaf } from '@chiron/ledger'
import { toHex } from '@chiron/protocol'
import { verifyDocument } from '@chiron/sdk/audit'
import type { Bundle } from '@medplum/fhirtypes'
import { resourceOf } from '../gateway/fhir/request.ts'
import type { Reader } from '../gateway/reader.ts'
import { importDocument } from '../intake/import.ts'
import type { ImportEvent, RebuildEvent, RequestOf } from './api.ts'
import { ControlNode } from './testing/control-node.ts'

const DAY_MS = 86_400_000
const NOBODY = '00000000000000000000000000000000'

let control: ControlNode
/** Canonical id. */
let patient: string
let local: string
beforeAll(async () => {
  control = await ControlNode.open()
})
afterAll(() => control.close())
beforeEach(async () => {
  local = `p-${randomUUID().slice(0, 8)}`
  const resources = [
    { resourceType: 'Patient', id: local, name: [{ family: 'Sample' }] },
    { resourceType: 'Observation', id: `${local}-o`, status: 'final', code: { text: 'x' }, category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] }], subject: { reference: `Patient/${local}` } },
  ]
  const done = await importDocument(control.gateway('riverside'), await control.admin('riverside'), new TextEncoder().encode(JSON.stringify(resources)), () => undefined)
  patient = done.patients[0] as string
})

async function readerOf(authorization: string, organisation: string): Promise<Reader> {
  return await control.node.tokens.verify(`Bearer ${authorization}`, organisation)
}

async function laboratory(reader: Reader, organisation = 'lakeside'): Promise<number | undefined> {
  const answer = await control.gateway(organisation).handle(reader, { method: 'GET', path: ['Observation'], query: [['patient', patient]] })
  return (resourceOf(answer) as Bundle).total
}

const grant = (more: Partial<RequestOf<'grant'>> = {}): RequestOf<'grant'> => ({
  patient, effect: 'permit', to: { kind: 'organisation', organisation: 'lakeside' }, purposes: [], categories: ['laboratory'], labels: [], records: [], actions: ['read'], forMs: DAY_MS, overrides: null, ...more,
})

const ask = (): RequestOf<'ask'> => ({
  organisation: 'lakeside', user: 'physician', patient, purposes: ['TREAT'], categories: ['laboratory', 'medications'], labels: [], actions: ['read'], forMs: DAY_MS, wholeOrganisation: false,
})

describe('token', () => {
  it('rests on a delegation that outlives it, and makes one only when it is needed', async () => {
    const request = { for: 'user', organisation: 'lakeside', user: 'nurse', purpose: 'TREAT' } as const
    const { token, expiresMs } = await control.call('token', request)
    const reader = await readerOf(token, 'lakeside')
    expect(reader).toMatchObject({ user: 'nurse', purpose: 'TREAT', scopes: ['user/*.cruds'] })
    const delegation = identity.delegation(control.node.engine.state, reader.did, control.gateway('lakeside').services.organisation.did)
    expect(delegation?.purposes).toEqual([])
    expect(delegation?.untilMs).toBeGreaterThan(expiresMs)
    const { height } = control.node.engine.status()
    await control.call('token', request)
    expect(control.node.engine.status().height).toBe(height)
  })

  it('of a patient is good at every organisation of the node', async () => {
    const { token } = await control.call('token', { for: 'patient', patient: local, purpose: 'PATRQT' })
    for (const organisation of ['riverside', 'lakeside']) {
      const reader = await readerOf(token, organisation)
      expect(reader).toMatchObject({ patientId: patient, scopes: ['patient/*.rs', 'patient/Consent.cu'] })
      expect(await laboratory(reader, organisation)).toBe(1)
    }
  })

  it.each<[RequestOf<'token'>, RegExp]>([
    [{ for: 'user', organisation: 'nowhere', user: 'nurse', purpose: 'TREAT' }, /serves riverside and lakeside/],
    [{ for: 'user', organisation: 'lakeside', user: 'janitor', purpose: 'TREAT' }, /physician, nurse and admin/],
    [{ for: 'patient', patient: 'nobody', purpose: 'TREAT' }, /no such patient/],
  ])('is refused for %j', async (request, message) => {
    expect(await control.refusal('token', request)).toMatchObject({ status: 404, code: 'ERR_GATEWAY_NOT_FOUND', message: expect.stringMatching(message) })
  })
})

describe('ids', () => {
  it('may be the client\'s own; those of two organisations are told apart', async () => {
    const first = await control.call('treatments', { patient: local })
    expect(first).toEqual(await control.call('treatments', { patient }))
    const same = new TextEncoder().encode(JSON.stringify({ resourceType: 'Patient', id: local }))
    const { patients } = await importDocument(control.gateway('lakeside'), await control.admin('lakeside'), same, () => undefined)
    const refusal = await control.refusal('treatments', { patient: local })
    expect(refusal).toMatchObject({ status: 412, code: 'ERR_GATEWAY_MULTIPLE_MATCHES' })
    for (const id of [patient, ...patients]) expect(refusal.message).toContain(id)
    expect(await control.call('treatments', { patient })).toEqual(first)
  })
})

describe('consent', () => {
  it('is granted, listed and revoked; a reader sees and no longer sees', async () => {
    const { token } = await control.call('token', { for: 'user', organisation: 'lakeside', user: 'physician', purpose: 'TREAT' })
    const reader = await readerOf(token, 'lakeside')
    await expect(laboratory(reader)).rejects.toMatchObject({ code: 'ERR_GATEWAY_NO_ACCESS' })
    const { rule } = await control.call('grant', grant())
    expect(await laboratory(reader)).toBe(1)
    expect((await control.call('rules', { patient })).rules).toMatchObject([{ rule, effect: 'permit', to: 'lakeside', categories: ['laboratory'], status: 'in-force' }])
    await control.call('revoke', { patient, rule })
    await expect(laboratory(reader)).rejects.toMatchObject({ code: 'ERR_GATEWAY_NO_ACCESS' })
    expect((await control.call('rules', { patient })).rules).toMatchObject([{ rule, status: 'revoked' }])
  })

  it('names single records as the client reads them', async () => {
    await control.call('grant', grant({ to: { kind: 'person', organisation: 'lakeside', user: 'nurse' }, categories: [], records: [`Observation/${local}-o`] }))
    const { token } = await control.call('token', { for: 'user', organisation: 'lakeside', user: 'nurse', purpose: 'TREAT' })
    expect(await laboratory(await readerOf(token, 'lakeside'))).toBe(1)
    expect(await control.refusal('grant', grant({ records: ['Observation/nothing'] }))).toMatchObject({ status: 404 })
  })

  it('is limited by days, countries, a second person, terms and obligations, and says so in words', async () => {
    const acceptedTerms = 'ab'.repeat(32)
    await control.call('grant', grant({
      to: { kind: 'role', role: 'nurse', organisation: 'lakeside' }, data: { from: '2024-01-01', until: '2024-03-01' }, countries: { within: true, of: ['FR', 'DE'] }, secondPerson: true, acceptedTerms, obligations: ['NORDSCLCD'],
    }))
    const [limited] = (await control.call('rules', { patient })).rules
    expect(limited).toMatchObject({ to: 'everybody with the role nurse at lakeside' })
    expect(limited?.limits.toSorted()).toEqual([
      'obliges to NORDSCLCD', 'only through organisations in DE, FR', `only through organisations that accepted the terms ${acceptedTerms}`,
      'only what dates from 2024-01-01 on', 'only what dates from before 2024-03-01', 'only while a second professional stands by',
    ])
    const { rule } = await control.call('grant', grant({ effect: 'deny', to: { kind: 'anyone' }, categories: [], absolute: true }))
    expect((await control.call('rules', { patient })).rules.find((each) => each.rule === rule)).toMatchObject({ to: 'anyone at any member', limits: ['also in an emergency'] })
    const physician = { organisation: 'lakeside', user: 'physician' } as const
    expect(await control.refusal('declareEmergency', { ...physician, patient, reason: 'danger-to-life' })).toMatchObject({ status: 403, code: 'ERR_GATEWAY_NO_ACCESS' })
    expect(await control.refusal('grant', grant({ data: {} }))).toMatchObject({ status: 400 })
  })

  it('says what to do about a refusal of the ledger', async () => {
    expect(await control.refusal('revoke', { patient, rule: NOBODY })).toMatchObject({ status: 422, code: 'ERR_LEDGER_CONSENT_3', message: expect.stringContaining('chiron consent list') })
  })
})

describe('requests', () => {
  it('are approved more narrowly, never more widely, and once', async () => {
    const { request } = await control.call('ask', ask())
    expect((await control.call('requests', { patient })).requests).toMatchObject([{ request, who: 'physician of lakeside', status: 'open', forMs: DAY_MS }])
    expect(await control.refusal('approve', { request, categories: ['procedures'] })).toMatchObject({ code: 'ERR_LEDGER_CONSENT_18' })
    const { rule, untilMs } = await control.call('approve', { request, categories: ['laboratory'], forMs: 3_600_000 })
    expect(untilMs).toBeLessThanOrEqual(Date.now() + 3_600_000)
    expect((await control.call('rules', { patient })).rules).toMatchObject([{ rule, to: 'physician of lakeside', categories: ['laboratory'] }])
    expect(await control.refusal('deny', { request })).toMatchObject({ code: 'ERR_LEDGER_CONSENT_16' })
    expect((await control.call('requests', { patient })).requests).toMatchObject([{ status: 'approved', rule }])
  })

  it('are denied', async () => {
    const { request } = await control.call('ask', ask())
    await control.call('deny', { request })
    expect((await control.call('requests', { patient })).requests).toMatchObject([{ status: 'denied', rule: null }])
    expect(await control.refusal('deny', { request: NOBODY })).toMatchObject({ status: 404 })
  })
})

describe('accesses', () => {
  it('are listed while they are open, and closed', async () => {
    await control.call('grant', grant())
    const { token } = await control.call('token', { for: 'user', organisation: 'lakeside', user: 'physician', purpose: 'TREAT' })
    await laboratory(await readerOf(token, 'lakeside'))
    const { accesses } = await control.call('accesses', { patient })
    expect(accesses).toMatchObject([{ who: 'physician of lakeside', organisation: 'lakeside', purpose: 'TREAT', action: 'read', categories: ['laboratory'] }])
    await control.call('closeAccess', { patient, access: accesses[0]?.access ?? '' })
    expect(await control.call('accesses', { patient })).toEqual({ accesses: [] })
    expect(await control.refusal('closeAccess', { patient, access: NOBODY })).toMatchObject({ code: 'ERR_LEDGER_ACCESS_4' })
  })
})

describe('treatment', () => {
  it('is registered for 90 days at most, never shortened, contested, and then needs an invitation', async () => {
    const request = { organisation: 'lakeside', patient }
    const { untilMs } = await control.call('treat', { ...request, forMs: 90 * DAY_MS })
    expect(untilMs).toBeGreaterThan(Date.now() + 89 * DAY_MS)
    expect((await control.call('treat', { ...request, forMs: DAY_MS })).untilMs).toBe(untilMs)
    expect(await control.refusal('treat', { ...request, forMs: 91 * DAY_MS })).toMatchObject({ code: 'ERR_LEDGER_CONSENT_20' })
    await control.call('contest', request)
    const { treatments } = await control.call('treatments', { patient })
    expect(treatments.toSorted((a, b) => (a.organisation < b.organisation ? -1 : 1))).toMatchObject([{ organisation: 'lakeside', status: 'contested' }, { organisation: 'riverside', status: 'in-force' }])
    expect(await control.refusal('treat', { ...request, forMs: DAY_MS })).toMatchObject({ code: 'ERR_LEDGER_CONSENT_19' })
    expect(await control.refusal('contest', { organisation: 'nowhere', patient })).toMatchObject({ status: 404, message: expect.stringContaining('riverside') })
  })
})

describe('what a patient takes along', () => {
  it('is a list that verifies and has what was shown a moment ago', async () => {
    const { token } = await control.call('token', { for: 'user', organisation: 'riverside', user: 'nurse', purpose: 'TREAT' })
    await laboratory(await readerOf(token, 'riverside'), 'riverside')
    const { rows } = await control.call('audit', { patient: local })
    expect(rows[0]).toMatchObject({ organisation: 'riverside', what: 'was shown laboratory (1)', purpose: 'TREAT' })
    expect(await verifyDocument(JSON.stringify(rows), control.trust)).toMatchObject({ kind: 'list' })
    await expect(verifyDocument(JSON.stringify(rows.slice(1)), control.trust)).rejects.toThrow(expect.objectContaining({ code: 'ERR_SDK_AUDIT_INCOMPLETE' }))
  })

  it('is an export of everything, which verifies and is in the list itself', async () => {
    const exported = await control.call('export', { patient: local })
    expect(exported.patient).toBe(patient)
    const { type, entry = [] } = exported.bundle as unknown as Bundle
    expect(type).toBe('collection')
    expect(entry.map(({ resource }) => resource?.resourceType).sort()).toEqual(['Observation', 'Patient'])
    expect(exported.audit[0]).toMatchObject({ what: expect.stringMatching(/^was shown (?=.*laboratory \(1\))(?=.*demographics \(1\))/), purpose: 'PATRQT', rule: 'own records' })
    expect(await verifyDocument(JSON.stringify(exported), control.trust)).toMatchObject({ kind: 'export' })
  })

  it('is refused when a value, an envelope, a key or the order was changed, or a resource left out', async () => {
    const exported = await control.call('export', { patient: local })
    const { entry = [] } = exported.bundle as unknown as Bundle
    const verify = async (changes: object): Promise<unknown> => await verifyDocument(JSON.stringify({ ...exported, ...changes }), control.trust)
    const at = entry.findIndex(({ resource }) => resource?.resourceType === 'Observation')
    const withEntry = (entries: readonly unknown[]): object => ({ bundle: { ...exported.bundle, entry: entries } })
    const mismatch = expect.objectContaining({ code: 'ERR_SDK_AUDIT_MISMATCH' })
    await expect(verify(withEntry(entry.with(at, { ...entry[at], resource: { ...entry[at]?.resource, status: 'amended' } as never })))).rejects.toThrow(mismatch)
    await expect(verify(withEntry(entry.toReversed()))).rejects.toThrow(mismatch)
    await expect(verify(withEntry(entry.slice(1)))).rejects.toThrow(mismatch)
    const [first, ...others] = exported.proofs
    const flipped = (text: string): string => `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`
    await expect(verify({ proofs: [{ ...first, envelope: flipped(first?.envelope ?? '') }, ...others] })).rejects.toThrow(mismatch)
    await expect(verify({ proofs: [{ ...first, key: flipped(first?.key ?? '') }, ...others] })).rejects.toThrow(mismatch)
    await expect(verify({ proofs: [{ ...first, index: 999 }, ...others] })).rejects.toThrow(mismatch)
    const statement = await verifyDocument(JSON.stringify({ ...exported, ...withEntry(entry.slice(1)), proofs: others }), control.trust)
    expect(statement.notProven[0]).toMatch(/1 further records/)
  })
})

describe('import and rebuild', () => {
  const lines = <Event>(text: string): Event[] => text.trim().split('\n').map((line) => JSON.parse(line) as Event)

  it('stream how far they are', async () => {
    const imported = await control.send('POST', '/import?organisation=riverside', [{ resourceType: 'Patient', id: randomUUID() }, { resourceType: 'Patient', gender: 'odd' }])
    const events = lines<ImportEvent>(imported.text)
    expect(events.at(-2)).toEqual({ type: 'progress', done: 2, total: 2 })
    expect(events.at(-1)).toMatchObject({ type: 'done', status: 'imported', resources: 1, refused: [{ entry: 2, type: 'Patient' }] })
    const rebuilt = await control.send('POST', '/index/rebuild', { organisation: 'riverside' })
    const last = lines<RebuildEvent>(rebuilt.text).at(-1)
    expect(last).toMatchObject({ type: 'done', indexes: [{ organisation: 'riverside', state: 'ready', height: control.node.engine.status().height }, { organisation: 'lakeside' }] })
    expect((await control.call('rules', { patient: local })).rules).toEqual([])
    const { token } = await control.call('token', { for: 'user', organisation: 'riverside', user: 'nurse', purpose: 'TREAT' })
    expect(await laboratory(await readerOf(token, 'riverside'), 'riverside')).toBe(1)
  })

  it('say in the last line why they failed, and before the first what was wrong to ask', async () => {
    expect(lines<ImportEvent>((await control.send('POST', '/import', { no: 'resource' })).text)).toMatchObject([{ type: 'failed', code: 'ERR_IMPORT_DOCUMENT' }])
    expect(await control.send('POST', '/import?organisation=nowhere', {})).toMatchObject({ status: 404 })
  })
})

describe('the log', () => {
  it('is proven to others: checkpoint, transaction, newest facts', async () => {
    const { checkpoint } = await control.call('checkpoint', {})
    expect((await verifyDocument(checkpoint, control.trust)).proven[0]).toMatch(/^the log of chiron-sample-[0-9a-f]{8} had \d+ leaves with the root [0-9a-f]{64}, signed by its signer$/)
    // What waits to be reported would make a block in between.
    for (const gateway of control.node.gateways.values()) await gateway.flush()
    const { app } = control.node.engine.head()
    const { proof: state } = await control.call('prove', {})
    const facts = await verifyDocument(state, control.trust)
    expect(facts.proven[0]).toContain(`the facts had the root ${toHex(app.stateRoot)}, the newest that the log had`)
    expect(facts.notProven).toEqual(['that nobody was shown another history: no witness is trusted here, name some in the trust file'])
    const leaf = decodeLogLeaf(readLogLeaf(control.node.engine.reader, 1) as Uint8Array)
    if (leaf.kind !== 'tx') throw new TypeError('the first leaf after genesis is a transaction')
    const { proof } = await control.call('prove', { tx: toHex(leaf.txId) })
    expect((await verifyDocument(proof, control.trust)).proven[0]).toBe(`transaction ${toHex(leaf.txId)} is number 1 of the ledger and took effect`)
    await expect(verifyDocument(proof.replace('index 1', 'index 2'), control.trust)).rejects.toMatchObject({ code: 'ERR_PROOF_LOG' })
    expect(await control.refusal('prove', { tx: '00'.repeat(32) })).toMatchObject({ status: 404, code: 'ERR_LOG_NOT_FOUND' })
  })
})

describe('the socket', () => {
  it('tells what the node is', async () => {
    const { stateRoot, ...status } = await control.call('status', {})
    expect(stateRoot).toBe(Buffer.from(control.node.engine.status().stateRoot).toString('hex'))
    expect(status).toMatchObject({ sample: true, fresh: true, keyholders: { count: 1, threshold: 1 }, organisations: [{ name: 'riverside', base: 'http://localhost:1/riverside/fhir' }, { name: 'lakeside' }] })
    expect((await control.call('indexes', {})).indexes.map(({ organisation }) => organisation)).toEqual(['riverside', 'lakeside'])
  })

  it('refuses what it does not understand', async () => {
    expect(await control.send('POST', '/consent/grant', { patient })).toMatchObject({ status: 400 })
    expect(await control.send('GET', '/audit')).toMatchObject({ status: 400 })
    expect(await control.send('GET', `/audit?patient=${patient}&more=1`)).toMatchObject({ status: 400 })
    expect(await control.send('GET', '/fly')).toMatchObject({ status: 404, text: expect.stringContaining('same version') })
  })

  it('keeps the words of an error that nobody foresaw to itself, and hands the error to the log', async () => {
    const broken = { ...control.dependencies, organisations: () => { throw new TypeError('a secret') } }
    const { status, text } = await control.send('POST', '/treatment', { organisation: 'lakeside', patient, forMs: 1 }, broken)
    expect(status).toBe(500)
    expect(text).toContain('TypeError')
    expect(text).not.toContain('secret')
    expect(control.failures.splice(0)).toEqual([new TypeError('a secret')])
  })
})
