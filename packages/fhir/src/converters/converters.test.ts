import type { Consent } from '@medplum/fhirtypes'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { useDefinitions } from '../../test/support.ts'
import { FhirError } from '../errors.ts'
import { validateOnWrite } from '../validation/validate.ts'
import { auditEventFrom } from './audit-event.ts'
import type { AccessRecord } from './audit-event.ts'
import type { ConsentCondition, ConsentRule, Grantee } from './consent-codes.ts'
import { consentFrom } from './consent-from.ts'
import { extensionDefinitions } from './extension-definitions.ts'
import { ruleFromConsent } from './rule-from-consent.ts'
import { rulesFromConsent } from './rules-from-consent.ts'

beforeAll(useDefinitions)

const id = fc.stringMatching(/^[A-Za-z0-9.-]{1,40}$/)
const word = fc.stringMatching(/^[a-z][a-z-]{0,12}[a-z]$/)
const display = fc.option(fc.stringMatching(/^[A-Z][a-z]{1,9}$/), { nil: undefined })
const timeMs = fc.integer({ min: -2_000_000_000_000, max: 10_000_000_000_000 })
const party = fc.oneof(
  id,
  id.map((suffix) => `did:chiron:${suffix}`),
)

const withDisplay = (kind: 'person' | 'organisation' | 'role', who: fc.Arbitrary<string>): fc.Arbitrary<Grantee> =>
  fc.tuple(who, display).map(([name, shown]) => ({ kind, id: name, ...(shown === undefined ? {} : { display: shown }) }) as Grantee)

const grantee = fc.oneof(
  withDisplay('person', party),
  withDisplay('organisation', party),
  withDisplay(
    'role',
    word.filter((name) => name !== 'anyone-treating'),
  ),
  fc.tuple(word.filter((name) => name !== 'anyone-treating'), party, display).map(([role, at, shown]): Grantee => ({ kind: 'role', id: role, at: { id: at, ...(shown === undefined ? {} : { display: shown }) } })),
  fc.constant<Grantee>({ kind: 'anyone-treating' }),
  fc.constant<Grantee>({ kind: 'anyone' }),
)

const jurisdiction = fc.record({ kind: fc.constant('jurisdiction' as const), within: fc.boolean(), of: fc.array(fc.stringMatching(/^[A-Z]{2}$/), { minLength: 1, maxLength: 3 }) })
const condition: fc.Arbitrary<ConsentCondition> = fc.oneof(
  jurisdiction,
  fc.constant({ kind: 'second-person' as const }),
  fc.record({ kind: fc.constant('terms' as const), hash: fc.stringMatching(/^[0-9a-f]{64}$/) }),
)
/** What only permits have, and what only denials have. */
const limits: fc.Arbitrary<Partial<ConsentRule>> = fc.oneof(
  fc.record({ effect: fc.constant('permit' as const), conditions: fc.array(condition, { minLength: 1, maxLength: 3 }), obligations: fc.array(fc.stringMatching(/^[A-Z][A-Z0-9-]{1,8}$/), { minLength: 1, maxLength: 3 }) }, { requiredKeys: ['effect'] }),
  fc.record({ effect: fc.constant('deny' as const), conditions: fc.array(jurisdiction, { minLength: 1, maxLength: 2 }), absolute: fc.constant(true as const) }, { requiredKeys: ['effect'] }),
)

