import type { SeededRandom } from '@chiron/testkit/simulation'
import { get, next, none, post, put, type Asked } from './asked.ts'
import { bodyOf, canariesOf, sharedCodeOf, typeOfKey, type Names } from './bodies.ts'
import { PATIENTS, type Difference, type PatientKey, type RecordKey, type RecordWords, type Scenario } from './model.ts'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
/** How far one world is from the other about a record: what is absent there shows most. */
const WEIGHT: Readonly<Record<Difference | 'rest' | 'none', number>> = { absent: 0, deleted: 1, versions: 2, content: 3, labels: 4, rest: 5, none: 6 }
/** Search parameters by which a type names others, where there is one. */
const PARAMETER: Readonly<Record<string, string>> = { encounter: 'encounter', hasMember: 'has-member', derivedFrom: 'derived-from', result: 'result', target: 'target' }
/** By the element, what a draft refers with, and to what. */
const REFERRING: Readonly<Record<string, string>> = { Encounter: 'encounter', Observation: 'hasMember', DiagnosticReport: 'derivedFrom' }

const MOST_ACROSS = 30

/** Asks for single hidden records, each in every way that there is. */
export class Probes {
  readonly #records: readonly RecordWords[]
  readonly #hidden: readonly RecordWords[]
  readonly #names: Names
  #writes = 0

  constructor(random: SeededRandom, { records }: Scenario, { hidden, differences }: { hidden: ReadonlySet<RecordKey>; differences: ReadonlyMap<RecordKey, Difference | 'rest'> }, names: Names) {
    this.#records = records
    this.#names = names
    const weightOf = ({ key }: RecordWords): number => WEIGHT[differences.get(key) ?? 'none'] + random.fraction()
    this.#hidden = records.filter(({ key }) => hidden.has(key)).map((record) => ({ record, weight: weightOf(record) })).sort((a, b) => a.weight - b.weight).map(({ record }) => record)
  }

