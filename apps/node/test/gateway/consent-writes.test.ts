import { randomBytes } from 'node:crypto'
import { extensionDefinitions } from '@chiron/fhir'
import { CATEGORIES, fromHex, LABELS, type Grantee, type ObjectId, type RuleCondition, type RuleTerms } from '@chiron/protocol'
import { consent } from '@chiron/ledger'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claim, offer } from '../claim/claimed.ts'
import { submitMessages, validUntilFrom } from '../../src/ledger/submitter.ts'
import { areSameTerms } from '../../src/gateway/fhir/consent-terms.ts'
import { eventually, type Answer, type Client, type Resource } from './client.ts'
import { organisation, person } from './consents.ts'
import { startTestNode, type TestNode } from './harness.ts'
import { observation, patient } from './resources.ts'

const DAY = 86_400_000
let started: TestNode
let hospital: Client
let clinic: Client
let id: string
let own: Client
let records: string[]

beforeAll(async () => {
  started = await startTestNode()
  hospital = await started.as('riverside', 'physician')
  clinic = await started.as('lakeside', 'physician')
  id = (await hospital.create(patient())).expect(201).resource.id
  records = []
  for (let n = 0; n < 3; n++) records.push((await hospital.create(observation(id, 'laboratory'))).expect(201).resource.id)
  own = await started.asPatient(id)
})
afterAll(async () => {
  await started.close()
  expect(started.failures).toEqual([])
})

