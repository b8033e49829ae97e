import type { SeededRandom } from '@chiron/testkit/simulation'
import { get, JSON_TYPE, next, post, put, type Asked } from './asked.ts'
import { bodyOf, canariesOf, sharedCodeOf, typeOfKey, type Names } from './bodies.ts'
import type { RecordKey, RecordWords, Scenario } from './model.ts'

const TYPES = ['Observation', 'Condition', 'MedicationRequest', 'Encounter', 'DiagnosticReport', 'AllergyIntolerance', 'Provenance', 'Basic', 'Group', 'Patient'] as const
const TYPES_OF_P0 = ['Observation', 'Condition', 'MedicationRequest', 'Encounter', 'AllergyIntolerance', 'Basic', 'DiagnosticReport'] as const

/** Draws what a reader asks. Hidden records are asked for as often as others. */
export class Requests {
  readonly #random: SeededRandom
  readonly #records: readonly RecordWords[]
  readonly #hidden: readonly RecordWords[]
  readonly #names: Names
  #writes = 0

  constructor(random: SeededRandom, { records }: Scenario, hidden: ReadonlySet<RecordKey>, names: Names) {
    this.#random = random
    this.#records = records
    this.#hidden = records.filter(({ key }) => hidden.has(key))
    this.#names = names
  }

  /** A share of the kinds of reading, each once, in a drawn order, with drawn particulars. */
  reads(share: number): Asked[] {
    const kinds: (() => Asked[])[] = [
      () => this.#reading(), () => this.#reading(), () => this.#versions(), () => this.#history(), () => this.#ifNoneMatch(), () => this.#counting(), () => this.#counting(),
      () => this.#everyType(), () => this.#byParameter(), () => this.#byParameter(), () => this.#byParameter(), () => this.#byCanary(), () => this.#byId(), () => this.#byReference(),
      () => this.#chained(), () => this.#chained(), () => this.#has(), () => this.#has(), () => this.#including(), () => this.#including(), () => this.#sorted(), () => this.#sorted(),
      () => this.#paged(), () => this.#paged(), () => this.#posted(), () => this.#everything(), () => this.#batch(), () => this.#readingTransaction(),
      () => this.#virtual(), () => this.#chiron(), () => this.#odd(), () => this.#patients(),
    ]
    return shuffled(this.#random, kinds).slice(0, Math.ceil(kinds.length * share)).flatMap((kind) => kind())
  }

  /** Every kind of writing once. */
  writes(): Asked[] {
    const kinds: (() => Asked[])[] = [
      () => this.#creating(), () => this.#creating(), () => this.#conditional(), () => this.#conditional(), () => this.#putting(), () => this.#putting(), () => this.#puttingNew(),
      () => this.#deleting(), () => this.#deleting(), () => this.#writingTransaction(), () => this.#writingTransaction(), () => this.#writingTransaction(),
    ]
    return shuffled(this.#random, kinds).flatMap((kind) => kind())
  }

  #any(): RecordWords {
    const random = this.#random
    return this.#hidden.length > 0 && random.chance(0.55) ? random.pick(this.#hidden) : random.pick(this.#records)
  }

  #of(type: string, isMeant: (record: RecordWords) => boolean = () => true): RecordWords {
    const all = this.#records.filter((record) => record.type === type && isMeant(record))
    const hidden = this.#hidden.filter((record) => record.type === type && isMeant(record))
    return hidden.length > 0 && this.#random.chance(0.55) ? this.#random.pick(hidden) : this.#random.pick(all)
  }

