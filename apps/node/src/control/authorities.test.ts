import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Bundle } from '@medplum/fhirtypes'
import { resourceOf } from '../gateway/fhir/request.ts'
import type { Reader } from '../gateway/reader.ts'
import { importDocument } from '../intake/import.ts'
import type { RequestOf } from './api.ts'
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

describe('emergencies', () => {
  const physician = { organisation: 'lakeside', user: 'physician' } as const
  const nurse = { organisation: 'lakeside', user: 'nurse' } as const
  const officer = { organisation: 'riverside', user: 'admin' } as const

  it('are declared, confirmed, reviewed and contested, and listed to patient and organisations', async () => {
    const { emergency, ...declared } = await control.call('declareEmergency', { ...physician, patient: local, reason: 'cannot-be-asked' })
    expect(declared).toMatchObject({ patient: local, who: 'physician of lakeside', status: 'unconfirmed' })
    const { token } = await control.call('token', { for: 'user', ...physician, purpose: 'BTG' })
    expect(await laboratory(await readerOf(token, 'lakeside'))).toBe(1)
    expect(await control.refusal('confirmEmergency', { ...physician, emergency })).toMatchObject({ status: 403, code: 'ERR_LEDGER_ACCESS_15', message: expect.stringContaining('another clinician') })
    expect(await control.call('confirmEmergency', { ...nurse, emergency })).toMatchObject({ status: 'confirmed', confirmedBy: 'nurse of lakeside' })
    for (const organisation of ['lakeside', 'riverside']) expect((await control.call('emergenciesOfOrganisation', { organisation })).emergencies).toContainEqual(expect.objectContaining({ emergency }))
    expect(await control.call('reviewEmergency', { ...officer, emergency, outcome: 'justified' })).toMatchObject({ review: 'justified' })
    expect(await control.refusal('reviewEmergency', { ...officer, emergency, outcome: 'justified' })).toMatchObject({ status: 409, code: 'ERR_LEDGER_ACCESS_24' })
    expect(await control.call('contestEmergency', { patient: local, emergency })).toMatchObject({ status: 'ended', review: 'waiting', contested: true })
    expect((await control.call('emergenciesOfPatient', { patient })).emergencies).toMatchObject([{ emergency, contested: true }])
    await expect(laboratory(await readerOf(token, 'lakeside'))).rejects.toMatchObject({ code: 'ERR_GATEWAY_NO_ACCESS' })
  })

  it('are not for everybody', async () => {
    expect(await control.refusal('declareEmergency', { organisation: 'lakeside', user: 'admin', patient, reason: 'disaster' })).toMatchObject({ status: 403, code: 'ERR_GATEWAY_SCOPE' })
    expect(await control.refusal('confirmEmergency', { ...nurse, emergency: NOBODY })).toMatchObject({ status: 404 })
    expect(await control.refusal('contestEmergency', { patient, emergency: NOBODY })).toMatchObject({ code: 'ERR_LEDGER_ACCESS_19', message: expect.stringContaining('chiron emergency list') })
  })
})

describe('delegates', () => {
  it('are appointed by the patient, listed and dismissed', async () => {
    const other = `p-${randomUUID().slice(0, 8)}`
    await importDocument(control.gateway('riverside'), await control.admin('riverside'), new TextEncoder().encode(JSON.stringify({ resourceType: 'Patient', id: other })), () => undefined)
    const scope: Pick<RequestOf<'appointDelegate'>, 'actions' | 'categories' | 'labels' | 'forMs'> = { actions: ['read'], categories: ['laboratory'], labels: [], forMs: 366 * DAY_MS }
    const appointed = await control.call('appointDelegate', { patient: local, delegate: other, ...scope })
    expect(appointed).toMatchObject({ categories: ['laboratory'], labels: [], status: 'in-force' })
    expect(await control.call('delegates', { patient })).toEqual({ delegates: [appointed] })
    const { token } = await control.call('token', { for: 'patient', patient: other, purpose: 'FAMRQT' })
    expect(await laboratory(await readerOf(token, 'lakeside'))).toBe(1)
    expect((await control.call('accesses', { patient })).accesses).toMatchObject([{ who: `another person (${appointed.delegate})`, purpose: 'FAMRQT' }])
    expect(await control.call('dismissDelegate', { patient: local, delegate: appointed.delegate })).toMatchObject({ delegate: appointed.delegate })
    await expect(laboratory(await readerOf(token, 'lakeside'))).rejects.toMatchObject({ code: 'ERR_GATEWAY_NO_ACCESS' })
    expect(await control.call('delegates', { patient })).toEqual({ delegates: [] })
    expect(await control.refusal('dismissDelegate', { patient, delegate: other })).toMatchObject({ code: 'ERR_LEDGER_CONSENT_34' })
    expect(await control.refusal('appointDelegate', { patient, delegate: local, ...scope })).toMatchObject({ code: 'ERR_LEDGER_CONSENT_32' })
    expect(await control.refusal('appointDelegate', { patient, delegate: other, ...scope, forMs: 367 * DAY_MS })).toMatchObject({ code: 'ERR_LEDGER_CONSENT_22' })
  })
})