  /** Before the reader named any patient: an address of what is hidden opens nothing, so that a search that names nobody finds no more. */
  unopened(): Asked[] {
    const patients = ['p1', 'p0'] as const
    return patients.flatMap((patient) => {
      const record = this.#hidden.find(({ type, patients: about }) => type !== 'Patient' && type !== 'Group' && about[0] === patient)
      if (record === undefined) return []
      const searches = ['Observation?_count=200', 'Condition', 'Encounter', 'Patient'].map((path) => get(`search after an address of ${patient}'s`, path))
      return [get('address', this.#at(record)), get('address', `${this.#at(record)}/_history/1`), ...searches]
    })
  }

  /** @param count of records, of different types as far as there are */
  reads(count: number): Asked[] {
    return this.#chosen(count).flatMap((record) => [...this.#addresses(record), ...this.#searches(record), ...this.#references(record), ...this.#bundles(record)])
  }

  /** Everything found by what no reader is asked for: totals, pages and lists. */
  lists(patient: PatientKey): Asked[] {
    const id = this.#names.idOf(`Patient-${patient}`)
    const types = ['Observation', 'Condition', 'Encounter'] as const
    return [
      ...PATIENTS.filter((other) => other !== patient).map((other) => get('other chart', `Observation?patient=${this.#names.idOf(`Patient-${other}`)}&_summary=count`)),
      ...types.flatMap((type): Asked[] => [{ ...get('count', `${type}?patient=${id}&_count=200`), counts: { type, patient } }, get('summary count', `${type}?patient=${id}&_summary=count`), get('summary count', `${type}?_summary=count`), get('no rows', `${type}?_count=0&_total=accurate`)]),
      get('page', 'Observation?_count=2'), next('page'), next('page'), next('page'), get('sort', `Observation?_sort=-date&_count=2&patient=${id}`), next('sorted page'), next('sorted page'),
      get('sort', 'Observation?_sort=_lastUpdated&_count=3'), next('sorted page'), get('offset', 'Observation?_sort=date&_count=2&_offset=3'),
      get('revinclude', 'Encounter?_revinclude=Observation:encounter'), get('include', 'Observation?_include=*'), get('revinclude', `Patient?_id=${id}&_revinclude=*:*`), get('include', 'DiagnosticReport?_include=DiagnosticReport:result&_include:iterate=Observation:encounter'),
      get('patient', `Patient/${id}`), get('patient', `Patient?_id=${id}`), get('everything', `Patient/${id}/$everything?_count=4`), next('everything page'), next('everything page'),
      get('AuditEvent', `AuditEvent?patient=${id}`), get('Consent', `Consent?patient=${id}`),
    ]
  }

  /** Writes that name hidden records. Ids that a colleague chose are left out for PUT: that they are taken is told. */
  writes(count: number): Asked[] {
    const chosen = this.#chosen(count)
    const given = this.#hidden.find(({ type, localId }) => type === 'Observation' && localId === undefined)
    return [
      ...(given === undefined ? [] : this.#puts(given)),
      ...chosen.flatMap((record) => [...this.#refersTo(record), ...this.#conditional(record)]),
      ...this.#strangers(),
      ...chosen.flatMap((record) => this.#deletes(record)),
    ]
  }

  #chosen(count: number): readonly RecordWords[] {
    const types = new Set<string>()
    const first = this.#hidden.filter(({ type }) => !types.has(type) && types.add(type))
    const rest = this.#hidden.filter((record) => !first.includes(record))
    return [...first, ...rest].slice(0, count)
  }

  #at({ key }: Pick<RecordWords, 'key'>): string {
    return `${typeOfKey(key)}/${this.#names.idOf(key)}`
  }

  #patientOf({ patients }: RecordWords): string {
    return patients[0] === undefined ? '' : `&patient=${this.#names.idOf(`Patient-${patients[0]}`)}`
  }

  #addresses(record: RecordWords): Asked[] {
    const at = this.#at(record)
    return [
      get('read', at), { what: 'head', request: { method: 'HEAD', path: `fhir/${at}` } }, get('vread', `${at}/_history/1`), get('vread', `${at}/_history/2`), get('history', `${at}/_history`),
      get('if-none-match', at, { 'if-none-match': 'W/"1"' }), get('if-modified-since', at, { 'if-modified-since': 'Sat, 21 Nov 2065 00:00:00 GMT' }), get('elements', `${at}?_elements=id`),
    ]
  }

  #searches(record: RecordWords): Asked[] {
    const { type } = record
    const { word, value, instant, city } = canariesOf(record, 1)
    const id = this.#names.idOf(record.key)
    const all = [`_id=${id}`, `_id=${id}&_summary=count`, '_lastUpdated=ge2020-01-01&_summary=count']
    if (type !== 'Provenance') all.push(`identifier=${word}`, `identifier=${word}&_summary=count`, `identifier=${word}&_total=accurate&_count=0`, `identifier=${word}&_elements=id&_sort=_id`)
    if (type === 'Patient') all.push(`family=${word}`, `birthdate=${instant.slice(0, 10)}`, `address-city=${city}`)
    if (type === 'Observation') all.push(`value-quantity=${value}`, `date=${instant.slice(0, 10)}`, `date=${instant}`, `code:text=${word}`, `code=${sharedCodeOf(record)}&date=${instant.slice(0, 10)}${this.#patientOf(record)}`)
    if (type === 'Encounter') all.push(`date=${instant.slice(0, 10)}`)
    if (type === 'Condition') all.push(`recorded-date=${instant.slice(0, 10)}`, `code:text=${word}`)
    return [
      ...all.map((query) => (/^(_id|identifier|family|code:text)=/.test(query) ? none : get)('search', `${type}?${query}`)),
      { what: 'posted search', request: { method: 'POST', path: `fhir/${type}/_search`, headers: FORM, body: `_id=${id}` } },
    ]
  }

  /** Searches by what it refers to, and by what refers to it; and what leads to it from its patient. */
  #references(record: RecordWords): Asked[] {
    const { word } = canariesOf(record, 1)
    const [patient] = record.patients
    const about = patient === undefined || record.type === 'Patient' || record.type === 'Provenance' ? [] : [
      none('has', `Patient?_has:${record.type}:patient:identifier=${word}`), get('revinclude', `Patient?_id=${this.#names.idOf(`Patient-${patient}`)}&_revinclude=${record.type}:patient`),
    ]
    const by = (type: string, element: string, to: Pick<RecordWords, 'key'>): Asked[] => (PARAMETER[element] === undefined ? [] : [get('reference', `${type}?${PARAMETER[element]}=${this.#at(to)}`)])
    const referring = this.#records.flatMap((other) => other.references.filter(({ to }) => to === record.key).flatMap(({ element }) => by(other.type, element, record)))
    return [...about, ...record.references.flatMap(({ element, to }) => by(record.type, element, { key: to })), ...referring.slice(0, 2)]
  }

