import { RecordFlag, sha256, utf8, type Did, type Handle, type Label, type ObjectId, type RecordId, type Role, type RuleCondition, type RuleTerms, type Tag } from '@chiron/protocol'
import type { DelegateFacts, EmergencyFacts, EndorsementFacts, PatientFacts, ReaderFacts, RecordFacts, RuleFacts, TreatmentFacts } from '@chiron/ledger/decide'
import { referenceDecision, type ReferenceDecision } from '../../../../tools/vectors/decide-reference.ts'
import { UNMET } from './draw-consent.ts'
import type { ConditionWords, GranteeWords, OrganisationName, PatientKey, ReaderWords, RecordKey, RecordWords, RuleWords, Saying } from './model.ts'

const ROLES: Readonly<Record<string, Role>> = { physician: 'physician', nurse: 'nurse', admin: 'organisation-admin' }
const EMERGENCY_MS = 900_000
const DAY_MS = 86_400_000
const FOREVER = Number.MAX_SAFE_INTEGER
const OPEN_DAYS = 36_525
/** Under whose law the organisations act, as the template says. */
const COUNTRIES: Readonly<Record<OrganisationName, string>> = { riverside: 'DE', lakeside: 'FR' }

/** What is said about one patient, as lists. Names stand for ids and tags: nothing here knows a key. */
interface Said {
  rules: (RuleFacts & { readonly key: string })[]
  orders: (RuleFacts & { readonly key: string })[]
  endorsements: EndorsementFacts[]
  treatments: TreatmentFacts[]
  delegates: DelegateFacts[]
  emergencies: EmergencyFacts[]
}

/** What one reader may see, by the plain second implementation of the order of decision, over what was said in this seed alone. */
export class Oracle {
  readonly #reader: ReaderWords
  readonly #records: ReadonlyMap<RecordKey, RecordWords>
  readonly #said = new Map<PatientKey, Said>()
  /** Orders about every patient. */
  #common: Said['orders'] = []
  #accepted: Uint8Array[] = []
  /** Labels that patients put on, by record and patient. */
  readonly #own = new Map<string, readonly Label[]>()
  #isExpelled = false
  #timeMs: number

  constructor(reader: ReaderWords, records: readonly RecordWords[], startMs: number) {
    this.#reader = reader
    this.#records = new Map(records.map((record) => [record.key, record]))
    this.#timeMs = startMs
  }

  hear(saying: Saying): void {
    switch (saying.say) {
      case 'wait':
        this.#timeMs += saying.ms
        return
      case 'rule':
        this.#of(saying.rule.patient).rules.push({ key: saying.rule.key, id: idOf(saying.rule.key), terms: this.#termsOf(saying.rule) })
        return
      case 'revoke':
        for (const said of this.#said.values()) said.rules = said.rules.filter(({ key }) => key !== saying.rule)
        return
      case 'order': {
        const order = { key: saying.rule.key, id: idOf(saying.rule.key), terms: this.#termsOf(saying.rule) }
        if (saying.everybody) this.#common.push(order)
        else this.#of(saying.rule.patient).orders.push(order)
        return
      }
      case 'lift':
        this.#common = this.#common.filter(({ key }) => key !== saying.rule)
        for (const said of this.#said.values()) said.orders = said.orders.filter(({ key }) => key !== saying.rule)
        return
      case 'endorse': {
        const { reader, patient, forMs } = saying
        this.#of(patient).endorsements.push({
          reader: readerDid(reader), organisation: didOf(reader.organisation), purpose: reader.purpose, endorser: didOf('a second'), fromMs: this.#timeMs, untilMs: this.#timeMs + forMs,
        })
        return
      }
      case 'accept':
        if (saying.organisation === this.#reader.organisation) this.#accepted.push(termsHash(saying.terms))
        return
      case 'label': {
        const key = `${saying.record} ${saying.patient}`
        const others = (this.#own.get(key) ?? []).filter((label) => !saying.labels.includes(label))
        this.#own.set(key, saying.change === 'add' ? [...others, ...saying.labels] : others)
        return
      }
      case 'expel':
        if (saying.organisation === this.#reader.organisation && saying.user === this.#reader.user) this.#isExpelled = true
        return
      case 'confirm': {
        const said = this.#of(saying.patient)
        said.emergencies = said.emergencies.map((emergency) => ({ ...emergency, untilMs: emergency.fromMs + DAY_MS }))
        return
      }
      case 'protest':
      case 'condemn':
        this.#of(saying.patient).emergencies = []
        return
      case 'treat':
        this.#of(saying.patient).treatments.push({ organisation: didOf(saying.organisation), fromMs: 0, untilMs: FOREVER, contested: false })
        return
      case 'contest': {
        const said = this.#of(saying.patient)
        said.treatments = said.treatments.map((t) => (t.organisation === didOf(saying.organisation) ? { ...t, contested: true } : t))
        return
      }
      case 'delegate':
        this.#of(saying.patient).delegates.push({
          id: idOf(`delegate ${saying.to}`), delegate: didOf(saying.to), custodial: false, actions: ['read'],
          categories: saying.categories.map(tagOf), labels: saying.labels.map(tagOf), fromMs: 0, untilMs: this.#timeMs + DAY_MS,
        })
        return
      case 'dismiss': {
        const said = this.#of(saying.patient)
        said.delegates = said.delegates.filter(({ delegate }) => delegate !== didOf(saying.to))
        return
      }
      case 'emergency':
        this.#of(saying.patient).emergencies.push({
          id: idOf(`emergency ${saying.patient}`), reader: didOf(`${saying.organisation}/${saying.user}`), organisation: didOf(saying.organisation),
          fromMs: this.#timeMs, untilMs: this.#timeMs + EMERGENCY_MS,
        })
    }
  }

