import { derivedId, toHex, type DecodedTx, type Did, type Message, type ObjectId, type RecordDates, type RuleTerms } from '@chiron/protocol'
import type { TxResult } from '@chiron/ledger'
import { ModelConsent, type About } from './model-consent.ts'

/** A patient's rule. */
export interface ModelRule {
  readonly id: string
  readonly key: ObjectId
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
  /** Shifted days, of each subject. */
  readonly dates: readonly (RecordDates | undefined)[]
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
/** A declared emergency, of which nothing is forgotten. */
export interface ModelEmergency {
  readonly id: string
  readonly key: ObjectId
  readonly patient: string
  readonly reader: Did
  readonly organisation: Did
  readonly declaredMs: number
  readonly confirmByMs: number
  readonly endMs: number
  readonly confirmer: Did | null
  readonly endedMs: number | null
  readonly reviewer: Did | null
}
interface Endorsement {
  readonly patient: string
  readonly reader: Did
  readonly organisation: Did
  readonly purpose: string
  readonly endorser: Did
  readonly fromMs: number
  readonly untilMs: number
}
/** The key of an identity that is valid now: `number` as in `k2`. */
export interface ModelKey {
  readonly number: number
  readonly signing: Uint8Array
  readonly agreement: Uint8Array
}
export interface Ask {
  readonly reader: Did
  readonly organisation: Did
  readonly purpose: string
  readonly action: string
}

const YEAR_MS = 365 * 86_400_000

/**
 * The ledger as this checker understands it, from the transactions that took effect: plain maps that share nothing with the
 * contracts but the messages' shapes.
 */
export class Model {
  readonly consent = new ModelConsent(this)
  /** Changes with everything that is taken in. */
  stamp = 0
  /** How long an emergency lasts unconfirmed, and at most. */
  emergencyMs: readonly [confirm: number, end: number] = [900_000, 86_400_000]
  height = 0
  timeMs = 0
  members = new Set<Did>()
  kinds = new Map<Did, { readonly kind: string; readonly controller: Did | null; readonly suspended: boolean }>()
  owners = new Map<string, Did>()
  keys = new Map<Did, ModelKey>()
  /** Block time at which custody ended, of patients who have claimed. */
  claimed = new Map<Did, number>()
  offers = new Map<Did, { readonly claimKey: Uint8Array; readonly untilMs: number }>()
  jurisdictions = new Map<Did, string>()
  /** `organisation/hash` of terms of use that were accepted. */
  terms = new Set<string>()
  emergencies = new Map<string, ModelEmergency>()
  endorsements = new Map<string, Endorsement>()
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
    const copy = new Model()
    for (const [name, value] of Object.entries(this)) {
      if (name === 'consent') continue
      ;(copy as unknown as Record<string, unknown>)[name] = value instanceof Map ? new Map(value) : value instanceof Set ? new Set(value) : value
    }
    return copy
  }

  permits(ask: Ask, record: string, timeMs: number): boolean {
    return this.consent.permits(ask, record, timeMs)
  }

  labelsOf(record: string, patient: string): ReadonlySet<string> {
    const key = `${record}/${patient}`
    return new Set([...(this.given.get(key) ?? []), ...(this.own.get(key) ?? [])])
  }

  permitsSubject(ask: Ask, patient: string, about: About, timeMs: number): boolean {
    return this.consent.permitsSubject(ask, patient, about, timeMs)
  }

