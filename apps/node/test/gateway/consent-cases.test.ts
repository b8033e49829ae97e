import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { categoriesOf, clinicalDays, FhirError, loadDefinitions, rulesFromConsent, sensitivityOf, type ConsentRule } from '@chiron/fhir'
import { decide, indexPatient, type ReaderFacts, type RecordFacts } from '@chiron/ledger/decide'
import { formatDid, patientTagKey, recordIdOf, sha256, tagOf, dayOf, dateOf, type Action, type Did, type Grantee, type Handle, type ObjectId, type RuleTerms } from '@chiron/protocol'
import { sharedData } from '@chiron/testkit'
import { beforeAll, describe, expect, it } from 'vitest'
import { definitionsPath, ensureDefinitions } from '../../../../tools/prepare-definitions.ts'

const data = sharedData('data/10-consent-decisions')
const isMissing = data.missing !== undefined
const needs = isMissing ? ` (skipped: ${data.missing})` : ''

beforeAll(() => {
  ensureDefinitions()
  loadDefinitions(readFileSync(definitionsPath, 'utf8'))
})

type Json = { readonly resourceType: string; readonly id: string; readonly [element: string]: unknown }
const read = (...path: readonly string[]) => JSON.parse(readFileSync(join(data.path, ...path), 'utf8')) as unknown
const resource = (name: string) => read('ihe-pcf', 'context', `${name.replace('/', '-')}.json`) as Json

const text = new TextEncoder()
const digest = (name: string): Uint8Array => sha256(text.encode(name))
const did = (name: string): Did => formatDid(digest(name).subarray(0, 20))
const vocabulary = digest('vocabulary')
const handle = digest('patient') as Handle
const tagKey = patientTagKey(vocabulary, handle)

/** What the gateway makes of a resource. */
function recordOf(source: Json): RecordFacts {
  const kind = categoriesOf(source)
  const [category = 'other'] = kind.class === 'patient' ? kind.categories : []
  const days = clinicalDays(source)
  const from = days === null ? 0 : dayOf(tagKey, days.from)
  return {
    id: recordIdOf(vocabulary, source.resourceType, source.id), state: 'present', author: did('hospital'), firstAuthor: did('hospital'), flags: category === 'other' ? 16 : 0,
    dates: days === null ? null : { from, until: days.until === null ? from + 36_525 : dayOf(tagKey, days.until) },
    category: tagOf(tagKey, 'category', category),
    labels: sensitivityOf(source, { birthDate: '1923-07-25', today: '2022-06-13' }).map((label) => tagOf(tagKey, 'label', label)),
  }
}

function granteeOf({ grantee }: ConsentRule): Grantee {
  if (grantee.kind === 'anyone' || grantee.kind === 'anyone-treating') return { kind: grantee.kind }
  if (grantee.kind === 'role') throw new TypeError('no case names a role')
  return { kind: grantee.kind, did: did(grantee.id) }
}

/** A rule of a Consent as the ledger has it. */
function termsOf(rule: ConsentRule): RuleTerms {
  const day = (ms: number | undefined): number | null => (ms === undefined ? null : dayOf(tagKey, new Date(ms).toISOString().slice(0, 10)))
  const [from, until] = [day(rule.dataFromMs), day(rule.dataUntilMs)]
  return {
    effect: rule.effect, grantee: granteeOf(rule), purposes: [...rule.purposes], actions: [...rule.actions],
    categories: rule.categories.map((name) => tagOf(tagKey, 'category', name)), labels: rule.labels.map((name) => tagOf(tagKey, 'label', name)),
    records: rule.records.map((reference) => recordIdOf(vocabulary, ...(reference.split('/') as [string, string]))),
    from: rule.fromMs, until: rule.untilMs ?? null, overrides: rule.overrides === undefined ? null : idOf(rule.overrides),
    ...(from === null && until === null ? {} : { data: { from, until } }),
  }
}

const idOf = (name: string): ObjectId => digest(name).subarray(0, 16) as ObjectId

interface Asked {
  readonly rules: readonly ConsentRule[]
  readonly purpose?: string
  readonly organisation?: string
  readonly at?: string
  readonly action?: Action
}