const rule: fc.Arbitrary<ConsentRule> = fc
  .record({
    limits,
    id,
    patientId: id,
    status: fc.constantFrom('proposed', 'active', 'inactive', 'entered-in-error'),
    effect: fc.constantFrom('permit' as const, 'deny' as const),
    grantee,
    purposes: fc.uniqueArray(fc.oneof(fc.constantFrom('TREAT', 'HPAYMT', 'HRESCH', 'ETREAT', 'COC'), word), { maxLength: 3 }),
    categories: fc.uniqueArray(word, { maxLength: 3 }),
    labels: fc.uniqueArray(fc.oneof(fc.constantFrom('hiv', 'mental-health', 'genetics'), word), { maxLength: 3 }),
    records: fc.uniqueArray(
      id.map((name) => `Observation/${name}`),
      { maxLength: 3 },
    ),
    actions: fc.uniqueArray(fc.constantFrom('read', 'write', 'share', 'research'), { minLength: 1 }),
    fromMs: timeMs,
    lastsMs: fc.option(fc.integer({ min: 1, max: 1_000_000_000_000 }), { nil: undefined }),
    dataFromMs: fc.option(timeMs, { nil: undefined }),
    dataLastsMs: fc.option(fc.integer({ min: 1, max: 1_000_000_000_000 }), { nil: undefined }),
    overrides: fc.option(id, { nil: undefined }),
  })
  .map(({ limits: limited, lastsMs, dataFromMs, dataLastsMs, overrides, ...rest }) => ({
    ...rest,
    ...limited,
    ...(lastsMs === undefined ? {} : { untilMs: rest.fromMs + lastsMs }),
    ...(dataFromMs === undefined ? {} : { dataFromMs }),
    ...(dataLastsMs === undefined ? {} : { dataUntilMs: (dataFromMs ?? 0) + dataLastsMs }),
    ...(overrides === undefined ? {} : { overrides }),
  }))

const ROLE_AT = 'urn:chiron:extension:role-at'
const changeActor = (consent: Consent, fields: object): void => {
  consent.provision = { ...consent.provision, actor: [{ ...consent.provision?.actor?.[0], ...fields } as never] }
}

describe('extensionDefinitions', () => {
  it('are valid R4, one for each address that a Consent of ours may have', () => {
    const definitions = extensionDefinitions({ version: '0.1.0', date: '2026-11-21' })
    for (const each of definitions) expect(validateOnWrite(each)).toEqual([])
    const urls = new Map(definitions.map(({ url, differential }) => [url, differential?.element[0]?.isModifier === true]))
    fc.assert(fc.property(rule, (one) => {
      const { provision } = consentFrom(one)
      for (const { url } of provision?.extension ?? []) expect(urls.get(url)).toBe(false)
      for (const { url } of [...(provision?.modifierExtension ?? []), ...(provision?.actor?.[0]?.modifierExtension ?? [])]) expect(urls.get(url)).toBe(true)
    }), { numRuns: 200 })
  })
})