  /** Over each reference from what is seen to what is hidden, and back: chains, `_has`, includes. */
  across(): Asked[] {
    const hidden = new Set(this.#hidden)
    return this.#records.flatMap((record) => record.references.flatMap(({ element, to }): Asked[] => {
      const target = this.#records.find(({ key }) => key === to) as RecordWords
      const parameter = PARAMETER[element]
      if (parameter === undefined || hidden.has(record) === hidden.has(target)) return []
      const [from, at] = [this.#names.idOf(record.key), this.#names.idOf(to)]
      if (hidden.has(target)) {
        return [
          get('include', `${record.type}?_id=${from}&_include=${record.type}:${parameter}`), none('chain', `${record.type}?_id=${from}&${parameter}:${target.type}._id=${at}`),
          none('chain', `${record.type}?${parameter}:${target.type}.identifier=${canariesOf(target, 1).word}`),
        ]
      }
      const asked = [get('revinclude', `${target.type}?_id=${at}&_revinclude=${record.type}:${parameter}`), none('has', `${target.type}?_id=${at}&_has:${record.type}:${parameter}:_id=${from}`)]
      return record.type === 'Provenance' ? asked : [...asked, none('has', `${target.type}?_has:${record.type}:${parameter}:identifier=${canariesOf(record, 1).word}`)]
    })).slice(0, MOST_ACROSS)
  }

  #bundles(record: RecordWords): Asked[] {
    const at = this.#at(record)
    const entry = [{ request: { method: 'GET', url: at } }, { request: { method: 'GET', url: `${at}/_history/1` } }, { request: { method: 'GET', url: `${record.type}?_id=${this.#names.idOf(record.key)}` } }]
    return [post('batch', '', { resourceType: 'Bundle', type: 'batch', entry }), post('transaction', '', { resourceType: 'Bundle', type: 'transaction', entry: entry.slice(2) }), post('transaction', '', { resourceType: 'Bundle', type: 'transaction', entry: entry.slice(0, 1) })]
  }

  #draft(extra: Record<string, unknown> = {}, patient = 'p0'): Record<string, unknown> {
    const words: RecordWords = { key: `Observation-probe-${++this.#writes}`, type: 'Observation', category: 'laboratory', labels: [], day: '2026-03-04', variant: '', patients: [patient], author: 'riverside', references: [], versions: 1, deleted: false }
    return { ...bodyOf(words, 1, this.#names, 'new'), ...extra }
  }

  #refersTo(record: RecordWords): Asked[] {
    const element = REFERRING[record.type] ?? 'focus'
    const reference = { reference: this.#at(record) }
    const transaction = (resource: unknown): unknown => ({ resourceType: 'Bundle', type: 'transaction', entry: [{ resource, request: { method: 'POST', url: 'Observation' } }] })
    return [
      post('create', 'Observation', this.#draft({ [element]: element === 'encounter' ? reference : [reference] })),
      ...(record.type === 'Provenance' ? [] : [post('transaction', '', transaction(this.#draft({ focus: [{ reference: `${record.type}?identifier=${canariesOf(record, 1).word}` }] })))]),
    ]
  }

  #conditional(record: RecordWords): Asked[] {
    if (record.type !== 'Observation') return []
    const { word } = canariesOf(record, 1)
    const entry = [
      { resource: this.#draft(), request: { method: 'POST', url: 'Observation', ifNoneExist: `identifier=${word}` } },
      { resource: this.#draft(), request: { method: 'PUT', url: `Observation?identifier=${word}` } },
    ]
    return [
      post('if-none-exist', 'Observation', this.#draft(), { 'if-none-exist': `identifier=${word}` }), post('if-none-exist', 'Observation', this.#draft(), { 'if-none-exist': `_id=${this.#names.idOf(record.key)}` }),
      ...entry.map((one) => post('conditional transaction', '', { resourceType: 'Bundle', type: 'transaction', entry: [one] })),
      post('conditional delete', '', { resourceType: 'Bundle', type: 'transaction', entry: [{ request: { method: 'DELETE', url: `Observation?identifier=${word}` } }] }),
    ]
  }

  #puts(record: RecordWords): Asked[] {
    const id = this.#names.idOf(record.key)
    const [patient = 'p0'] = record.patients
    const at = `Observation/${id}`
    const draft = (about: string): Record<string, unknown> => this.#draft({ id }, about)
    return [
      put('put, if-match', at, draft(patient), { 'if-match': 'W/"1"' }), put('put', at, draft('p0')), get('read after put', at), get('search after put', `Observation?_id=${id}`),
      post('refer after put', 'Observation', this.#draft({ hasMember: [{ reference: at }] })), put('put about another', at, draft('p2')), put('put again', at, draft('p0')), get('history after put', `${at}/_history`),
    ]
  }

  #deletes(record: RecordWords): Asked[] {
    const path = `fhir/${this.#at(record)}`
    return [
      { what: 'delete, if-match', request: { method: 'DELETE', path, headers: { 'if-match': 'W/"1"' } } }, { what: 'delete', request: { method: 'DELETE', path } },
      post('delete in a transaction', '', { resourceType: 'Bundle', type: 'transaction', entry: [{ request: { method: 'DELETE', url: this.#at(record) } }] }), get('read deleted', this.#at(record)),
    ]
  }

  /** About patients whom the reader may know nothing of. */
  #strangers(): Asked[] {
    return ['p2', 'p1'].flatMap((patient) => [post('create about a stranger', 'Observation', this.#draft({}, patient)), post('create that names a stranger', 'Observation', this.#draft({ focus: [{ reference: this.#at({ key: `Patient-${patient}` }) }] }))])
  }
}
