import type { Did, ObjectId, Tag } from '@chiron/protocol'

/** What a rule of the model says: reading for treatment, of everything or of some categories, by a person or an organisation. */
export interface ModelRule {
  readonly id: ObjectId
  readonly patient: string
  effect: 'permit' | 'deny'
  grantee: Did
  categories: readonly Tag[]
  from: number
  until: number
  ended: boolean
}

export interface ModelRecord {
  readonly patient: string
  readonly name: string
  category: Tag
  author: Did
  version: number
}

export interface ModelAccess {
  readonly id: ObjectId
  readonly patient: string
  readonly reader: Did
  readonly organisation: Did
  until: number
  open: boolean
}

export interface ModelRequest {
  readonly id: ObjectId
  readonly patient: string
  readonly organisation: Did
  readonly categories: readonly Tag[]
  readonly forMs: number
  readonly askedMs: number
  pending: boolean
}

interface Treatment {
  until: number
  contestedMs: number | null
}

const HOUR_MS = 3_600_000

/** The contracts as a patient understands them: sets of rules, and who may see what. Knows nothing of keys, tiers or encodings. */
export class ConsentModel {
  timeMs: number
  readonly patients = new Map<string, Did>()
  readonly rules: ModelRule[] = []
  readonly records: ModelRecord[] = []
  readonly accesses: ModelAccess[] = []
  readonly requests: ModelRequest[] = []
  readonly treatments = new Map<string, Treatment>()
  readonly invitations: { patient: string; organisation: Did; madeMs: number; rule: ModelRule }[] = []

  constructor(timeMs: number) {
    this.timeMs = timeMs
  }

  inForce(patient: string, effect: 'permit' | 'deny', grantees: readonly Did[], at = this.timeMs): ModelRule[] {
    return this.rules.filter((r) => r.patient === patient && r.effect === effect && !r.ended && r.from <= at && at < r.until && grantees.includes(r.grantee))
  }

  isTreating(patient: string, organisation: Did): boolean {
    const found = this.treatments.get(`${patient} ${organisation}`)
    return found !== undefined && found.contestedMs === null && this.timeMs < found.until
  }

  /** Whether the reader may see a record now. A denial of the person reaches what the organisation wrote; one of the organisation does not. */
  mayRead(record: ModelRecord, reader: Did, organisation: Did): boolean {
    const about = (r: ModelRule): boolean => r.categories.length === 0 || r.categories.includes(record.category)
    const denials = this.inForce(record.patient, 'deny', [reader, organisation]).filter(about)
    const personal = denials.some((r) => r.grantee === reader && reader !== organisation)
    if (record.author === organisation && !personal) return true
    if (denials.length > 0) return false
    return this.inForce(record.patient, 'permit', [reader, organisation]).some(about)
  }

  /** Whether anything may be opened now, and until when that is sure. */
  mayOpen(patient: string, reader: Did, organisation: Did): { readonly until: number } | null {
    const total = this.inForce(patient, 'deny', [reader, organisation]).filter((r) => r.categories.length === 0)
    const next = Math.min(...this.rules.filter((r) => r.patient === patient && r.effect === 'deny' && !r.ended && r.from > this.timeMs).map((r) => r.from), Infinity)
    const isAuthor = this.hasAuthored(patient, organisation)
    if (isAuthor && !total.some((r) => r.grantee === reader && reader !== organisation)) return { until: next }
    if (total.length > 0) return null
    const permits = this.inForce(patient, 'permit', [reader, organisation])
    return permits.length === 0 ? null : { until: Math.min(Math.max(...permits.map((r) => r.until)), next) }
  }

  /** An organisation that once wrote stays an author, also when another continues the record. */
  readonly authors = new Set<string>()
  hasAuthored(patient: string, organisation: Did): boolean {
    return this.authors.has(`${patient} ${organisation}`)
  }

  findOpen(patient: string, reader: Did, organisation: Did): ModelAccess | undefined {
    return this.accesses.find((a) => a.patient === patient && a.reader === reader && a.organisation === organisation && a.open && this.timeMs < a.until)
  }

  open(id: ObjectId, patient: string, reader: Did, organisation: Did, until: number): void {
    for (const a of this.accesses) if (a.patient === patient && a.reader === reader && a.organisation === organisation) a.open = false
    this.accesses.push({ id, patient, reader, organisation, until: Math.min(this.timeMs + 12 * HOUR_MS, until), open: true })
  }

  /** After a change of consent: what lost its basis ends. */
  review(patient: string): void {
    for (const a of this.accesses.filter((x) => x.patient === patient && x.open)) {
      const basis = this.mayOpen(patient, a.reader, a.organisation)
      if (this.timeMs >= a.until || basis === null) a.open = false
      else a.until = Math.min(a.until, basis.until)
    }
  }
}