describe('orders', () => {
  const order = (more: Partial<RequestOf<'order'>> = {}): RequestOf<'order'> => ({
    organisation: 'lakeside', patient, effect: 'deny', to: { kind: 'organisation', organisation: 'riverside' }, purposes: [], categories: ['laboratory'], labels: [], records: [], actions: ['read'], forMs: null,
    basis: 'cd'.repeat(32), ...more,
  })

  it('are for authorities, bind the author, are listed and lifted', async () => {
    const { token } = await control.call('token', { for: 'user', organisation: 'riverside', user: 'physician', purpose: 'TREAT' })
    const reader = await readerOf(token, 'riverside')
    expect(await laboratory(reader, 'riverside')).toBe(1)
    expect(await control.refusal('order', order())).toMatchObject({ code: 'ERR_LEDGER_CONSENT_26', message: expect.stringContaining('chiron order authorise') })
    await control.call('authorise', { organisation: 'lakeside', role: 'public-health', forMs: DAY_MS })
    const made = await control.call('order', order())
    expect(made).toMatchObject({ isAboutAll: false, authority: 'lakeside', to: 'riverside', categories: ['laboratory'], status: 'in-force', basis: 'cd'.repeat(32) })
    expect(await laboratory(reader, 'riverside')).toBe(0)
    expect((await control.call('audit', { patient })).rows.find(({ what }) => what === 'made an order: deny')).toMatchObject({ who: 'lakeside', rule: made.order })
    expect(await control.refusal('liftOrder', { organisation: 'lakeside', patient, order: NOBODY })).toMatchObject({ code: 'ERR_LEDGER_CONSENT_29' })
    await control.call('liftOrder', { organisation: 'lakeside', patient, order: made.order })
    expect(await laboratory(reader, 'riverside')).toBe(1)
    expect((await control.call('orders', { patient: local })).orders).toEqual([{ ...made, status: 'lifted' }])
    expect(await control.refusal('liftOrder', { organisation: 'lakeside', patient, order: made.order })).toMatchObject({ code: 'ERR_LEDGER_CONSENT_30' })
  })

  it('about everybody name nothing of one patient, and permit where no rule does', async () => {
    const everybody = order({ patient: null, effect: 'permit', to: { kind: 'organisation', organisation: 'lakeside' }, purposes: ['PUBHLTH'], forMs: DAY_MS })
    expect(await control.refusal('order', everybody)).toMatchObject({ status: 400, code: 'ERR_GATEWAY_INVALID' })
    expect(await control.refusal('order', { ...everybody, categories: [], data: { from: '2024-01-01' } })).toMatchObject({ status: 400 })
    const { token } = await control.call('token', { for: 'user', organisation: 'lakeside', user: 'physician', purpose: 'PUBHLTH' })
    const official = await readerOf(token, 'lakeside')
    await expect(laboratory(official)).rejects.toMatchObject({ code: 'ERR_GATEWAY_NO_ACCESS' })
    await control.call('authorise', { organisation: 'lakeside', role: 'public-health', forMs: DAY_MS })
    const made = await control.call('order', { ...everybody, categories: [] })
    expect(made).toMatchObject({ isAboutAll: true, effect: 'permit' })
    expect(await laboratory(official)).toBe(1)
    expect((await control.call('audit', { patient })).rows.find(({ what }) => what.startsWith('opened access'))).toMatchObject({ purpose: 'PUBHLTH', rule: `order ${made.order}` })
    await control.call('liftOrder', { organisation: 'lakeside', patient: null, order: made.order })
    expect((await control.call('orders', {})).orders).toEqual([{ ...made, status: 'lifted' }])
  })
})

describe('an endorsement', () => {
  it("lets a colleague read where the patient's rule asks for a second person, and nobody endorses themselves", async () => {
    await control.call('grant', grant({ secondPerson: true }))
    const { token } = await control.call('token', { for: 'user', organisation: 'lakeside', user: 'physician', purpose: 'TREAT' })
    const reader = await readerOf(token, 'lakeside')
    await expect(laboratory(reader)).rejects.toMatchObject({ code: 'ERR_GATEWAY_NO_ACCESS' })
    const asked = { organisation: 'lakeside', user: 'nurse', reader: 'physician', patient, purpose: 'TREAT', forMs: 12 * 3_600_000 } as const
    expect(await control.refusal('endorse', { ...asked, user: 'physician' })).toMatchObject({ status: 403 })
    expect(await control.refusal('endorse', { ...asked, forMs: 13 * 3_600_000 })).toMatchObject({ status: 400 })
    expect(await control.call('endorse', asked)).toMatchObject({ reader: 'physician of lakeside', endorsedBy: 'nurse of lakeside' })
    expect(await laboratory(reader)).toBe(1)
    expect((await control.call('audit', { patient })).rows.find(({ what }) => what.startsWith('was endorsed by nurse'))).toMatchObject({ purpose: 'TREAT', organisation: 'lakeside' })
  })
})