  /** Whether the reader may open anything of a patient. */
  opens(patient: PatientKey): boolean {
    return this.#decide(patient, undefined).effect === 'permit'
  }

  /** How a record is decided: each of its patients must permit. */
  decide(key: RecordKey): { readonly covered: boolean; readonly identityOnly: boolean } {
    const record = this.#recordOf(key)
    if (record.category === 'directory') return { covered: !this.#isExpelled, identityOnly: false }
    if (record.category === 'internal') return { covered: !this.#isExpelled && this.#reader.patient === undefined && this.#reader.organisation === record.author, identityOnly: false }
    const decisions = record.patients.map((patient) => this.#decide(patient, record))
    return { covered: decisions.every(({ effect, obligations }) => effect === 'permit' && !obligations.includes(UNMET)), identityOnly: decisions.some(({ obligations }) => obligations.includes('identity-only')) }
  }

  covers(key: RecordKey): boolean {
    return this.decide(key).covered
  }

  #decide(patient: PatientKey, record: RecordWords | undefined): ReferenceDecision {
    const { organisation, purpose } = this.#reader
    return referenceDecision({
      request: { reader: this.#readerFacts().did, organisation: didOf(organisation), purpose, action: 'read' },
      reader: this.#readerFacts(),
      patient: this.#patientFacts(patient),
      target: record === undefined ? { kind: 'patient' } : { kind: 'record', record: this.#recordFacts(record, patient) },
      timeMs: this.#timeMs,
    })
  }

  #readerFacts(): ReaderFacts {
    const { organisation, user, patient } = this.#reader
    return {
      did: readerDid(this.#reader),
      kind: patient === undefined ? 'practitioner' : 'patient',
      suspended: false,
      organisation: didOf(organisation),
      organisationLive: true,
      jurisdiction: COUNTRIES[organisation],
      acceptedTerms: this.#accepted,
      attestations: user === undefined || this.#isExpelled ? [] : [{ role: ROLES[user] as Role, untilMs: FOREVER }],
      delegation: { purposes: [], untilMs: FOREVER },
    }
  }

  #patientFacts(patient: PatientKey): PatientFacts {
    const { rules, orders, treatments, delegates, emergencies, endorsements } = this.#of(patient)
    const authors = [...new Set([...this.#records.values()].filter(({ patients }) => patients.includes(patient)).map(({ author }) => didOf(author)))]
    return {
      handle: utf8(patient) as Handle,
      owner: { did: didOf(patient), kind: 'patient', custodial: false },
      rules, orders: [...orders, ...this.#common], delegates, emergencies, endorsements, treatments, authors,
    }
  }

  #recordFacts(record: RecordWords, patient: PatientKey): RecordFacts {
    return {
      id: recordIdOf(record.key),
      state: 'present',
      author: didOf(record.author),
      firstAuthor: didOf(record.author),
      dates: this.#datesOf(record),
      category: tagOf(record.category),
      labels: [...new Set([...this.#labelsOf(record.key), ...(this.#own.get(`${record.key} ${patient}`) ?? [])])].map(tagOf),
      flags: (record.type === 'Patient' ? RecordFlag.identity : 0) | (record.category === 'other' ? RecordFlag.uncategorised : 0),
    }
  }

  /** Its own labels and those of what it refers to, over any number of steps. */
  #labelsOf(key: RecordKey): readonly Label[] {
    const record = this.#recordOf(key)
    return [...new Set([...record.labels, ...record.references.filter(({ to }) => this.#recordOf(to).type !== 'Patient').flatMap(({ to }) => this.#labelsOf(to))])]
  }

  /** A Provenance is about the days of its targets. What began and has no end goes on. */
  #datesOf({ type, day, references }: RecordWords): RecordFacts['dates'] {
    switch (type) {
      case 'Patient':
      case 'Basic':
        return null
      case 'Provenance': {
        const all = references.map(({ to }) => this.#datesOf(this.#recordOf(to)))
        return all.some((dates) => dates === null) ? null : { from: Math.min(...all.map((dates) => dates?.from ?? 0)), until: Math.max(...all.map((dates) => dates?.until ?? 0)) }
      }
      default: {
        const from = dayNumber(day)
        return { from, until: type === 'Condition' || type === 'AllergyIntolerance' ? from + OPEN_DAYS : from }
      }
    }
  }

  #recordOf(key: RecordKey): RecordWords {
    const found = this.#records.get(key)
    if (found === undefined) throw new TypeError(`no record ${key}`)
    return found
  }

  #of(patient: PatientKey): Said {
    const known = this.#said.get(patient) ?? { rules: [], orders: [], endorsements: [], treatments: [], delegates: [], emergencies: [] }
    this.#said.set(patient, known)
    return known
  }

  #termsOf(words: RuleWords): RuleTerms {
    const { effect, grantee, purposes, categories, labels, records, actions, forMs, overrides, absolute, data, conditions, obligations } = words
    return {
      effect,
      grantee: granteeOf(grantee),
      purposes: [...purposes], categories: categories.map(tagOf), labels: labels.map(tagOf), records: records.map(recordIdOf), actions: [...actions],
      from: 0,
      until: forMs === null ? null : this.#timeMs + forMs,
      overrides: overrides === null ? null : idOf(overrides),
      ...(absolute === undefined ? {} : { absolute }),
      ...(data === undefined ? {} : { data: { from: data.from === null ? null : dayNumber(data.from), until: data.until === null ? null : dayNumber(data.until) } }),
      ...(conditions === undefined ? {} : { conditions: conditions.map(conditionOf) }),
      ...(obligations === undefined ? {} : { obligations: [...obligations] }),
    }
  }
}

function granteeOf(words: GranteeWords): RuleTerms['grantee'] {
  switch (words.kind) {
    case 'person':
      return { kind: 'person', did: didOf(`${words.organisation}/${words.user}`) }
    case 'patient':
      return { kind: 'person', did: didOf(words.patient) }
    case 'organisation':
      return { kind: 'organisation', did: didOf(words.organisation) }
    case 'role':
      return { kind: 'role', role: words.role, ...(words.organisation === undefined ? {} : { organisation: didOf(words.organisation) }) }
    default:
      return words
  }
}

function readerDid({ organisation, user, patient }: ReaderWords): Did {
  return patient === undefined ? didOf(`${organisation}/${user}`) : didOf(patient)
}

/** As the ledger says it; terms of use by their hash. */
export function conditionOf(words: ConditionWords): RuleCondition {
  if (words.kind === 'terms') return { kind: 'terms', hash: termsHash(words.terms) }
  return words.kind === 'jurisdiction' ? { ...words, of: [...words.of] } : words
}

/** 32 bytes. */
export const termsHash = (terms: string): Uint8Array => sha256(utf8(terms))

const dayNumber = (date: string): number => Date.parse(date) / DAY_MS
const didOf = (name: string): Did => name as Did
const tagOf = (name: string): Tag => utf8(name) as Tag
const idOf = (name: string): ObjectId => utf8(name) as ObjectId
const recordIdOf = (name: string): RecordId => utf8(name) as RecordId
