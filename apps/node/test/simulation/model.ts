import { derivedId, RecordFlag, toHex, type DecodedTx, type Did, type Grantee, type Message, type RuleTerms } from '@chiron/protocol'
import type { TxResult } from '@chiron/ledger'

/**
 * The ledger as this checker understands it, from the transactions that took effect: plain maps, and consent in the
 * words of consent.md. It shares nothing with the contracts but the messages' shapes.
 */
export interface ModelRule {
  readonly id: string
  readonly patient: string
  readonly terms: RuleTerms
}
export interface ModelVersion {
  readonly record: string
  readonly version: number
  readonly author: Did
  readonly recorder: Did
  readonly flags: number
  readonly subjects: readonly string[]
  readonly categories: readonly string[]
  readonly ciphertext: string
  readonly height: number
}
export interface ModelAccess {
  readonly id: string
  readonly patient: string
  readonly reader: Did
  readonly organisation: Did
  readonly purpose: string
  readonly action: string
  readonly untilMs: number
  readonly open: boolean
}
interface Attestation {
  readonly id: string
  readonly subject: Did
  readonly organisation: Did
  readonly role: string
  readonly until: number
}
export interface Ask {
  readonly reader: Did
  readonly organisation: Did
  readonly purpose: string
  readonly action: string
}

const AUTHORS = new Set(['TREAT', 'HPAYMT', 'HOPERAT', 'HLEGAL'])
const YEAR_MS = 365 * 86_400_000

export class Model {
  height = 0
  timeMs = 0
  members = new Set<Did>()
  kinds = new Map<Did, { readonly kind: string; readonly controller: Did | null; readonly suspended: boolean }>()
  owners = new Map<string, Did>()
  attestations: readonly Attestation[] = []
  /** Who lost a role at some time. */
  dismissed = new Set<Did>()
  delegations = new Map<string, { readonly purposes: readonly string[]; readonly until: number }>()
  treatments = new Map<string, { readonly until: number; readonly contested: boolean }>()
  rules = new Map<string, ModelRule>()
  /** Versions of each record, oldest first. */
  records = new Map<string, readonly ModelVersion[]>()
  /** Those that authors gave and the patient's own, by record and patient. */
  given = new Map<string, ReadonlySet<string>>()
  own = new Map<string, ReadonlySet<string>>()
  authors = new Set<string>()
  /** Accesses under which something was reported as displayed. */
  reported = new Set<string>()
  accesses = new Map<string, ModelAccess>()
  requests = new Map<string, { readonly patient: string; readonly organisation: Did; readonly message: Extract<Message, { type: 'consent.request' }> }>()
  /** How many entries each patient's list must have. */
  entries = new Map<string, number>()
  /** How many refused attempts stand in it, by patient and reader. */
  refused = new Map<string, number>()
  logs = new Map<Did, readonly { readonly size: number; readonly root: string }[]>()

  /** The same, to be changed by the next block. What it holds is replaced and never changed, so copies are shallow. */
  clone(): Model {
    const copy = Object.assign(new Model(), this)
    copy.members = new Set(this.members)
    copy.authors = new Set(this.authors)
    copy.dismissed = new Set(this.dismissed)
    copy.reported = new Set(this.reported)
    for (const name of ['kinds', 'owners', 'delegations', 'treatments', 'rules', 'records', 'given', 'own', 'accesses', 'requests', 'entries', 'refused', 'logs'] as const) {
      ;(copy[name] as Map<unknown, unknown>) = new Map(this[name] as Map<unknown, unknown>)
    }
    return copy
  }

  /** Whether the ask may be answered for one version's record now, for every patient whom it is about. */
  permits(ask: Ask, record: string, timeMs: number): boolean {
    const head = this.records.get(record)?.at(-1)
    if (head === undefined || !this.stands(ask, timeMs)) return false
    return head.subjects.every((patient, at) => this.permitsSubject(ask, patient, { record, author: head.author, firstAuthor: this.records.get(record)?.[0]?.author ?? null, category: head.categories[at] as string, flags: head.flags, labels: this.labelsOf(record, patient) }, timeMs))
  }

  labelsOf(record: string, patient: string): ReadonlySet<string> {
    const key = `${record}/${patient}`
    return new Set([...(this.given.get(key) ?? []), ...(this.own.get(key) ?? [])])
  }