type Json = { resourceType: string; id: string; [element: string]: unknown }
const lakeside = () => (organisation(started, 'lakeside') as Extract<Grantee, { kind: 'organisation' }>).did
const actor = (did: string, type = 'Organization') => [
  { role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] }, reference: { type, identifier: { system: 'urn:ietf:rfc:3986', value: did } } },
]
const read = [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentaction', code: 'access' }] }]
const consentFor = (provision: object, more: object = {}) => ({
  resourceType: 'Consent', status: 'active', patient: { reference: `Patient/${id}` }, scope: { coding: [{ code: 'patient-privacy' }] }, category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
  policy: [{ uri: 'urn:chiron:policy:consent-rule' }], provision, ...more,
})
const permit = (more: object = {}) => ({ type: 'permit', actor: actor(lakeside()), action: read, ...more })
const termsOf = (said: { readonly id: string }): RuleTerms | undefined =>
  consent.rule(started.node.engine.state, started.node.desk.handle(id), fromHex(said.id) as ObjectId, started.node.desk.timeMs())?.terms
const putBack = async (said: Resource, more: object): Promise<Answer> => await own.put({ ...(said as unknown as Json), ...more })

describe('a Consent that the patient writes', () => {
  it('opens what it says, with the next block, comes back as it was, and is ended by its status', async () => {
    ;(await clinic.get(`Observation/${records[0]}`)).expect(404)
    const made = (await own.create(consentFor(permit({ data: [{ meaning: 'instance', reference: { reference: `Observation/${records[0]}` } }] })))).expect(201)
    expect(made.receipt).not.toBeNull()
    expect(made.headers.get('location')).toContain(`Consent/${made.resource.id}`)
    expect((await own.get(`Consent/${made.resource.id}`)).expect(200).json).toEqual(made.json)
    expect(made.resource['provision']).toMatchObject({ type: 'permit', data: [{ reference: { reference: `Observation/${records[0]}` } }] })
    ;(await clinic.get(`Observation/${records[0]}`)).expect(200)
    ;(await clinic.get(`Observation/${records[1]}`)).expect(404)
    const ended = (await putBack(made.resource, { status: 'inactive' })).expect(200)
    expect(ended.resource).toMatchObject({ status: 'inactive', provision: made.resource['provision'] as object })
    await eventually(async () => (await clinic.get(`Observation/${records[0]}`)).status).toBe(404)
    expect((await putBack(ended.resource, { status: 'inactive' })).expect(200).receipt).toBeNull()
    ;(await putBack(made.resource, {})).expect(422)
  })

  it('is amended as a whole, under If-Match; the same again changes nothing', async () => {
    const made = (await own.create(consentFor(permit({ purpose: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'TREAT' }] })))).expect(201)
    expect((await putBack(made.resource, {})).expect(200).receipt).toBeNull()
    const provision = { ...(made.resource['provision'] as object), class: [{ system: 'urn:chiron:category', code: 'laboratory' }], type: 'deny' }
    const changed = await own.put({ ...(made.resource as unknown as Json), provision } as Json, { 'if-match': String(made.headers.get('etag')) })
    expect(changed.expect(200).resource).toMatchObject({ id: made.resource.id, provision: { type: 'deny', class: [{ code: 'laboratory' }] } })
    expect(changed.headers.get('etag')).not.toBe(made.headers.get('etag'))
    ;(await own.put({ ...(changed.resource as unknown as Json), provision: made.resource['provision'] } as Json, { 'if-match': String(made.headers.get('etag')) })).expect(412)
    expect((await putBack(changed.resource, { status: 'inactive', provision: made.resource['provision'] })).expect(422).expressions()).toEqual(['Consent.status'])
    ;(await putBack(changed.resource, { status: 'inactive' })).expect(200)
  })

  it('says everything that a rule can say, and what it says comes back: any rule, over HTTP', async () => {
    const names = (list: readonly string[]) => fc.uniqueArray(fc.constantFrom(...list), { maxLength: 3 })
    const { vocabulary } = started.gateway('riverside').services
    const handle = started.node.desk.handle(id)
    const grantee: fc.Arbitrary<Grantee> = fc.constantFrom(
      organisation(started, 'lakeside'), person(started, 'lakeside', 'nurse'), { kind: 'role', role: 'nurse' }, { kind: 'role', role: 'physician', organisation: lakeside() }, { kind: 'anyone' }, { kind: 'anyone-treating' },
    )
    const jurisdiction = fc.record({ kind: fc.constant('jurisdiction' as const), within: fc.boolean(), of: fc.uniqueArray(fc.constantFrom('DE', 'FR', 'US'), { minLength: 1 }) })
    const condition: fc.Arbitrary<RuleCondition> = fc.oneof(jurisdiction, fc.constant({ kind: 'second-person' as const }), fc.uint8Array({ minLength: 32, maxLength: 32 }).map((hash) => ({ kind: 'terms' as const, hash })))
    const only = fc.oneof(
      fc.record({ effect: fc.constant('permit' as const), conditions: fc.array(condition, { minLength: 1, maxLength: 2 }), obligations: fc.uniqueArray(fc.constantFrom('NORDSCLW', 'REDACT', 'AOD'), { minLength: 1 }) }, { requiredKeys: ['effect'] }),
      fc.record({ effect: fc.constant('deny' as const), conditions: fc.array(jurisdiction, { minLength: 1, maxLength: 2 }), absolute: fc.constant(true as const) }, { requiredKeys: ['effect'] }),
    )
    const day = fc.option(fc.integer({ min: 0, max: 10_000 }), { nil: null })
    const now = started.node.engine.status().timeMs
    const rule = fc.record({
      only, grantee, purposes: names(['TREAT', 'HPAYMT', 'HRESCH', 'COC']), categories: names(CATEGORIES), labels: names(LABELS), records: names(records),
      actions: fc.uniqueArray(fc.constantFrom('read' as const, 'write' as const, 'share' as const, 'research' as const), { minLength: 1 }), from: fc.integer({ min: 0, max: now }),
      until: fc.option(fc.integer({ min: now + DAY, max: now + 4000 * DAY }), { nil: null }), dayFrom: day, dayUntil: day,
    })
    let seen = 0
    await fc.assert(fc.asyncProperty(rule, async ({ only: limits, dayFrom, dayUntil, ...said }) => {
      const epoch = vocabulary.day(handle, '1990-01-01')
      const data = { from: dayFrom === null ? null : epoch + dayFrom, until: dayUntil === null ? null : epoch + (dayFrom ?? 0) + dayUntil + 1 }
      const terms: RuleTerms = {
        ...limits, ...said, overrides: null,
        categories: said.categories.map((name) => vocabulary.category(handle, name as (typeof CATEGORIES)[number])), labels: said.labels.map((name) => vocabulary.label(handle, name as (typeof LABELS)[number])),
        records: said.records.map((name) => vocabulary.record('Observation', name)), ...(data.from === null && data.until === null ? {} : { data }),
      }
      // What a wallet puts on the ledger is told as a Consent, and that Consent makes the same rule.
      const wallet = await started.node.wallets.signerFor(id)
      if (wallet === undefined) throw new TypeError('no wallet')
      await submitMessages(started.node.engine, wallet, [{ type: 'consent.grant', salt: randomBytes(16), patient: handle, terms }], validUntilFrom(started.node.engine, Date.now()))
      const told = (await own.get('Consent?status=active&_count=1000')).expect(200).matches().find((each) => areSameTerms(termsOf(each) as RuleTerms, terms))
      if (told === undefined) expect.fail('the rule is not told')
      const made = (await own.create(told)).expect(201)
      expect(made.resource.id).not.toBe(told.id)
      expect(areSameTerms(termsOf(made.resource) as RuleTerms, terms)).toBe(true)
      expect(made.resource['provision']).toEqual(told['provision'])
      expect((await putBack(made.resource, {})).expect(200).receipt).toBeNull()
      for (const each of [told, made.resource]) (await putBack(each, { status: 'inactive' })).expect(200)
      seen += 1
    }), { numRuns: 40 })
    expect(seen).toBeGreaterThan(30)
  })

  it('overrides a denial by its id', async () => {
    const denial = (await own.create(consentFor({ type: 'deny', action: read }))).expect(201).resource
    const overrides = [{ url: 'urn:chiron:extension:overrides', valueString: denial.id }]
    const made = (await own.create(consentFor(permit({ extension: overrides })))).expect(201).resource
    expect(made['provision']).toMatchObject({ extension: overrides })
    ;(await clinic.get(`Observation/${records[0]}`)).expect(200)
    expect((await own.create(consentFor({ type: 'permit', action: read, extension: overrides }))).expect(422).expressions()).toEqual(['Consent.provision.extension'])
    for (const each of [made, denial]) (await putBack(each, { status: 'inactive' })).expect(200)
  })
})

