import { parseDateRange } from '../search/dates.ts'
import type { JsonObject } from '../json.ts'
import { listOf, objectsOf, textOf } from '../json.ts'

type Check = (node: JsonObject, resource: JsonObject) => boolean

const UCUM = 'http://unitsofmeasure.org'
const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem/'

const has = (node: JsonObject, ...keys: readonly string[]): boolean => keys.some((key) => node[key] !== undefined || node[`_${key}`] !== undefined)
const hasChoice = (node: JsonObject, name: string): boolean =>
  Object.keys(node).some((key) => {
    const bare = key.startsWith('_') ? key.slice(1) : key
    return bare.startsWith(name) && /^[A-Z]/.test(bare.slice(name.length))
  })
const count = (node: JsonObject, ...keys: readonly string[]): number => keys.reduce((sum, key) => sum + listOf(node[key]).length, 0)
const either =
  (left: string, right: string): Check =>
  (node) =>
    has(node, left) || has(node, right)
const notBoth =
  (left: string, right: string): Check =>
  (node) =>
    !(has(node, left) && has(node, right))
const exactlyOne =
  (left: string, right: string): Check =>
  (node) =>
    has(node, left) !== has(node, right)
const implies =
  (left: string, right: string): Check =>
  (node) =>
    !has(node, left) || has(node, right)
const notNegative =
  (key: string): Check =>
  (node) =>
    typeof node[key] !== 'number' || node[key] >= 0

function hasCoding(concept: unknown, system: string, codes: readonly string[]): boolean {
  return objectsOf(concept).some((item) => objectsOf(item['coding']).some((coding) => coding['system'] === system && codes.includes(String(coding['code']))))
}

function inOrder(start: unknown, end: unknown): boolean {
  const from = typeof start === 'string' ? parseDateRange(start) : undefined
  const until = typeof end === 'string' ? parseDateRange(end) : undefined
  return from === undefined || until === undefined || from.lowMs <= until.highMs
}

const entries = (bundle: JsonObject): JsonObject[] => objectsOf(bundle['entry'])
const typeIn = (node: JsonObject, ...types: readonly string[]): boolean => types.includes(String(node['type']))
const ucumOrNone = (node: JsonObject): boolean => node['system'] === undefined || node['system'] === UCUM
const coded = (node: JsonObject): boolean => has(node, 'code') || !has(node, 'value')