  permitsSubject(ask: Ask, patient: string, about: { readonly record: string; readonly author: Did | null; readonly firstAuthor: Did | null; readonly category: string; readonly flags: number; readonly labels: ReadonlySet<string> }, timeMs: number): boolean {
    if (this.owners.get(patient) === ask.reader) return ask.action === 'read'
    const inForce = this.inForce(ask, patient, timeMs)
    const denials = inForce.filter(({ terms }) => {
      if (terms.effect !== 'deny') return false
      if (terms.categories.length > 0 && !terms.categories.some((tag) => toHex(tag) === about.category)) return false
      if (terms.records.length > 0 && !terms.records.some((id) => toHex(id) === about.record)) return false
      return terms.labels.length === 0 || terms.labels.some((label) => about.labels.has(toHex(label)))
    })
    const isAuthor = this.belongs(ask, timeMs) && AUTHORS.has(ask.purpose) && [about.author, about.firstAuthor].includes(ask.organisation) && (ask.action === 'read' || ask.action === 'write')
    if (isAuthor && !denials.some(({ terms }) => terms.grantee.kind === 'person' || terms.grantee.kind === 'role')) return true
    if (denials.length > 0) return false
    const named = (terms: RuleTerms): boolean => ask.action === 'write' || [...about.labels].every((label) => terms.labels.some((tag) => toHex(tag) === label))
    const permits = inForce.filter(({ terms }) => terms.effect === 'permit' && named(terms))
    const covering = permits.some(({ terms }) => {
      if (terms.categories.length > 0 && ((about.flags & RecordFlag.uncategorised) !== 0 || !terms.categories.some((tag) => toHex(tag) === about.category))) return false
      return terms.records.length === 0 || terms.records.some((id) => toHex(id) === about.record)
    })
    if (covering) return true
    if ((about.flags & RecordFlag.identity) !== 0 && ask.action === 'read' && permits.length > 0) return true
    return ask.action === 'write' && this.belongs(ask, timeMs) && this.treats(patient, ask.organisation, timeMs) && AUTHORS.has(ask.purpose) && (about.author === null || about.author === ask.organisation)
  }

  /** Whether an access of the patient may be open at all. `standMs`: when roles and treatments are looked at. */
  permitsOpening(ask: Ask, patient: string, timeMs: number, standMs = timeMs): boolean {
    if (!this.stands(ask, standMs)) return false
    if (this.owners.get(patient) === ask.reader) return ask.action === 'read'
    const inForce = this.inForce(ask, patient, timeMs, standMs)
    const total = inForce.filter(({ terms }) => terms.effect === 'deny' && terms.categories.length === 0 && terms.records.length === 0 && terms.labels.length === 0)
    const isAuthor = this.belongs(ask, standMs) && AUTHORS.has(ask.purpose) && this.authors.has(`${patient}/${ask.organisation}`) && (ask.action === 'read' || ask.action === 'write')
    if (isAuthor && !total.some(({ terms }) => terms.grantee.kind === 'person' || terms.grantee.kind === 'role')) return true
    if (total.length > 0) return false
    if (inForce.some(({ terms }) => terms.effect === 'permit')) return true
    return ask.action === 'write' && this.belongs(ask, standMs) && this.treats(patient, ask.organisation, standMs) && AUTHORS.has(ask.purpose)
  }

  /** Whether the access covers the record at this time: open, not over, about it, for every patient whom it is about. */
  covers(accessId: string, record: string, timeMs: number): boolean {
    const access = this.accesses.get(accessId)
    const head = this.records.get(record)?.at(-1)
    if (access === undefined || !access.open || timeMs >= access.untilMs || head === undefined || !head.subjects.includes(access.patient)) return false
    const sameOpen = (patient: string): boolean => [...this.accesses.values()].some((other) =>
      other.patient === patient && other.open && timeMs < other.untilMs && other.reader === access.reader && other.organisation === access.organisation && other.purpose === access.purpose && other.action === access.action)
    return head.subjects.every(sameOpen) && this.permits(access, record, timeMs)
  }

  treats(patient: string, organisation: Did, timeMs: number): boolean {
    const found = this.treatments.get(`${patient}/${organisation}`)
    return found !== undefined && !found.contested && timeMs < found.until
  }

