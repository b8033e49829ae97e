import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import {
  categoriesOf, compileIncludes, compileSearch, consentFrom, FhirError, identityForm, indexValues, listReferences, loadDefinitions, mapReferences, outcomeOf, parseBundle, parseCondition, parseDateRange,
  parseReference, parseSearch, planTransaction, ruleFromConsent, subjectsOf, subsetResource, validateOnWrite, type ConsentRule,
} from '@chiron/fhir'
import type { Consent } from '@medplum/fhirtypes'
import type { Target } from '@chiron/testkit/fuzz'
import { ensureDefinitions } from '../../../../../tools/prepare-definitions.ts'
import { condition, labelled, observation, patient, practitioner } from '../../gateway/resources.ts'
import { filledResources } from '../filled-resources.ts'
import { attempt, must } from '../outcome.ts'
import { textBytes, textOf } from '../vectors.ts'

const definitions = ensureDefinitions()
loadDefinitions(readFileSync(definitions, 'utf8'))
const filled = filledResources(definitions, 1).map(json).filter(({ length }) => length < 4000)
const FHIR = 'packages/fhir/src/'
/** What reads a query and writes its statements. */
const SEARCH = ['compile', 'compile-clauses', 'compile-values', 'cursor', 'dates', 'normalize', 'paging', 'parse', 'parse-clause', 'parse-values', 'terms']
const BASE = 'https://fuzz.example/org/fhir'
/** Stands where a value would: must never come back in an issue. */
const CANARY = 'Zzyzxcanary'

function json(value: unknown): Uint8Array {
  return textBytes(JSON.stringify(value))
}

function parsed(input: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(textOf(input)) as unknown }
  } catch {
    return undefined
  }
}


const rule: ConsentRule = {
  id: 'rule-1', patientId: 'p1', status: 'active', effect: 'permit', grantee: { kind: 'person', id: 'did:chiron:abc', display: 'A' }, purposes: ['treatment'], categories: ['laboratory'], labels: ['hiv'],
  records: ['Observation/o1'], actions: ['read'], fromMs: 1_700_000_000_000, untilMs: 1_800_000_000_000, dataFromMs: 1_600_000_000_000, overrides: 'rule-0',
}
const rules: readonly ConsentRule[] = [
  rule, { ...rule, effect: 'deny', grantee: { kind: 'anyone-treating' } }, { ...rule, grantee: { kind: 'role', id: 'nurse' }, labels: [] }, { ...rule, grantee: { kind: 'organisation', id: 'o1' }, records: [] },
]
const bundle = (type: string, entry: readonly unknown[]) => json({ resourceType: 'Bundle', type, entry })
const URN = 'urn:uuid:11111111-1111-4111-8111-111111111111'