function decideOn(target: Json, { rules, purpose = 'TREAT', organisation = 'clinic', at = '2022-06-20', action = 'read' }: Asked): string {
  const reader: ReaderFacts = {
    did: did('reader'), kind: 'practitioner', suspended: false, organisation: did(organisation), organisationLive: true, jurisdiction: null, acceptedTerms: [],
    attestations: [{ role: 'physician', untilMs: Number.MAX_SAFE_INTEGER }], delegation: { purposes: [], untilMs: Number.MAX_SAFE_INTEGER },
  }
  const patient = indexPatient({
    handle, owner: { did: did('patient'), kind: 'patient', custodial: false }, orders: [], delegates: [], emergencies: [], endorsements: [], treatments: [], authors: [did('hospital')],
    rules: rules.map((rule) => ({ id: idOf(rule.id), terms: termsOf(rule) })),
  })
  const request = { reader: did('reader'), organisation: did(organisation), purpose, action }
  return decide({ ...request, target: { kind: 'record', record: recordOf(target) } }, { reader, patient }, Date.parse(at)).code
}

describe.skipIf(isMissing)(`the consents of IHE PCF${needs}`, () => {
  /** Who manages a Consent is no part of what it says; a rule has no place for it. */
  const consent = (name: string) => {
    const { organization: _organization, ...rest } = read('ihe-pcf', 'consents', `Consent-ex-consent-${name}.json`) as Json
    return rest as never
  }
  const rulesOf = (name: string): ConsentRule[] => rulesFromConsent(consent(name))
  const names = ['bloodPressure', 'bloodSugar', 'weight', 'weight-2', 'alcoholUse'] as const
  const seen = (asked: Asked): string[] => names.filter((name) => decideOn(resource(`Observation-ex-${name}`), asked).startsWith('PERMIT'))
  const plain = ['bloodPressure', 'bloodSugar', 'weight', 'weight-2']

  it.each(['basic-treat', 'basic-ink'])('%s: for treatment, payment and operations, and nothing else', (name) => {
    const rules = rulesOf(name)
    for (const purpose of ['TREAT', 'HPAYMT', 'HOPERAT']) expect(seen({ rules, purpose })).toEqual(plain)
    for (const purpose of ['HRESCH', 'HMARKT']) expect(seen({ rules, purpose })).toEqual([])
    expect(decideOn(resource('Observation-ex-alcoholUse'), { rules })).toBe('DENY_SENSITIVE')
    expect(seen({ rules, at: '2022-06-12' })).toEqual([])
  })

  it('basic-reject: nothing, but for what the author wrote itself', () => {
    const rules = rulesOf('basic-reject')
    expect(decideOn(resource('Observation-ex-weight'), { rules })).toBe('DENY_RULE')
    expect(decideOn(resource('Observation-ex-weight'), { rules, purpose: 'HRESCH' })).toBe('DENY_DEFAULT')
    expect(decideOn(resource('Observation-ex-weight'), { rules, organisation: 'hospital' })).toBe('PERMIT_AUTHOR')
  })

  it('basic-research: for research only', () => {
    const rules = rulesOf('basic-research')
    expect(seen({ rules, purpose: 'HRESCH', at: '2023-07-01' })).toEqual(plain)
    expect(seen({ rules, at: '2023-07-01' })).toEqual([])
  })

  it('expired-treat: until its end', () => {
    const rules = rulesOf('expired-treat')
    expect(seen({ rules, at: '2022-12-31T23:59:59Z' })).toEqual(plain)
    expect(seen({ rules, at: '2023-01-01' })).toEqual([])
  })

  it('intermediate-data: the named records only', () => {
    const rules = rulesOf('intermediate-data')
    expect(seen({ rules })).toEqual(plain)
    expect(decideOn(resource('Encounter-ex-encounter'), { rules })).toBe('PERMIT_RULE')
    expect(decideOn({ ...resource('Observation-ex-weight'), id: 'another' }, { rules })).toBe('DENY_DEFAULT')
  })

  it('intermediate-timeframe and not-timeframe: by the days of the data', () => {
    const of2022 = { ...resource('Observation-ex-weight'), effectiveDateTime: '2022-12-31T12:00:00Z' }
    const [only, without] = [rulesOf('intermediate-timeframe'), rulesOf('intermediate-not-timeframe')]
    expect(seen({ rules: only })).toEqual([])
    expect(decideOn(of2022, { rules: only })).toBe('PERMIT_RULE')
    expect(seen({ rules: without })).toEqual(plain)
    expect(decideOn(of2022, { rules: without })).toBe('DENY_RULE')
    const undated = resource('Encounter-ex-encounter')
    expect([decideOn(undated, { rules: only }), decideOn(undated, { rules: without })]).toEqual(['DENY_DEFAULT', 'DENY_RULE'])
    expect(dateOf(tagKey, termsOf(only[0] as ConsentRule).data?.until ?? 0)).toBe('2023-01-01')
  })

  it.each([
    ['intermediate-authoredby', 'Consent.provision.data'],
    ['intermediate-encounter', 'Consent.provision.data'],
    ['intermediate-not-encounter', 'Consent.provision.data'],
    ['intermediate-purpose', 'Consent.provision.purpose'],
  ])('%s is refused as a whole: no rule says it', (name, element) => {
    let error: unknown
    try {
      rulesOf(name)
    } catch (caught) {
      error = caught
    }
    expect(error).toBeInstanceOf(FhirError)
    expect(error).toMatchObject({ code: 'ERR_FHIR_CONSENT_NOT_EXPRESSIBLE', context: { element } })
  })
})