  /** Whether the reader is somebody who may ask through the organisation at all. */
  stands(ask: Ask, timeMs: number): boolean {
    const reader = this.kinds.get(ask.reader)
    if (reader === undefined || reader.suspended || !this.members.has(ask.organisation) || this.kinds.get(ask.organisation)?.suspended === true) return false
    if (ask.reader === ask.organisation) return true
    if (reader.kind !== 'patient' && !this.belongs(ask, timeMs)) return false
    const delegation = this.delegations.get(`${ask.reader}/${ask.organisation}`)
    if (delegation === undefined || timeMs >= delegation.until) return false
    return delegation.purposes.length === 0 || delegation.purposes.includes(ask.purpose)
  }

  belongs({ reader, organisation }: Ask, timeMs: number): boolean {
    const kind = this.kinds.get(reader)?.kind
    if (kind === 'organisation') return reader === organisation
    return kind !== 'patient' && this.attestations.some((item) => item.subject === reader && item.organisation === organisation && timeMs < item.until)
  }

  inForce(ask: Ask, patient: string, timeMs: number, standMs = timeMs): ModelRule[] {
    return [...this.rules.values()].filter(({ patient: whose, terms }) =>
      whose === patient && terms.from <= timeMs && (terms.until === null || timeMs < terms.until) &&
      (terms.purposes.length === 0 || terms.purposes.includes(ask.purpose)) && terms.actions.some((action) => action === ask.action) && this.isGrantee(terms.grantee, ask, patient, standMs))
  }

  isGrantee(grantee: Grantee, ask: Ask, patient: string, timeMs: number): boolean {
    if (grantee.kind === 'person') return grantee.did === ask.reader
    if (!this.belongs(ask, timeMs)) return false
    if (grantee.kind === 'organisation') return grantee.did === ask.organisation
    if (grantee.kind === 'anyone-treating') return this.treats(patient, ask.organisation, timeMs)
    if (grantee.kind === 'anyone') return true
    if (grantee.organisation !== undefined && grantee.organisation !== ask.organisation) return false
    return this.attestations.some((item) => item.subject === ask.reader && item.organisation === ask.organisation && item.role === grantee.role && timeMs < item.until)
  }

  /** Takes in one transaction that took effect; `before` sees each message before it counts. */
  apply(tx: DecodedTx, result: TxResult, timeMs: number, before: (message: Message) => void): void {
    tx.body.messages.forEach((message, at) => {
      before(message)
      this.#applyMessage(tx, message, at, timeMs)
    })
    this.#applyEvents(result)
  }