  #at({ key }: RecordWords): string {
    return `${typeOfKey(key)}/${this.#names.idOf(key)}`
  }

  #patient(): string {
    return this.#names.idOf(`Patient-${this.#random.weighted({ p0: 6, p1: 2, p2: 2 })}`)
  }

  #reading(): Asked[] {
    const record = this.#any()
    return [get('read', this.#at(record)), { what: 'head', request: { method: 'HEAD', path: `fhir/${this.#at(record)}` } }]
  }

  #versions(): Asked[] {
    const record = this.#any()
    return ['1', '2', '3', '0', '99', 'x'].map((version) => get('vread', `${this.#at(record)}/_history/${version}`))
  }

  #history(): Asked[] {
    return [get('history', `${this.#at(this.#any())}/_history`), get('history', `${this.#at(this.#any())}/_history?_count=1`), get('type history', 'Observation/_history'), get('system history', '_history')]
  }

  #ifNoneMatch(): Asked[] {
    const at = this.#at(this.#any())
    return ['W/"1"', 'W/"2"', '*'].map((etag) => get('if-none-match', at, { 'if-none-match': etag, 'if-modified-since': 'Sat, 21 Nov 2065 00:00:00 GMT' }))
  }

  #counting(): Asked[] {
    const type = this.#random.pick(TYPES_OF_P0)
    const patient = this.#random.pick(['p0', 'p1', 'p2'])
    return [{ ...get('count', `${type}?patient=${this.#names.idOf(`Patient-${patient}`)}&_count=200`), counts: { type, patient } }]
  }

  #everyType(): Asked[] {
    return TYPES.map((type) => get('type', `${type}?_count=200${this.#random.chance(0.3) ? '&_summary=count' : ''}`))
  }

  #byParameter(): Asked[] {
    const random = this.#random
    const record = this.#of('Observation')
    const { instant, value } = canariesOf(record, 1)
    const code = sharedCodeOf(record)
    const parameter = random.pick([
      `code=${code}`, `code=http://loinc.org|${code}`, `code:not=${code}`, `code:missing=false`, 'encounter:missing=true', 'has-member:missing=false', `date=ge${instant.slice(0, 4)}`, `date=${instant.slice(0, 10)}`,
      `date=lt${instant}`, `value-quantity=${value}`, `value-quantity=gt${value}`, `value-quantity=le${value}|http://unitsofmeasure.org|mg`, 'status=final', 'status:not=final', 'category=vital-signs', 'category=laboratory,vital-signs',
      '_lastUpdated=ge2020-01-01', '_lastUpdated=lt2020-01-01', '_security=HIV', 'combo-code=8867-4', `_id:not=${this.#names.idOf(record.key)}`,
    ])
    const more = random.pick(['', '', '&_total=none', '&_total=estimate', '&_total=accurate', '&_summary=true', '&_summary=text', '&_summary=data', '&_summary=count', '&_elements=code,subject', '&_count=0', '&nonsense=1'])
    const patient = random.chance(0.7) ? `&patient=${this.#patient()}` : ''
    return [get('parameter', `Observation?${parameter}${patient}${more}`), get('parameter, strict', `Observation?${parameter}${patient}${more}`, { prefer: 'handling=strict' })]
  }

  #byCanary(): Asked[] {
    const record = this.#any()
    const { word, instant, city } = canariesOf(record, 1)
    if (record.type === 'Patient') return [`family=${word}`, `name:contains=${word.slice(2)}`, `identifier=${word}`, `birthdate=${instant.slice(0, 10)}`, `address-city=${city}`, `telecom=${city}-telecom`].map((query) => get('canary', `Patient?${query}`))
    const text = record.type === 'Provenance' || record.type === 'Group' ? [] : [get('canary', `${record.type}?code:text=${word}`), get('canary', `${record.type}?identifier=${word}&patient=${this.#patient()}`)]
    return [get('canary', `${record.type}?identifier=${word}`), get('canary', `${record.type}?identifier=urn:leaks|${word}`), ...text]
  }

  #byId(): Asked[] {
    const records = Array.from({ length: 3 }, () => this.#of('Observation'))
    const ids = records.map(({ key }) => this.#names.idOf(key)).join()
    return [get('id', `Observation?_id=${ids}`), get('id', `Observation?_id=${ids}&patient=${this.#patient()}`), get('id', `Patient?_id=${this.#patient()},${this.#patient()}`), get('id', `Observation?_id=${ids}&_summary=count`)]
  }

  #byReference(): Asked[] {
    const encounter = this.#of('Encounter')
    const condition = this.#of('Condition')
    const observation = this.#of('Observation')
    return [
      get('reference', `Observation?encounter=${this.#at(encounter)}`), get('reference', `Observation?encounter=${this.#names.idOf(encounter.key)}`), get('reference', `MedicationRequest?encounter=${this.#at(encounter)}`),
      get('reference', `Observation?has-member=${this.#at(observation)}`), get('reference', `DiagnosticReport?result=${this.#at(observation)}`), get('reference', `Provenance?target=${this.#at(this.#random.pick([condition, observation]))}`),
      get('reference', `Observation?focus=Patient/${this.#patient()}`), get('reference', `Observation?subject=Patient/${this.#patient()},Patient/${this.#patient()}`),
    ]
  }

  #chained(): Asked[] {
    const encounter = this.#of('Encounter')
    const { word } = canariesOf(encounter, 1)
    const patient = this.#of('Patient')
    const canaries = canariesOf(patient, 1)
    const observation = this.#of('Observation')
    return shuffled(this.#random, [
      `Observation?encounter.identifier=${word}`, `Condition?encounter:Encounter.identifier=${word}`, `Observation?encounter.date=ge2010`, `Observation?subject:Patient.family=${canaries.word}`,
      `Observation?patient.address-city=${canaries.city}`, `Observation?patient.birthdate=${canaries.instant.slice(0, 10)}`, `DiagnosticReport?result.code=${sharedCodeOf(observation)}`,
      `DiagnosticReport?result.identifier=${canariesOf(observation, 1).word}`, `Observation?has-member:Observation.encounter.identifier=${word}`, `MedicationRequest?encounter._id=${this.#names.idOf(encounter.key)}`,
      `Observation?has-member:Observation._id=${this.#names.idOf(observation.key)}`, `Observation?encounter:Encounter.reason-code=code-a`, 'Provenance?target:Observation.status=final',
    ]).slice(0, 4).map((path) => get('chain', path))
  }

  #has(): Asked[] {
    const observation = this.#of('Observation')
    const { word, value, instant } = canariesOf(observation, 1)
    return shuffled(this.#random, [
      `Patient?_has:Observation:patient:identifier=${word}`, `Patient?_id=${this.#patient()}&_has:Observation:patient:value-quantity=${value}`, `Patient?_has:Observation:patient:date=${instant.slice(0, 10)}`,
      `Patient?_has:Condition:patient:code=38341003`, `Encounter?_has:Observation:encounter:identifier=${word}`, `Encounter?_has:Observation:encounter:status=final`, `Encounter?_has:MedicationRequest:encounter:status=active`,
      `Observation?_has:DiagnosticReport:result:status=final`, `Observation?_has:Provenance:target:recorded=ge2000`, `Observation?_has:Observation:has-member:identifier=${word}`,
      `Patient?_has:Encounter:patient:_has:Observation:encounter:identifier=${word}`, `Observation?_has:Observation:derived-from:_id=${this.#names.idOf(observation.key)}`,
    ]).slice(0, 4).map((path) => get('has', path))
  }

  #including(): Asked[] {
    const patient = this.#patient()
    return shuffled(this.#random, [
      `Observation?patient=${patient}&_include=Observation:encounter&_include=Observation:subject`, `Observation?patient=${patient}&_include=*`, `Observation?_include=Observation:has-member&_include:iterate=Observation:has-member&_count=3`,
      `Patient?_id=${patient}&_revinclude=Observation:subject&_revinclude=Condition:subject`, `Patient?_id=${patient}&_revinclude=*:*`, `Encounter?_revinclude=Observation:encounter&_revinclude:iterate=Provenance:target`,
      `Observation?_revinclude=Provenance:target&_include:iterate=Observation:encounter`, `DiagnosticReport?_include=DiagnosticReport:result&_include:iterate=Observation:encounter&_include:iterate=Observation:has-member`,
      `Encounter?_revinclude=Condition:encounter&_revinclude:iterate=Provenance:target`, `MedicationRequest?_include=MedicationRequest:encounter&_include:iterate=Encounter:subject&_summary=true`,
      `Patient?_revinclude=Encounter:patient&_revinclude:iterate=Observation:encounter&_count=2`, `Provenance?_include=Provenance:target&_include:iterate=Observation:encounter&_elements=id`,
    ]).slice(0, 7).map((path) => get('include', path))
  }

  #sorted(): Asked[] {
    const sort = this.#random.pick(['date', '-date', '_lastUpdated', '-_lastUpdated', 'code', '_id', '-_id', 'value-quantity', '-value-quantity,date', 'status,-date'])
    const count = this.#random.between(1, 4)
    const patient = this.#random.chance(0.6) ? `&patient=${this.#patient()}` : ''
    return [get('sort', `Observation?_sort=${sort}&_count=${count}${patient}`), next('sorted page'), next('sorted page'), get('offset', `Observation?_sort=${sort}&_count=${count}&_offset=${this.#random.between(1, 9)}${patient}`)]
  }

  #paged(): Asked[] {
    const count = this.#random.between(1, 3)
    return [get('page', `Observation?_count=${count}${this.#random.chance(0.5) ? `&patient=${this.#patient()}` : ''}${this.#random.pick(['', '&_total=none', '&_include=Observation:encounter'])}`), next('page'), next('page'), next('page'), get('forged cursor', 'Observation?_cursor=eyJhIjoxfQ')]
  }

  #posted(): Asked[] {
    const record = this.#of('Observation')
    return [
      { what: 'posted search', request: { method: 'POST', path: 'fhir/Observation/_search', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `identifier=${canariesOf(record, 1).word}&_total=accurate` } },
      { what: 'posted search', request: { method: 'POST', path: `fhir/Observation/_search?patient=${this.#patient()}`, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `code=${sharedCodeOf(record)}&_sort=-date` } },
    ]
  }

  #everything(): Asked[] {
    const patient = this.#patient()
    const since = this.#random.chance(0.3) ? '&_since=2020-01-01T00:00:00Z' : ''
    return [
      get('everything', `Patient/${patient}/$everything?_count=${this.#random.between(2, 5)}${since}`), next('everything page'), next('everything page'),
      get('everything', `Patient/${patient}/$everything`), get('everything', `Patient/${patient}/$everything?_type=Observation,Provenance`),
    ]
  }

  #entriesOfReads(): unknown[] {
    const urls = [this.#at(this.#any()), this.#at(this.#any()), `Observation?patient=${this.#patient()}`, `${this.#at(this.#any())}/_history/1`]
    return urls.map((url) => ({ request: { method: 'GET', url } }))
  }

  #batch(): Asked[] {
    const record = this.#any()
    const entries = [...this.#entriesOfReads(), { request: { method: 'GET', url: this.#at(record), ifNoneMatch: 'W/"1"' } }, { request: { method: 'GET', url: `Patient/${this.#patient()}/$everything` } }]
    return [post('batch', '', { resourceType: 'Bundle', type: 'batch', entry: entries })]
  }

  #readingTransaction(): Asked[] {
    return [
      post('reading transaction', '', { resourceType: 'Bundle', type: 'transaction', entry: this.#entriesOfReads() }),
      post('reading transaction', '', { resourceType: 'Bundle', type: 'transaction', entry: [{ request: { method: 'GET', url: `Observation?patient=${this.#patient()}&_count=100` } }] }),
    ]
  }

  #virtual(): Asked[] {
    const patient = this.#patient()
    return [
      get('AuditEvent', `AuditEvent?patient=${patient}`), get('AuditEvent', `AuditEvent?patient=${patient}&date=ge2020&_count=2`), get('AuditEvent', `AuditEvent/${patient}.${this.#random.between(0, 9).toString(16)}`),
      get('Consent', `Consent?patient=${patient}`), get('Consent', `Consent?patient=${patient}&status=active`), get('Consent', 'Consent'), get('Provenance', `Provenance?patient=${patient}`),
    ]
  }

  #chiron(): Asked[] {
    return ['patient', 'audit', 'displays', 'requests', 'rules', 'records', 'accesses'].map((name) => ({ what: `chiron/${name}`, request: { method: 'GET', path: `chiron/${name}` } }))
  }

  #odd(): Asked[] {
    const record = this.#any()
    return [
      get('metadata', 'metadata'), get('nothing', `${this.#at(record)}/nothing`), get('nothing', 'Observation/$nothing'), { what: 'patch', request: { method: 'PATCH', path: `fhir/${this.#at(record)}`, headers: JSON_TYPE, body: '{}' } },
      get('compartment', `Patient/${this.#patient()}/Observation`), get('xml', this.#at(record), { accept: 'application/fhir+xml' }), get('wrong type', `Condition/${this.#names.idOf(record.key)}`),
      get('compressed', this.#at(record), { 'accept-encoding': 'gzip, br' }), get('graph', `${this.#at(record)}?_elements=id&_summary=true`),
    ]
  }

  #patients(): Asked[] {
    return [get('patient', `Patient/${this.#patient()}`), get('patient', `Patient/${this.#names.idOf('Patient-p2')}`), get('patient', `Patient?_id=${this.#names.idOf('Patient-p2')}`), get('patient', `Patient/${this.#names.idOf('Patient-p2')}/_history`), get('patient', `Observation?patient=${this.#names.idOf('Patient-p2')}&_summary=count`)]
  }

  /** A new observation about a patient that refers to a record, hidden or not. */
  #draft(extra: Record<string, unknown> = {}): Record<string, unknown> {
    const number = ++this.#writes
    const words: RecordWords = { key: `Observation-new-${number}`, type: 'Observation', category: this.#random.pick(['laboratory', 'vital-signs'] as const), labels: [], day: '2026-03-04', variant: '', patients: [this.#random.weighted({ p0: 6, p1: 2, p2: 2 })], author: 'riverside', references: [], versions: 1, deleted: false }
    return { ...bodyOf(words, 1, this.#names, 'new'), ...extra }
  }

  #creating(): Asked[] {
    return [
      post('create', 'Observation', this.#draft({ encounter: { reference: this.#at(this.#of('Encounter')) } })), post('create', 'Observation', this.#draft({ hasMember: [{ reference: this.#at(this.#of('Observation')) }] })),
      post('create', 'Observation', this.#draft({ focus: [{ reference: this.#at(this.#any()) }] }), { prefer: 'return=minimal' }),
      post('create', 'Provenance', { resourceType: 'Provenance', recorded: '2026-01-01T00:00:00Z', agent: [{ who: { display: 'somebody' } }], target: [{ reference: this.#at(this.#any()) }] }),
      post('create', 'Observation', this.#draft({ derivedFrom: [{ reference: `${this.#at(this.#of('Observation'))}/_history/2` }] }), { prefer: 'return=OperationOutcome' }),
    ]
  }

  #conditional(): Asked[] {
    const record = this.#of('Observation')
    const { word } = canariesOf(record, 1)
    return [
      post('if-none-exist', 'Observation', this.#draft(), { 'if-none-exist': `identifier=${word}` }), post('if-none-exist', 'Observation', this.#draft(), { 'if-none-exist': `_id=${this.#names.idOf(record.key)}` }),
      post('if-none-exist', 'Observation', this.#draft(), { 'if-none-exist': `code=${sharedCodeOf(record)}&patient=${this.#patient()}` }),
    ]
  }

  /** To be written over. An id that a colleague chose for what is hidden is taken: that much is told (`chosenTarget`). */
  #overwritten(): RecordWords {
    return this.#of('Observation', (record) => record.localId === undefined || !this.#hidden.includes(record))
  }

  #putting(): Asked[] {
    const record = this.#overwritten()
    const id = this.#names.idOf(record.key)
    return [put('put, if-match', `Observation/${id}`, this.#draft({ id }), { 'if-match': 'W/"1"' }), put('put, if-match', `Observation/${id}`, this.#draft({ id }), { 'if-match': 'W/"7"' }), put('put', `Observation/${id}`, this.#draft({ id })), get('read after put', `Observation/${id}`), get('history after put', `Observation/${id}/_history`), put('put again', `Observation/${id}`, this.#draft({ id }))]
  }

  #puttingNew(): Asked[] {
    const id = `new-${++this.#writes}`
    return [put('put new', `Observation/${id}`, this.#draft({ id })), put('put new, if-match', `Observation/other-${id}`, this.#draft({ id: `other-${id}` }), { 'if-match': 'W/"1"' }), get('read new', `Observation/${id}`)]
  }

  #deleting(): Asked[] {
    const record = this.#any()
    const { request } = get('', this.#at(record))
    return [
      { what: 'delete, if-match', request: { ...request, method: 'DELETE', headers: { 'if-match': 'W/"9"' } } }, { what: 'delete', request: { ...request, method: 'DELETE' } }, get('read deleted', this.#at(record)),
      { what: 'delete again', request: { ...request, method: 'DELETE' } },
    ]
  }

  #writingTransaction(): Asked[] {
    const observation = this.#overwritten()
    const { word } = canariesOf(observation, 1)
    const encounter = canariesOf(this.#of('Encounter'), 1).word
    const entries = shuffled(this.#random, [
      { fullUrl: 'urn:uuid:5f0c6b4e-35c5-4d0a-9c35-0b5f2f4c0a01', resource: this.#draft(), request: { method: 'POST', url: 'Observation', ifNoneExist: `identifier=${word}` } },
      { resource: this.#draft({ encounter: { reference: `Encounter?identifier=${encounter}` } }), request: { method: 'POST', url: 'Observation' } },
      { resource: this.#draft({ hasMember: [{ reference: this.#at(observation) }] }), request: { method: 'POST', url: 'Observation' } },
      { resource: this.#draft(), request: { method: 'PUT', url: `Observation?identifier=${word}` } },
      { request: { method: 'DELETE', url: `Observation?identifier=${word}` } },
      { request: { method: 'DELETE', url: this.#at(observation) } },
      { resource: this.#draft({ id: this.#names.idOf(observation.key) }), request: { method: 'PUT', url: this.#at(observation), ifMatch: 'W/"1"' } },
      { request: { method: 'GET', url: this.#at(observation) } },
      { request: { method: 'GET', url: `Observation?identifier=${word}` } },
    ] as unknown[])
    const chosen = entries.slice(0, this.#random.between(1, 3))
    return [post('transaction', '', { resourceType: 'Bundle', type: 'transaction', entry: chosen }), post('writing batch', '', { resourceType: 'Bundle', type: 'batch', entry: entries.slice(3, 5) })]
  }
}

function shuffled<T>(random: SeededRandom, items: readonly T[]): T[] {
  const left = [...items]
  const taken: T[] = []
  while (left.length > 0) taken.push(...left.splice(random.below(left.length), 1))
  return taken
}