describe('consentFrom and ruleFromConsent', () => {
  it('are inverse, and the Consent is valid R4', () => {
    fc.assert(
      fc.property(rule, (one) => {
        const consent = consentFrom(one)
        expect(validateOnWrite(consent)).toEqual([])
        expect(ruleFromConsent(JSON.parse(JSON.stringify(consent)) as Consent)).toEqual(one)
      }),
      { numRuns: 300 },
    )
  })

  const base = (): Consent =>
    consentFrom({
      id: 'r',
      patientId: 'p',
      status: 'active',
      effect: 'permit',
      grantee: { kind: 'organisation', id: 'o' },
      purposes: ['TREAT'],
      categories: [],
      labels: [],
      records: [],
      actions: ['read'],
      fromMs: 0,
    })

  it.each<[string, (consent: Consent) => void]>([
    ['Consent.organization', (c) => (c.organization = [{ reference: 'Organization/x' }])],
    ['Consent.policyRule', (c) => (c.policyRule = { coding: [{ code: 'OPTIN' }] })],
    ['Consent.modifierExtension', (c) => (c.modifierExtension = [{ url: 'u', valueBoolean: true }])],
    ['Consent.scope', (c) => (c.scope = { coding: [{ code: 'research' }] })],
    ['Consent.status', (c) => (c.status = 'draft')],
    ['Consent.patient', (c) => delete c.patient],
    ['Consent.provision', (c) => delete c.provision],
    ['Consent.provision.provision', (c) => (c.provision = { ...c.provision, provision: [{ type: 'deny' }] })],
    ['Consent.provision.code', (c) => (c.provision = { ...c.provision, code: [{ text: 'x' }] })],
    ['Consent.provision.type', (c) => delete c.provision?.type],
    ['Consent.provision.actor', (c) => c.provision?.actor?.push(...(c.provision.actor ?? []))],
    ['Consent.provision.actor.reference', (c) => (c.provision = { ...c.provision, actor: [{ role: { text: 'x' }, reference: { reference: 'Group/1' } }] })],
    [
      'Consent.provision.actor.role',
      (c) =>
        (c.provision = {
          ...c.provision,
          actor: [{ role: { coding: [{ system: 'urn:chiron:role', code: 'nurse' }] }, reference: { reference: 'Practitioner/1' } }],
        }),
    ],
    ['Consent.provision.purpose', (c) => (c.provision = { ...c.provision, purpose: [{ system: 'urn:other', code: 'TREAT' }] })],
    ['Consent.provision.class', (c) => (c.provision = { ...c.provision, class: [{ system: 'http://hl7.org/fhir/resource-types', code: 'Observation' }] })],
    [
      'Consent.provision.securityLabel',
      (c) => (c.provision = { ...c.provision, securityLabel: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'HIV' }] }),
    ],
    ['Consent.provision.modifierExtension', (c) => (c.provision = { ...c.provision, modifierExtension: [{ url: 'u', valueBoolean: true }] })],
    ['Consent.provision.data', (c) => (c.provision = { ...c.provision, data: [{ meaning: 'related', reference: { reference: 'Encounter/1' } }] })],
    [
      'Consent.provision.action',
      (c) => (c.provision = { ...c.provision, action: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentaction', code: 'use' }] }] }),
    ],
    ['Consent.provision.period', (c) => (c.provision = { ...c.provision, period: { start: '2021', end: '2020' } })],
    ['Consent.provision.period._end', (c) => (c.provision = { ...c.provision, period: { start: '2021', ...{ _end: { extension: [{ url: 'u', valueCode: 'unknown' }] } } } })],
    ['Consent.provision.extension', (c) => (c.provision = { ...c.provision, extension: [{ url: 'u', valueString: 'x' }] })],
    ['Consent.provision.actor.extension', (c) => changeActor(c, { extension: [{ url: 'u', valueString: 'x' }] })],
    ['Consent.provision.actor.modifierExtension', (c) => changeActor(c, { modifierExtension: [{ url: 'u', valueBoolean: true }] })],
    ['Consent.provision.actor.modifierExtension', (c) => changeActor(c, { modifierExtension: [{ url: ROLE_AT, valueReference: { reference: 'Organization/o' } }] })],
    ['Consent.provision.actor.modifierExtension', (c) => changeActor(c, { role: { coding: [{ system: 'urn:chiron:role', code: 'nurse' }] }, reference: { display: 'nurses' }, modifierExtension: [{ url: ROLE_AT, valueReference: { reference: 'Practitioner/p' } }] })],
    ['Consent.provision.actor.modifierExtension', (c) => changeActor(c, { role: { coding: [{ system: 'urn:chiron:role', code: 'anyone-treating' }] }, reference: { display: 'all' }, modifierExtension: [{ url: ROLE_AT, valueReference: { reference: 'Organization/o' } }] })],
    ['Consent.provision.data', (c) => (c.provision = { ...c.provision, data: [{ meaning: 'instance', reference: { reference: 'Observation/1/_history/2' } }] })],
    ['Consent.provision.data.modifierExtension', (c) => (c.provision = { ...c.provision, data: [{ meaning: 'instance', reference: { reference: 'Observation/1' }, modifierExtension: [{ url: 'u', valueBoolean: true }] }] })],
    ...([
      [{ url: 'urn:chiron:extension:absolute', valueBoolean: true }],
      [{ url: 'urn:chiron:extension:second-person', valueBoolean: false }],
      [{ url: 'urn:chiron:extension:accepted-terms', valueUri: 'urn:x' }],
      [{ url: 'urn:chiron:extension:accepted-terms', valueUri: `ni:///sha-256;${'A'.repeat(42)}B` }],
      [{ url: 'urn:chiron:extension:obligation', valueCoding: { system: 'urn:other', code: 'NORDSCLW' } }],
      [{ url: 'urn:chiron:extension:jurisdiction', extension: [{ url: 'within', valueBoolean: true }] }],
      [{ url: 'urn:chiron:extension:jurisdiction', extension: [{ url: 'country', valueCoding: { system: 'urn:iso:std:iso:3166', code: 'DE' } }] }],
      [{ url: 'urn:chiron:extension:jurisdiction', extension: [{ url: 'within', valueBoolean: true }, { url: 'country', valueCoding: { system: 'urn:iso:std:iso:3166', code: 'DEU' } }] }],
    ] as const).map((modifierExtension): [string, (consent: Consent) => void] => ['Consent.provision.modifierExtension', (c) => (c.provision = { ...c.provision, modifierExtension: structuredClone([...modifierExtension]) as never })]),
    ...(['second-person', 'obligation', 'accepted-terms', 'opens-label'] as const).map((name): [string, (consent: Consent) => void] => [
      'Consent.provision.modifierExtension',
      (c) => (c.provision = { ...c.provision, type: 'deny', modifierExtension: [{ url: `urn:chiron:extension:${name}`, valueBoolean: true }] }),
    ]),
  ])('refuses what a rule cannot say: %s', (element, change) => {
    const consent = base()
    change(consent)
    let error: unknown
    try {
      ruleFromConsent(consent)
    } catch (caught) {
      error = caught
    }
    expect(error).toBeInstanceOf(FhirError)
    expect(error).toMatchObject({ code: 'ERR_FHIR_CONSENT_NOT_EXPRESSIBLE', context: { element } })
  })

  it('takes a day as lasting until the next', () => {
    const consent = base()
    consent.provision = { ...consent.provision, period: { start: '2026-01-01', end: '2026-01-31' } }
    expect(ruleFromConsent(consent)).toMatchObject({ fromMs: Date.parse('2026-01-01T00:00:00Z'), untilMs: Date.parse('2026-02-01T00:00:00Z') })
  })

  it('does not put an empty interval into a Consent', () => {
    const one = { ...ruleFromConsent(base()), untilMs: 0 }
    expect(() => consentFrom(one)).toThrow('ERR_FHIR_CONVERSION_INVALID')
    expect(() => consentFrom({ ...one, untilMs: 1, actions: [] })).toThrow('ERR_FHIR_CONVERSION_INVALID')
    const deny = { ...one, untilMs: 1, effect: 'deny' as const }
    for (const wrong of [{ ...one, untilMs: 1, absolute: true as const }, { ...deny, obligations: ['NORDSCLW'] }, { ...deny, conditions: [{ kind: 'second-person' as const }] }, { ...deny, conditions: [] }, { ...one, untilMs: 1, obligations: [] }]) {
      expect(() => consentFrom(wrong)).toThrow('ERR_FHIR_CONVERSION_INVALID')
    }
  })
})

