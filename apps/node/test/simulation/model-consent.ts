import { fromHex, type Did, type Handle, type RecordDates, type RecordId, type Role, type Tag } from '@chiron/protocol'
import type { AccessRequest, PatientFacts, ReaderFacts, RecordFacts, Target } from '@chiron/ledger/decide'
import { referenceDecision } from '../../../../tools/vectors/decide-reference.ts'
import type { Ask, Model } from './model.ts'

/** A record as a decision asks about it, for one of the patients whom it is about. */
export interface About {
  readonly record: string
  readonly author: Did | null
  readonly firstAuthor: Did | null
  readonly category: string
  readonly flags: number
  readonly dates: RecordDates | null
  readonly labels: ReadonlySet<string>
}

/**
 * Consent as the model sees it: its own facts, decided by the plain second implementation that `decide()` is compared with
 * elsewhere. What the ledger made of its transactions plays no part.
 */
export class ModelConsent {
  readonly #model: Model
  readonly #patients = new Map<string, { readonly stamp: number; readonly facts: PatientFacts }>()

  constructor(model: Model) {
    this.#model = model
  }

  /** Whether the ask may be answered for one record now, for every patient whom it is about. */
  permits(ask: Ask, record: string, timeMs: number): boolean {
    const versions = this.#model.records.get(record)
    const head = versions?.at(-1)
    if (head === undefined) return false
    const { author, flags } = head
    const firstAuthor = versions?.[0]?.author ?? null
    return head.subjects.every((patient, at) =>
      this.permitsSubject(ask, patient, {
        record, author, firstAuthor, flags, category: head.categories[at] as string, dates: head.dates[at] ?? null, labels: this.#model.labelsOf(record, patient),
      }, timeMs))
  }

  permitsSubject(ask: Ask, patient: string, { record, author, firstAuthor, category, flags, dates, labels }: About, timeMs: number): boolean {
    const facts: RecordFacts = {
      id: fromHex(record) as RecordId, state: author === null ? 'new' : 'present', author, firstAuthor, dates, category: fromHex(category) as Tag, labels: [...labels].map((label) => fromHex(label) as Tag), flags,
    }
    return this.#decides(ask, patient, { kind: 'record', record: facts }, timeMs, timeMs)
  }

  /** Whether an access of the patient may be open at all. `standMs`: when roles, delegations and treatments are looked at. */
  permitsOpening(ask: Ask, patient: string, timeMs: number, standMs = timeMs): boolean {
    return this.#decides(ask, patient, { kind: 'patient' }, timeMs, standMs)
  }

  #decides(ask: Ask, patient: string, target: Target, timeMs: number, standMs: number): boolean {
    const request = ask as AccessRequest
    const reader = this.#reader(ask)
    const facts = this.#patient(patient)
    const stands = <T extends { readonly untilMs: number }>(item: T): T => (standMs === timeMs ? item : { ...item, untilMs: standMs < item.untilMs ? Infinity : 0 })
    const { effect } = referenceDecision({
      request,
      reader: { ...reader, attestations: reader.attestations.map(stands), delegation: reader.delegation === null ? null : stands(reader.delegation) },
      patient: { ...facts, treatments: facts.treatments.map(stands) },
      target,
      timeMs,
    })
    return effect === 'permit'
  }

  #reader({ reader, organisation }: Ask): ReaderFacts {
    const { kinds, members, attestations, delegations, jurisdictions, terms } = this.#model
    const known = kinds.get(reader)
    const isLive = (did: Did): boolean => kinds.get(did)?.suspended === false
    const isOwn = reader === organisation && known?.kind === 'patient' && known.controller === null
    const delegation = delegations.get(`${reader}/${organisation}`)
    return {
      did: reader,
      kind: (known?.kind ?? null) as ReaderFacts['kind'],
      suspended: known?.suspended ?? false,
      organisation,
      organisationLive: isLive(organisation) && (members.has(organisation) || isOwn),
      jurisdiction: jurisdictions.get(organisation) ?? null,
      acceptedTerms: [...terms].filter((accepted) => accepted.startsWith(`${organisation}/`)).map((accepted) => fromHex(accepted.slice(organisation.length + 1))),
      attestations: attestations.filter((item) => item.subject === reader && item.organisation === organisation).map(({ role, until }) => ({ role: role as Role, untilMs: until })),
      delegation: delegation === undefined ? null : { purposes: delegation.purposes, untilMs: delegation.until },
    }
  }

  #patient(patient: string): PatientFacts {
    const { stamp } = this.#model
    const known = this.#patients.get(patient)
    if (known?.stamp === stamp) return known.facts
    const facts = this.#factsOf(patient)
    this.#patients.set(patient, { stamp, facts })
    return facts
  }

  #factsOf(patient: string): PatientFacts {
    const { owners, kinds, rules, emergencies, endorsements, treatments, authors } = this.#model
    const did = owners.get(patient)
    const prefix = `${patient}/`
    return {
      handle: fromHex(patient) as Handle,
      owner: did === undefined ? null : { did, kind: kinds.get(did)?.kind as 'patient' | 'organisation', custodial: false },
      rules: [...rules.values()].filter((rule) => rule.patient === patient).map(({ key: id, terms }) => ({ id, terms })),
      orders: [],
      delegates: [],
      emergencies: [...emergencies.values()].filter((item) => item.patient === patient && item.endedMs === null).map((item) => ({
        id: item.key, reader: item.reader, organisation: item.organisation, fromMs: item.declaredMs, untilMs: item.confirmer === null ? item.confirmByMs : item.endMs,
      })),
      endorsements: [...endorsements.values()].filter((item) => item.patient === patient).map(({ reader, organisation, purpose, endorser, fromMs, untilMs }) => ({ reader, organisation, purpose, endorser, fromMs, untilMs })),
      treatments: [...treatments].filter(([key]) => key.startsWith(prefix)).map(([key, { until, contested }]) => ({ organisation: key.slice(prefix.length) as Did, fromMs: 0, untilMs: until, contested })),
      authors: [...authors].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length) as Did),
    }
  }
}