/** Invariants of the types that care produces, by key; each states in code what the FHIRPath of the same key states. */
export const nativeInvariants: Readonly<Record<string, Check>> = {
  'ext-1': (node) => has(node, 'extension') !== hasChoice(node, 'value'),
  'dom-4': (node) => objectsOf(node['contained']).every((item) => objectsOf(item['meta']).every((meta) => !has(meta, 'versionId', 'lastUpdated'))),
  'dom-5': (node) => objectsOf(node['contained']).every((item) => objectsOf(item['meta']).every((meta) => !has(meta, 'security'))),
  'qty-3': implies('code', 'system'),
  'sqty-1': (node) => !has(node, 'comparator'),
  'age-1': (node) => coded(node) && ucumOrNone(node) && (typeof node['value'] !== 'number' || node['value'] > 0),
  'cnt-3': (node) =>
    coded(node) && ucumOrNone(node) && (!has(node, 'code') || node['code'] === '1') && (typeof node['value'] !== 'number' || Number.isInteger(node['value'])),
  'dis-1': (node) => coded(node) && ucumOrNone(node),
  'drt-1': (node) => !has(node, 'code') || (node['system'] === UCUM && has(node, 'value')),
  'mqty-1': (node) => coded(node) && (node['system'] === undefined || node['system'] === 'urn:iso:std:iso:4217'),
  'att-1': implies('data', 'contentType'),
  'cpt-2': implies('value', 'system'),
  'per-1': (node) => inOrder(node['start'], node['end']),
  'rng-2': (node) => {
    const [low] = objectsOf(node['low'])
    const [high] = objectsOf(node['high'])
    const comparable = low?.['code'] === high?.['code'] && typeof low?.['value'] === 'number' && typeof high?.['value'] === 'number'
    return !comparable || Number(low?.['value']) <= Number(high?.['value'])
  },
  'rat-1': (node) => has(node, 'numerator') === has(node, 'denominator') && (has(node, 'numerator') || has(node, 'extension')),
  'tim-1': implies('duration', 'durationUnit'),
  'tim-2': implies('period', 'periodUnit'),
  'tim-4': notNegative('duration'),
  'tim-5': notNegative('period'),
  'tim-6': implies('periodMax', 'period'),
  'tim-7': implies('durationMax', 'duration'),
  'tim-8': implies('countMax', 'count'),
  'tim-9': (node) => !has(node, 'offset') || (has(node, 'when') && listOf(node['when']).every((code) => !['C', 'CM', 'CD', 'CV'].includes(String(code)))),
  'tim-10': notBoth('timeOfDay', 'when'),
  'ait-1': (node) =>
    hasCoding(node['verificationStatus'], `${TERMINOLOGY}allergyintolerance-verification`, ['entered-in-error']) || has(node, 'clinicalStatus'),
  'ait-2': (node) =>
    !hasCoding(node['verificationStatus'], `${TERMINOLOGY}allergyintolerance-verification`, ['entered-in-error']) || !has(node, 'clinicalStatus'),
  'app-1': either('type', 'actor'),
  'app-2': (node) => has(node, 'start') === has(node, 'end'),
  'app-3': (node) => (has(node, 'start') && has(node, 'end')) || ['proposed', 'cancelled', 'waitlist'].includes(String(node['status'])),
  'app-4': (node) => !has(node, 'cancelationReason') || ['noshow', 'cancelled'].includes(String(node['status'])),
  'apr-1': either('participantType', 'actor'),
  'sev-1': notBoth('name', 'query'),
  'bdl-1': (node) => !has(node, 'total') || typeIn(node, 'searchset', 'history'),
  'bdl-2': (node) => entries(node).every((entry) => !has(entry, 'search')) || typeIn(node, 'searchset'),
  'bdl-3': (node) => entries(node).every((entry) => has(entry, 'request') === typeIn(node, 'batch', 'transaction', 'history')),
  'bdl-4': (node) => entries(node).every((entry) => has(entry, 'response') === typeIn(node, 'batch-response', 'transaction-response', 'history')),
  'bdl-5': (node) => has(node, 'resource', 'request', 'response'),
  'bdl-7': (node) => {
    if (typeIn(node, 'history')) return true
    const urls = entries(node).flatMap((entry) => {
      const url = textOf(entry['fullUrl'])
      const [resource] = objectsOf(entry['resource'])
      return url === undefined ? [] : [`${url} ${textOf(objectsOf(resource?.['meta'])[0]?.['versionId']) ?? ''}`]
    })
    return new Set(urls).size === urls.length
  },
  'bdl-8': (node) => !(textOf(node['fullUrl'])?.includes('/_history/') ?? false),
  'bdl-9': (node) => !typeIn(node, 'document') || objectsOf(node['identifier']).some((identifier) => has(identifier, 'system') && has(identifier, 'value')),
  'bdl-10': (node) => !typeIn(node, 'document') || has(node, 'timestamp'),
  'bdl-11': (node) => !typeIn(node, 'document') || objectsOf(entries(node)[0]?.['resource'])[0]?.['resourceType'] === 'Composition',
  'bdl-12': (node) => !typeIn(node, 'message') || objectsOf(entries(node)[0]?.['resource'])[0]?.['resourceType'] === 'MessageHeader',
  'cpl-3': notBoth('detail', 'reference'),
  'cmp-1': (node) => has(node, 'text', 'entry', 'section'),
  'cmp-2': notBoth('emptyReason', 'entry'),
  'con-1': either('summary', 'assessment'),
  'con-2': either('code', 'detail'),
  'con-4': (node) =>
    !hasChoice(node, 'abatement') || hasCoding(node['clinicalStatus'], `${TERMINOLOGY}condition-clinical`, ['resolved', 'remission', 'inactive']),
  'con-5': (node) => !hasCoding(node['verificationStatus'], `${TERMINOLOGY}condition-ver-status`, ['entered-in-error']) || !has(node, 'clinicalStatus'),
  'ppc-1': either('policy', 'policyRule'),
  'fhs-1': (node) => !hasChoice(node, 'age') || !hasChoice(node, 'born'),
  'fhs-2': (node) => hasChoice(node, 'age') || !has(node, 'estimatedAge'),
  'gol-1': (node) => !hasChoice(node, 'detail') || has(node, 'measure'),
  'grp-1': (node) => !has(node, 'member') || node['actual'] === true,
  'imm-1': either('documentType', 'reference'),
  'imr-1': either('vaccineCode', 'targetDisease'),
  'ipn-1': either('identifier', 'name'),
  'lst-1': notBoth('emptyReason', 'entry'),
  'lst-2': (node) => node['mode'] === 'changes' || entries(node).every((entry) => !has(entry, 'deleted')),
  'lst-3': (node) => node['mode'] === 'working' || entries(node).every((entry) => !has(entry, 'date')),
  'mad-1': (node) => has(node, 'dose') || hasChoice(node, 'rate'),
  'mdd-1': (node) => inOrder(node['whenPrepared'], node['whenHandedOver']),
  'obs-3': (node) => has(node, 'low', 'high', 'text'),
  'obs-6': (node) => !has(node, 'dataAbsentReason') || !hasChoice(node, 'value'),
  'obs-7': (node) => !hasChoice(node, 'value') || !sharesCoding(node),
  'opd-1': either('type', 'part'),
  'org-1': (node) => count(node, 'identifier', 'name') > 0 || has(node, 'name'),
  'org-2': (node) => node['use'] !== 'home',
  'org-3': (node) => node['use'] !== 'home',
  'pat-1': (node) => has(node, 'name', 'telecom', 'address', 'organization'),
  'prr-1': implies('orderDetail', 'code'),
  'qrs-1': notBoth('answer', 'item'),
  'que-1': (node) => (node['type'] !== 'group' || has(node, 'item')) && (node['type'] !== 'display' || !has(node, 'item')),
  'que-4': notBoth('answerOption', 'answerValueSet'),
  'exp-1': either('expression', 'reference'),
  'drq-1': exactlyOne('path', 'searchParam'),
  'drq-2': exactlyOne('path', 'searchParam'),
}

function sharesCoding(observation: JsonObject): boolean {
  const codings = objectsOf(observation['code']).flatMap((code) => objectsOf(code['coding']))
  const same = (coding: JsonObject): boolean => codings.some((other) => JSON.stringify(other) === JSON.stringify(coding))
  return objectsOf(observation['component']).some((component) => objectsOf(component['code']).some((code) => objectsOf(code['coding']).some(same)))
}