describe('rulesFromConsent', () => {
  type Provision = NonNullable<Consent['provision']>
  const purpose = (code: string) => ({ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code })
  const consentOf = (provision: Provision): Consent => ({
    resourceType: 'Consent', id: 'c', status: 'active', scope: { coding: [{ code: 'patient-privacy' }] }, category: [], patient: { reference: 'Patient/p' }, dateTime: '2024-01-01', provision,
  })
  const clinic = [{ role: { coding: [{ code: 'IRCP' }] }, reference: { reference: 'Organization/clinic' } }]
  const refusal = (provision: Provision): string | undefined => {
    try {
      rulesFromConsent(consentOf(provision))
      return undefined
    } catch (error) {
      return error instanceof FhirError ? String(error.context['element']) : 'another error'
    }
  }

  it('says of a Consent without exceptions what ruleFromConsent says', () => {
    fc.assert(fc.property(rule, (one) => {
        expect(rulesFromConsent(consentFrom(one))).toEqual([one])
      }), { numRuns: 100 })
  })

  it('makes a denial within a permit a denial of its own, with what it takes over', () => {
    const [permit, denial] = rulesFromConsent(
      consentOf({ type: 'permit', actor: clinic, purpose: [purpose('TREAT')], provision: [{ type: 'deny', dataPeriod: { start: '2022-01-01', end: '2022-12-31' } }] }),
    )
    expect(permit).toMatchObject({ id: 'c', effect: 'permit', grantee: { kind: 'organisation', id: 'clinic' }, purposes: ['TREAT'] })
    expect(permit).not.toHaveProperty('dataFromMs')
    expect(denial).toMatchObject({
      id: 'c.1', effect: 'deny', grantee: { kind: 'organisation', id: 'clinic' }, purposes: ['TREAT'],
      dataFromMs: Date.parse('2022-01-01'), dataUntilMs: Date.parse('2023-01-01'),
    })
    expect(denial).not.toHaveProperty('overrides')
  })

  it('makes a permit within a denial override it', () => {
    const rules = rulesFromConsent(consentOf({ type: 'deny', provision: [{ type: 'permit', actor: clinic }, { type: 'permit', purpose: [purpose('PUBHLTH')] }] }))
    expect(rules.map(({ id, effect, overrides }) => [id, effect, overrides])).toEqual([['c', 'deny', undefined], ['c.1', 'permit', 'c'], ['c.2', 'permit', 'c']])
  })

  it.each<[string, Provision, string]>([
    ['an exception to an exception', { type: 'permit', provision: [{ type: 'deny', provision: [{ type: 'permit' }] }] }, 'Consent.provision.provision.provision'],
    ['an exception of the same kind', { type: 'permit', actor: clinic, provision: [{ type: 'permit', purpose: [purpose('TREAT')] }] }, 'Consent.provision.provision.type'],
    ['an exception of no kind', { type: 'permit', provision: [{ purpose: [purpose('TREAT')] }] }, 'Consent.provision.provision.type'],
    ['a denial beyond the permit', { type: 'permit', purpose: [purpose('TREAT')], provision: [{ type: 'deny', purpose: [purpose('HRESCH')] }] }, 'Consent.provision.provision'],
    ['a permit as wide as the denial', { type: 'deny', actor: clinic, provision: [{ type: 'permit' }] }, 'Consent.provision.provision'],
    ['a permit beyond the denial', { type: 'deny', actor: clinic, provision: [{ type: 'permit', actor: [{ role: { coding: [{ code: 'IRCP' }] }, reference: { reference: 'Organization/other' } }], purpose: [purpose('TREAT')] }] }, 'Consent.provision.provision'],
    ['a permit that differs only in when it holds', { type: 'deny', provision: [{ type: 'permit', period: { start: '2024-02-01', end: '2024-03-01' } }] }, 'Consent.provision.provision'],
    ['a permit of labelled data that does not open the label', { type: 'deny', securityLabel: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'HIV' }], provision: [{ type: 'permit', actor: clinic }] }, 'Consent.provision.provision'],
    ['an exception to a permit under a condition', { type: 'permit', modifierExtension: [{ url: 'urn:chiron:extension:second-person', valueBoolean: true }], provision: [{ type: 'deny', actor: clinic }] }, 'Consent.provision.modifierExtension'],
    ['an exception that is absolute', { type: 'permit', provision: [{ type: 'deny', actor: clinic, modifierExtension: [{ url: 'urn:chiron:extension:absolute', valueBoolean: true }] }] }, 'Consent.provision.provision.modifierExtension'],
    ['related data', { type: 'permit', provision: [{ type: 'deny', data: [{ meaning: 'related', reference: { reference: 'Encounter/e' } }] }] }, 'Consent.provision.data'],
  ])('refuses %s', (_name, provision, element) => {
    expect(refusal(provision)).toBe(element)
  })
})