interface CdsRequest {
  readonly context: { readonly actor: readonly { readonly value: string }[]; readonly content?: { readonly entry: readonly { readonly resource: Json }[] } }
}

describe.skipIf(isMissing)(`the requests of ASU SHARES${needs}`, () => {
  const request = (name: string) => (read('asushares-cds', `example-request-${name}.json`) as CdsRequest).context
  const between = (effect: 'permit' | 'deny', actor: string, more: Partial<ConsentRule> = {}): ConsentRule => ({
    id: `${effect} ${more.labels?.join() ?? ''}`, patientId: 'p', status: 'active', effect, grantee: { kind: 'organisation', id: actor }, purposes: [], categories: [], labels: [], records: [],
    actions: ['read'], fromMs: 0, ...more,
  })
  const actorOf = (name: string): string => request(name).actor[0]?.value ?? ''
  const anything: Json = { resourceType: 'Observation', id: 'any', effectiveDateTime: '2020-01-01' }
  const contentOf = (name: string): readonly Json[] => (request(name).content?.entry ?? []).map((entry) => entry.resource)

  it('permit: CONSENT_PERMIT, and what is about substance use is withheld', () => {
    const organisation = actorOf('permit')
    const rules = [between('permit', organisation)]
    expect(decideOn(anything, { rules, organisation })).toBe('PERMIT_RULE')
    const [ketamine, alfentanil] = contentOf('permit')
    if (ketamine === undefined || alfentanil === undefined) throw new TypeError('the request has other content')
    expect(decideOn(ketamine, { rules, organisation })).toBe('DENY_SENSITIVE')
    expect(sensitivityOf(alfentanil, { today: '2022-01-01' })).toEqual([])
    const opened = [...rules, between('permit', organisation, { labels: ['substance-use'] })]
    expect(decideOn(ketamine, { rules: opened, organisation })).toBe('PERMIT_RULE')
    expect(decideOn(ketamine, { rules: [...opened, between('deny', organisation, { labels: ['substance-use'] })], organisation })).toBe('DENY_RULE')
  })

  it('deny: CONSENT_DENY', () => {
    const organisation = actorOf('deny')
    expect(decideOn(anything, { rules: [between('permit', organisation), between('deny', organisation)], organisation })).toBe('DENY_RULE')
  })

  it('no consent found: NO_CONSENT, which denies', () => {
    expect(decideOn(anything, { rules: [], organisation: actorOf('no-consent-found') })).toBe('DENY_DEFAULT')
  })
})