export const fhirTargets: readonly Target[] = [
  {
    name: 'fhir/resource', form: 'json', maxBytes: 16_384, maxMs: 250,
    modules: [`${FHIR}validation/`, `${FHIR}search/index-values.ts`, `${FHIR}search/leaves.ts`, `${FHIR}search/dates.ts`, `${FHIR}categories/`, `${FHIR}references/`],
    seeds: [...filled, json(patient({ contact: [{ name: { text: CANARY } }] })), json(observation('p1', 'laboratory', labelled('HIV'))), json(condition('p1')), ...rules.map((each) => json(consentFrom(each)))],
    words: ['reference', 'contained', 'extension', 'text', 'div', '<div xmlns="http://www.w3.org/1999/xhtml">x</div>', '2026-02-30', '2026-01-01T00:00:00Z', 'urn:uuid:x', '#c', '_birthDate'],
    run: (input) => {
      const body = parsed(input)
      if (body === undefined) return 'no JSON'
      const issues = validateOnWrite(body.value)
      must(!JSON.stringify(issues).includes(CANARY) || new RegExp(`${CANARY}[^"]*"\\s*:`).test(textOf(input)), 'an issue says what stands in the resource')
      if (issues.some(({ severity }) => severity === 'error' || severity === 'fatal')) return 'refused'
      const resource = body.value as { readonly resourceType: string; readonly id?: string }
      const before = JSON.stringify(resource)
      const rows = indexValues(resource, { base: BASE })
      must(rows.every((row) => !('lowMs' in row) || (Number.isSafeInteger(row.lowMs) && row.lowMs <= row.highMs)), 'a date is indexed that is none')
      categoriesOf(resource, BASE)
      subjectsOf(resource, BASE)
      if (resource.resourceType === 'Patient') identityForm(resource as Parameters<typeof identityForm>[0])
      subsetResource(resource, { summary: 'true' })
      const mapped = mapReferences(resource, ({ text }) => text, BASE)
      must(isDeepStrictEqual(mapped, resource) && JSON.stringify(resource) === before, 'a resource was changed')
      must(listReferences(resource, BASE).every(({ text }) => typeof text === 'string'), 'a reference without text')
      return 'accepted'
    },
  },
  {
    name: 'fhir/bundle', form: 'json', maxBytes: 16_384, modules: [`${FHIR}bundles/parse.ts`, `${FHIR}bundles/plan.ts`, `${FHIR}references/`],
    seeds: [
      bundle('transaction', [
        { fullUrl: URN, resource: patient(), request: { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=a|1' } },
        { fullUrl: 'https://fuzz.example/org/fhir/Observation/o1', resource: { ...observation('p1', 'laboratory'), id: 'o1', subject: { reference: URN }, hasMember: [{ reference: 'Observation?code=a' }] }, request: { method: 'PUT', url: 'Observation/o1', ifMatch: 'W/"1"' } },
        { request: { method: 'DELETE', url: 'Condition?code=x' } }, { request: { method: 'GET', url: 'Patient/p1/_history/2' } }, { resource: practitioner(), request: { method: 'PATCH', url: 'Practitioner/p' } },
      ]),
      bundle('batch', [{ request: { method: 'GET', url: 'Patient?_id=1' } }, { request: { method: 'HEAD', url: `${BASE}/metadata` } }, { resource: practitioner({ id: 'a' }), request: { method: 'PUT', url: 'Practitioner?name=a' } }]),
    ],
    words: ['POST', 'PUT', 'DELETE', 'PATCH', 'GET', URN, 'Patient/p1', 'Patient?', '?', '/Patient', `${BASE}/Patient/p1`, '$everything', '_history'],
    run: (input) => {
      const body = parsed(input)
      if (body === undefined) return 'no JSON'
      const read = attempt(() => parseBundle(body.value, BASE), FhirError)
      if ('refused' in read) return read.refused
      let made = 0
      const planned = attempt(() => {
        const plan = planTransaction(read.value, { newId: () => `new-${made++}`, base: BASE })
        for (const { type, query } of plan.lookups) attempt(() => parseSearch(type, query), FhirError)
        return [
          attempt(() => plan.resolve(new Map()), FhirError), attempt(() => plan.resolve(new Map(plan.lookups.map(({ key }) => [key, ['m1']]))), FhirError),
          attempt(() => plan.resolve(new Map(plan.lookups.map(({ key }) => [key, ['m1', 'm2']]))), FhirError),
        ]
      }, FhirError)
      if ('refused' in planned) return planned.refused
      for (const each of planned.value) if ('value' in each) must(each.value.operations.length === read.value.entries.length, 'an entry is lost')
      return planned.value.map((each) => ('refused' in each ? each.refused : 'accepted')).join(' ')
    },
  },
  {
    name: 'fhir/consent', form: 'json', modules: [`${FHIR}converters/consent`, `${FHIR}converters/rule-from-consent.ts`, `${FHIR}references/parse.ts`, `${FHIR}search/dates.ts`], seeds: rules.map((each) => json(consentFrom(each))), words: ['permit', 'deny', '2026', '2026-02-30T25:00:00Z'],
    run: (input) => {
      const body = parsed(input)
      if (body === undefined) return 'no JSON'
      // The route validates first, so that is what the converter may rely on.
      if (validateOnWrite(body.value).some(({ severity }) => severity === 'error' || severity === 'fatal')) return 'not valid'
      if ((body.value as { resourceType: string }).resourceType !== 'Consent') return 'another type'
      const read = attempt(() => ruleFromConsent(body.value as Consent), FhirError)
      if ('refused' in read) return read.refused
      must(isDeepStrictEqual(ruleFromConsent(consentFrom(read.value)), read.value), 'a rule becomes another one as a Consent')
      return 'accepted'
    },
  },
  {
    name: 'fhir/search', form: { separators: /([?&=:|,.$])/ }, modules: [...SEARCH.map((file) => `${FHIR}search/${file}.ts`), `${FHIR}references/parse.ts`], maxBytes: 2048, maxMs: 200,
    seeds: [
      'Observation?code=http://loinc.org|718-7,a&date=ge2020-01&value-quantity=gt5.4|http://u|g&_sort=-date,code&_count=5&_include=Observation:subject&_revinclude=Provenance:target', 'Patient?name:contains=a\\,b&birthdate=1984&identifier=|x&_has:Observation:patient:code=1',
      'Observation?subject:Patient.name=x&subject.organization.name=y&code:not=a&code:missing=true&code:text=b&_total=accurate&_summary=true', 'Encounter?_id=1,2&_lastUpdated=lt2030&_elements=id,status&date=eq2020-01-01T00:00:00Z&_cursor=x&_offset=3',
      'ValueSet?url:below=http://a&_type=Patient&_format=json', 'RiskAssessment?probability=ap0.5&_include:iterate=*', 'Patient?_has:Observation:patient:_has:AuditEvent:entity:agent=a', 'Condition?code:of-type=a|b|c&onset-date=sa2020&patient=Patient/1',
    ].map(textBytes),
    words: ['_id', '_has', '_include', '_revinclude', '_sort', '_lastUpdated', 'patient', 'subject', 'code', 'date', 'value-quantity', 'of-type', 'identifier', 'missing', 'not', 'above', 'below', 'in', 'exact', 'Patient', 'Observation', 'Provenance', 'iterate', '%', '\\', '$', 'eq', 'ap', '1e400', '-0', '9007199254740993'],
    run: (input) => {
      const [type = '', ...query] = textOf(input).split('?')
      const outcomes = (['strict', 'lenient'] as const).map((handling) => {
        const read = attempt(() => parseSearch(type, query.join('?'), { handling, base: BASE, cursors: { seal: (plain) => plain, open: (sealed) => sealed } }), FhirError)
        if ('refused' in read) return read.refused
        const compiled = compileSearch(read.value, { visibility: { sql: '1', params: [] } })
        for (const { sql, params } of [compiled.page, compiled.count, ...compileIncludes(read.value, [1, 2], { visibility: { sql: '1', params: [] }, limit: 9, round: 'first' })]) {
          must(sql.split('?').length - 1 === params.length, 'a statement with more or fewer places than values')
          must(params.every((value) => typeof value !== 'number' || !Number.isNaN(value)), 'NaN in a statement')
        }
        return 'accepted'
      })
      must(outcomes[0] !== 'accepted' || outcomes[1] === 'accepted', 'strict takes what lenient refuses')
      return outcomes.join(' ')
    },
  },
  {
    name: 'fhir/small-forms', form: { separators: /([-:.TZ/?#+])/ }, modules: [`${FHIR}search/dates.ts`, `${FHIR}references/parse.ts`],
    seeds: ['2026-11-21T10:00:00.123+01:00', '2026', '-2000-01', '9999-12-31T23:59:60Z', 'Patient/p1/_history/2', `${BASE}/Patient/p1`, URN, 'urn:oid:1.2.3', '#c', 'Patient?identifier=1', 'https://x.org/Patient/1'].map(textBytes),
    run: (input) => {
      const text = textOf(input)
      const range = parseDateRange(text)
      must(range === undefined || (Number.isSafeInteger(range.lowMs) && range.lowMs <= range.highMs), 'a date that ends before it begins')
      const { form } = parseReference(text, BASE)
      const asked = attempt(() => parseCondition(text, 'Patient', BASE), FhirError)
      return `${range === undefined ? '' : 'accepted date '}${form} ${'refused' in asked ? asked.refused : 'accepted'}`
    },
  },
  {
    name: 'fhir/outcome', form: 'bytes', modules: [`${FHIR}outcomes/`], seeds: [textBytes('Patient'), textBytes('__proto__'), textBytes('constructor')],
    run: (input) => {
      const read = attempt(() => parseSearch(textOf(input), ''), FhirError)
      if ('value' in read) return 'accepted'
      must(outcomeOf(new FhirError('ERR_FHIR_TYPE_UNKNOWN')).issue.length === 1, 'an outcome without an issue')
      return read.refused
    },
  },
]