describe('auditEventFrom', () => {
  const access: AccessRecord = {
    id: 'a1',
    kind: 'open',
    whoDid: 'did:chiron:dr',
    display: 'Dr A',
    role: 'physician',
    organisation: { id: 'did:chiron:org', display: 'Northside' },
    patientId: 'p1',
    atMs: 1_700_000_000_000,
    purpose: 'TREAT',
    action: 'read',
    ruleIds: ['r1', 'r2'],
    categories: [{ name: 'laboratory', count: 4 }, { name: 'conditions' }],
    outcome: 'success',
  }

  it('is valid R4 for every kind, action and outcome', () => {
    for (const kind of ['open', 'report', 'refusal', 'close'] as const)
      for (const action of ['read', 'write', 'share', 'research'] as const)
        for (const outcome of ['success', 'refused', 'failed'] as const)
          expect(validateOnWrite(auditEventFrom({ ...access, kind, action, outcome }))).toEqual([])
  })

  it('tells of an emergency as a security alert, and of its override when it starts and stops', () => {
    const override = (kind: 'emergency' | 'confirmation' | 'review' | 'dispute', isOver: boolean) => {
      const event = auditEventFrom({ ...access, kind, purpose: 'BTG', categories: [], ruleIds: [], emergency: { id: 'e1', isOver, said: { reason: 'danger-to-life' } } })
      expect(validateOnWrite(event)).toEqual([])
      expect(event).toMatchObject({ type: { code: '110113' }, action: 'E', purposeOfEvent: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'BTG' }] }] })
      expect(event.entity?.[1]).toMatchObject({ what: { identifier: { value: 'e1' } }, detail: [{ type: 'reason', valueString: 'danger-to-life' }] })
      return event.subtype?.map(({ code }) => code)
    }
    expect(override('emergency', false)).toEqual(['110127', 'emergency'])
    expect(override('confirmation', false)).toEqual(['confirmation'])
    expect(override('review', false)).toEqual(['review'])
    expect(override('review', true)).toEqual(['110138', 'review'])
    expect(override('dispute', true)).toEqual(['110138', 'dispute'])
  })

  it('names who, for whom, why, under which rule and how much', () => {
    const event = auditEventFrom(access)
    expect(event).toMatchObject({ action: 'R', outcome: '0', recorded: '2023-11-14T22:13:20.000Z', purposeOfEvent: [{ coding: [{ code: 'TREAT' }] }] })
    expect(event.agent.map((agent) => [agent.requestor, agent.who?.identifier?.value])).toEqual([
      [true, 'did:chiron:dr'],
      [false, 'did:chiron:org'],
    ])
    expect(
      event.entity?.map((entity) => entity.what?.reference ?? entity.what?.identifier?.value ?? entity.detail?.map((detail) => detail.valueString).join(' ')),
    ).toEqual(['Patient/p1', 'r1', 'r2', 'laboratory 4', 'conditions'])
    expect(auditEventFrom({ ...access, restsOn: 'order' }).entity?.[1]?.what).toEqual({ identifier: { system: 'urn:chiron:order', value: 'r1' } })
    expect(auditEventFrom({ ...access, kind: 'refusal', outcome: 'refused' }).outcome).toBe('4')
  })

  it('has an agent without a name where the organisation may not name it', () => {
    const { whoDid: _whoDid, display: _display, role: _role, ...unnamed } = access
    const event = auditEventFrom({ ...unnamed, kind: 'refusal', outcome: 'refused', ruleIds: [], categories: [] })
    expect(validateOnWrite(event)).toEqual([])
    expect(event.agent.map(({ who }) => who?.identifier?.value ?? who?.display)).toEqual(['not named', 'did:chiron:org'])
  })

  it('refuses an id or time that FHIR has no room for', () => {
    expect(() => auditEventFrom({ ...access, id: 'a/b' })).toThrow('ERR_FHIR_CONVERSION_INVALID element=id')
    expect(() => auditEventFrom({ ...access, atMs: Number.NaN })).toThrow('ERR_FHIR_CONVERSION_INVALID element=atMs')
  })
})