  #applyMessage(tx: DecodedTx, message: Message, at: number, timeMs: number): void {
    const { signer } = tx.body
    const created = toHex(derivedId(tx.id, at))
    switch (message.type) {
      case 'identity.register': {
        this.kinds.set(message.did, { kind: message.kind, controller: signer, suspended: false })
        if (message.handle === null) return
        this.owners.set(toHex(message.handle), message.did)
        this.treatments.set(`${toHex(message.handle)}/${signer}`, { until: timeMs + YEAR_MS, contested: false })
        return this.#listed(toHex(message.handle))
      }
      case 'identity.attest': {
        const organisation = this.kinds.get(message.subject)?.controller ?? message.subject
        this.attestations = [...this.attestations, { id: created, subject: message.subject, organisation, role: message.role, until: message.until }]
        return
      }
      case 'identity.revokeAttestation':
        for (const { id, subject } of this.attestations) if (id === toHex(message.attestation)) this.dismissed.add(subject)
        this.attestations = this.attestations.filter(({ id }) => id !== toHex(message.attestation))
        return
      case 'identity.delegate':
        this.delegations.set(`${signer}/${message.to}`, { purposes: message.purposes, until: message.until })
        return
      case 'identity.revokeDelegation':
        this.delegations.delete(`${signer}/${message.to}`)
        return
      case 'consent.grant':
        return this.#rule(created, toHex(message.patient), message.terms)
      case 'consent.modify':
        return this.#rule(toHex(message.rule), toHex(message.patient), message.terms)
      case 'consent.revoke':
        this.rules.delete(toHex(message.rule))
        return this.#listed(toHex(message.patient))
      case 'consent.request':
        this.requests.set(created, { patient: toHex(message.patient), organisation: signer, message })
        return this.#listed(toHex(message.patient))
      case 'consent.approve':
        this.requests.delete(toHex(message.request))
        this.#listed(toHex(message.patient))
        return this.#rule(created, toHex(message.patient), message.terms)
      case 'consent.deny':
        this.requests.delete(toHex(message.request))
        return this.#listed(toHex(message.patient))
      case 'consent.registerTreatment': {
        const key = `${toHex(message.patient)}/${signer}`
        const before = this.treatments.get(key)
        if (before !== undefined && !before.contested && before.until >= message.until) return
        this.treatments.set(key, { until: message.until, contested: false })
        return this.#listed(toHex(message.patient))
      }
      case 'consent.contestTreatment': {
        const key = `${toHex(message.patient)}/${message.organisation}`
        this.treatments.set(key, { until: this.treatments.get(key)?.until ?? 0, contested: true })
        return this.#listed(toHex(message.patient))
      }
      case 'records.put':
        for (const entry of message.entries) this.#put(signer, message.recorder, entry)
        return
      case 'records.label': {
        const record = toHex(message.record)
        const patient = message.subject === undefined ? (this.records.get(record)?.at(-1)?.subjects[0] as string) : toHex(message.subject)
        const side = this.owners.get(patient) === signer ? this.own : this.given
        const key = `${record}/${patient}`
        const before = [...(side.get(key) ?? [])]
        const named = message.labels.map(toHex)
        const after = new Set(message.change === 'add' ? [...before, ...named] : message.change === 'remove' ? before.filter((label) => !named.includes(label)) : named)
        if (before.length === after.size && before.every((label) => after.has(label))) return
        side.set(key, after)
        return this.#listed(patient)
      }
      case 'access.refuse':
        for (const { patient, reader, count } of message.refusals) {
          const key = `${toHex(patient)}/${reader ?? ''}`
          this.refused.set(key, (this.refused.get(key) ?? 0) + count)
          this.#listed(toHex(patient))
        }
        return
      case 'access.report':
        for (const { patient, access } of message.reports) {
          this.reported.add(toHex(access))
          this.#listed(toHex(patient))
        }
        return
      case 'custody.commitLog':
        this.logs.set(signer, [...(this.logs.get(signer) ?? []), { size: message.size, root: toHex(message.root) }])
        return
      default:
        return
    }
  }

  #applyEvents({ events }: TxResult): void {
    for (const { type, attributes } of events) {
      if (!type.startsWith('access.')) continue
      const id = attributes['access'] instanceof Uint8Array ? toHex(attributes['access']) : ''
      const known = this.accesses.get(id)
      if (type === 'access.opened') {
        const patient = toHex(attributes['handle'] as Uint8Array)
        const { reader, organisation, purpose, action, untilMs } = attributes as unknown as Omit<ModelAccess, 'id' | 'patient' | 'open'>
        this.accesses.set(id, { id, patient, reader, organisation, purpose, action, untilMs, open: true })
        this.#listed(patient)
      } else if (type === 'access.closed' && known !== undefined) {
        this.accesses.set(id, { ...known, open: false })
        this.#listed(known.patient)
      } else if (type === 'access.shortened' && known !== undefined) {
        this.accesses.set(id, { ...known, untilMs: attributes['untilMs'] as number })
      }
    }
  }

  #put(author: Did, recorder: Did, entry: Extract<Message, { type: 'records.put' }>['entries'][number]): void {
    const record = toHex(entry.record)
    const tags = [{ category: entry.category, labels: entry.labels }, ...(entry.furtherTags ?? [])]
    const subjects = entry.subjects.map(toHex)
    const version: ModelVersion = {
      record, version: entry.version, author, recorder, flags: entry.flags, subjects, categories: tags.map(({ category }) => toHex(category)), ciphertext: toHex(entry.ciphertext), height: this.height,
    }
    this.records.set(record, [...(this.records.get(record) ?? []), version])
    for (const [at, patient] of subjects.entries()) {
      this.authors.add(`${patient}/${author}`)
      const key = `${record}/${patient}`
      this.given.set(key, new Set([...(this.given.get(key) ?? []), ...(tags[at]?.labels ?? []).map(toHex)]))
    }
  }

  #rule(id: string, patient: string, terms: RuleTerms): void {
    this.rules.set(id, { id, patient, terms })
    this.#listed(patient)
  }

  #listed(patient: string): void {
    this.entries.set(patient, (this.entries.get(patient) ?? 0) + 1)
  }
}