  permitsOpening(ask: Ask, patient: string, timeMs: number, standMs = timeMs): boolean {
    return this.consent.permitsOpening(ask, patient, timeMs, standMs)
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

  /** Whether the patient holds the keys. */
  isSelfHeld(did: Did): boolean {
    const known = this.kinds.get(did)
    return known?.kind === 'patient' && known.controller === null
  }

  handlesOf(did: Did): string[] {
    return [...this.owners].filter(([, owner]) => owner === did).map(([handle]) => handle)
  }

  /** Whether the emergency lasts. */
  isLive({ endedMs, confirmer, confirmByMs, endMs }: ModelEmergency, timeMs: number): boolean {
    return endedMs === null && timeMs < (confirmer === null ? confirmByMs : endMs)
  }

  hasRole(did: Did, organisation: Did, roles: readonly string[], timeMs: number): boolean {
    return this.attestations.some((item) => item.subject === did && item.organisation === organisation && roles.includes(item.role) && timeMs < item.until)
  }

  /** Takes in one transaction that took effect; `before` sees each message before it counts. */
  apply(tx: DecodedTx, result: TxResult, timeMs: number, before: (message: Message) => void): void {
    tx.body.messages.forEach((message, at) => {
      before(message)
      this.#applyMessage(tx, message, at, timeMs)
      this.stamp++
    })
    this.#applyEvents(result)
    this.stamp++
  }

  #applyMessage(tx: DecodedTx, message: Message, at: number, timeMs: number): void {
    const { signer } = tx.body
    const created = toHex(derivedId(tx.id, at))
    switch (message.type) {
      case 'identity.register': {
        this.kinds.set(message.did, { kind: message.kind, controller: signer, suspended: false })
        this.keys.set(message.did, { number: 1, signing: message.signingKey, agreement: message.agreementKey })
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
      case 'identity.rotateKey':
        return this.#nextKey(message)
      case 'identity.offerClaim':
        this.offers.set(message.did, { claimKey: message.claimKey, untilMs: message.until })
        return this.handlesOf(message.did).forEach((handle) => this.#listed(handle))
      case 'identity.withdrawClaim':
        this.offers.delete(message.did)
        return
      case 'identity.claim': {
        const known = this.kinds.get(message.did)
        if (known !== undefined) this.kinds.set(message.did, { ...known, controller: null })
        this.claimed.set(message.did, timeMs)
        this.offers.delete(message.did)
        this.#nextKey(message)
        for (const key of [...this.delegations.keys()]) if (key.startsWith(`${message.did}/`)) this.delegations.delete(key)
        return this.handlesOf(message.did).forEach((handle) => this.#listed(handle))
      }
      case 'consent.acceptTerms':
        this.terms.add(`${signer}/${toHex(message.hash)}`)
        return
      case 'access.breakGlass':
        return this.#emergency(message, signer, derivedId(tx.id, at), timeMs)
      case 'access.confirmEmergency':
        return this.#changeEmergency(message.emergency, { confirmer: message.confirmer })
      case 'access.reviewEmergency':
        return this.#changeEmergency(message.emergency, { reviewer: message.reviewer, ...(message.outcome === 'unjustified' ? { endedMs: timeMs } : {}) })
      case 'access.contestEmergency':
        return this.#changeEmergency(message.emergency, { reviewer: null, endedMs: timeMs })
      case 'access.endorse': {
        const { reader, purpose, endorser, until } = message
        const patient = toHex(message.patient)
        this.endorsements.set(`${patient}/${reader}/${signer}/${purpose}`, { patient, reader, organisation: signer, purpose, endorser, fromMs: timeMs, untilMs: until })
        return this.#listed(patient)
      }
      case 'consent.grant':
        return this.#rule(derivedId(tx.id, at), toHex(message.patient), message.terms)
      case 'consent.modify':
        return this.#rule(message.rule, toHex(message.patient), message.terms)
      case 'consent.revoke':
        this.rules.delete(toHex(message.rule))
        return this.#listed(toHex(message.patient))
      case 'consent.request':
        this.requests.set(created, { patient: toHex(message.patient), organisation: signer, message })
        return this.#listed(toHex(message.patient))
      case 'consent.approve':
        this.requests.delete(toHex(message.request))
        this.#listed(toHex(message.patient))
        return this.#rule(derivedId(tx.id, at), toHex(message.patient), message.terms)
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
      } else if ((type === 'access.shortened' || type === 'access.extended') && known !== undefined) {
        this.accesses.set(id, { ...known, untilMs: attributes['untilMs'] as number })
      }
    }
  }

  #put(author: Did, recorder: Did, entry: Extract<Message, { type: 'records.put' }>['entries'][number]): void {
    const record = toHex(entry.record)
    const tags = [entry, ...(entry.furtherTags ?? [])]
    const subjects = entry.subjects.map(toHex)
    const version: ModelVersion = {
      record, version: entry.version, author, recorder, flags: entry.flags, subjects, categories: tags.map(({ category }) => toHex(category)), dates: tags.map(({ dates }) => dates), ciphertext: toHex(entry.ciphertext), height: this.height,
    }
    this.records.set(record, [...(this.records.get(record) ?? []), version])
    for (const [at, patient] of subjects.entries()) {
      this.authors.add(`${patient}/${author}`)
      const key = `${record}/${patient}`
      this.given.set(key, new Set([...(this.given.get(key) ?? []), ...(tags[at]?.labels ?? []).map(toHex)]))
    }
  }

  #rule(key: ObjectId, patient: string, terms: RuleTerms): void {
    const id = toHex(key)
    this.rules.set(id, { id, key, patient, terms })
    this.#listed(patient)
  }

  #nextKey({ did, signingKey, agreementKey }: { readonly did: Did; readonly signingKey: Uint8Array; readonly agreementKey: Uint8Array }): void {
    this.keys.set(did, { number: (this.keys.get(did)?.number ?? 0) + 1, signing: signingKey, agreement: agreementKey })
  }

  /** While one of the reader's lasts, a further declaration adds none. */
  #emergency(message: Extract<Message, { type: 'access.breakGlass' }>, organisation: Did, key: ObjectId, timeMs: number): void {
    const patient = toHex(message.patient)
    const { reader } = message
    if ([...this.emergencies.values()].some((item) => item.patient === patient && item.reader === reader && item.organisation === organisation && this.isLive(item, timeMs))) return
    const [confirmMs, longestMs] = this.emergencyMs
    const endMs = timeMs + longestMs
    const id = toHex(key)
    this.emergencies.set(id, { id, key, patient, reader, organisation, declaredMs: timeMs, confirmByMs: Math.min(timeMs + confirmMs, endMs), endMs, confirmer: null, endedMs: null, reviewer: null })
    this.#listed(patient)
  }

  /** One that is over stays over. */
  #changeEmergency(key: ObjectId, change: Partial<ModelEmergency>): void {
    const known = this.emergencies.get(toHex(key))
    if (known === undefined) return
    this.emergencies.set(known.id, { ...known, ...change, endedMs: known.endedMs ?? change.endedMs ?? null })
    this.#listed(known.patient)
  }

  #listed(patient: string): void {
    this.entries.set(patient, (this.entries.get(patient) ?? 0) + 1)
  }
}