describe('a Consent that no rule says', () => {
  it.each<[string, () => object]>([
    ['Consent.status', () => consentFor(permit(), { status: 'proposed' })],
    ['Consent.sourceReference', () => consentFor(permit(), { sourceReference: { reference: 'DocumentReference/1' } })],
    ['Consent.identifier', () => consentFor(permit(), { identifier: [{ value: 'x' }] })],
    ['Consent.organization', () => consentFor(permit(), { organization: [{ reference: 'Organization/1' }] })],
    ['Consent.policy', () => consentFor(permit(), { policy: [{ uri: 'http://example.org/policy' }] })],
    ['Consent.category', () => consentFor(permit(), { category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentcategorycodes', code: 'acd' }] }] })],
    ['Consent.performer', () => consentFor(permit(), { performer: [{ reference: 'Practitioner/1' }] })],
    ['Consent.provision.provision', () => consentFor(permit({ provision: [{ type: 'deny' }] }))],
    ['Consent.provision.actor.reference', () => consentFor(permit({ actor: [{ role: { text: 'x' }, reference: { reference: 'Organization/1' } }] }))],
    ['Consent.provision.actor.reference', () => consentFor(permit({ actor: actor(`did:chiron:${'a'.repeat(32)}`) }))],
    ['Consent.provision.actor.role', () => consentFor(permit({ actor: [{ role: { coding: [{ system: 'urn:chiron:role', code: 'wizard' }] }, reference: { display: 'wizards' } }] }))],
    ['Consent.provision.class', () => consentFor(permit({ class: [{ system: 'urn:chiron:category', code: 'rumours' }] }))],
    ['Consent.provision.securityLabel', () => consentFor({ type: 'deny', securityLabel: [{ system: 'urn:chiron:label', code: 'rare' }] })],
    ['Consent.provision.modifierExtension', () => consentFor(permit({ modifierExtension: [{ url: 'urn:chiron:extension:opens-label', valueCoding: { system: 'urn:chiron:label', code: 'rare' } }] }))],
    ['Consent.provision.data', () => consentFor(permit({ data: [{ meaning: 'instance', reference: { reference: 'Observation/absent' } }] }))],
    ['Consent.provision.dataPeriod', () => consentFor(permit({ dataPeriod: { start: '2024-01-01T12:00:00Z' } }))],
    ['Consent.provision.period', () => consentFor(permit({ period: { start: '2019-01-01', end: '2019-12-31' } }))],
    ['Consent.provision.period', () => consentFor(permit({ period: { start: '1969-01-01' } }))],
    ['Consent.provision.purpose', () => consentFor(permit({ purpose: [{ system: 'urn:chiron:purpose', code: 'curiosity' }] }))],
    ['Consent.provision.purpose', () => consentFor(permit({ purpose: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'BTG' }] }))],
    ['Consent.provision.extension', () => consentFor(permit({ extension: [{ url: 'urn:chiron:extension:overrides', valueString: '00'.repeat(16) }] }))],
  ])('is refused, naming %s', async (element, body) => {
    const all = () => consent.rulesOf(started.node.engine.state, started.node.desk.handle(id), started.node.desk.timeMs(), { all: true }).length
    const before = all()
    const refused = (await own.create(body() as { resourceType: string })).expect(422)
    expect(refused.expressions()).toEqual([element])
    expect((await own.get('Consent?status=active')).expect(200).total).toBe(0)
    expect(all()).toBe(before)
  })

  it('is not valid R4, is about somebody else, or is by nobody who may', async () => {
    expect((await own.create({ ...consentFor(permit()), scope: undefined } as never)).expect(422).expressions()).toContain('Consent.scope')
    const other = (await hospital.create(patient())).expect(201).resource.id
    for (const reference of [`Patient/${other}`, 'Patient/nobody']) (await own.create(consentFor(permit(), { patient: { reference } }))).expect(403)
    for (const who of [hospital, clinic]) {
      ;(await who.create(consentFor(permit()))).expect(403)
      ;(await who.put({ ...consentFor(permit()), id: 'ab'.repeat(16) })).expect(403)
    }
    for (const absent of ['ab'.repeat(16), 'nothing']) (await own.put({ ...consentFor(permit()), id: absent })).expect(404)
    ;(await own.delete(`Consent/${'ab'.repeat(16)}`)).expect(403)
    ;(await own.create(consentFor(permit()), { 'if-none-exist': 'status=active' })).expect(400)
  })
})

it('who holds the keys of their own signs, and nobody for them', async () => {
  const person = (await hospital.create(patient())).expect(201).resource.id
  const theirs = await started.asPatient(person)
  await claim(started, await offer(started, person))
  const answer = await theirs.create(consentFor(permit(), { patient: { reference: `Patient/${person}` } }))
  expect([401, 403, 404]).toContain(answer.status)
  expect(consent.rulesOf(started.node.engine.state, started.node.desk.handle(person), started.node.desk.timeMs(), { all: true })).toEqual([])
})

it('every extension is defined where anybody can read it', async () => {
  const anybody = started.anonymous('riverside')
  for (const { id: name, url } of extensionDefinitions({ version: '0.1.0', date: '2026-11-21' })) {
    const definition = (await anybody.get(`StructureDefinition/${name}`)).expect(200).json
    expect(definition).toMatchObject({ resourceType: 'StructureDefinition', url, type: 'Extension' })
    expect((await anybody.get(`StructureDefinition?url=${encodeURIComponent(url)}`)).expect(200).matches()).toEqual([definition])
  }
  for (const path of ['StructureDefinition/chiron-other', 'StructureDefinition?url=urn:x', 'StructureDefinition?url=urn:chiron:extension:absolute&status=active', 'StructureDefinition']) (await anybody.get(path)).expect(401)
})
