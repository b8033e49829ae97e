import { compareBytes, encodeCanonical, leafHash, toHex, type Handle, type Message, type ObjectId, type RecordId, type Tag } from '@chiron/protocol'
import { extendFrontier, frontierRoot, type LogFrontier, type Random } from '@chiron/vault'
import type { Waiting } from './waiting.ts'

/** One item that was shown to a reader. */
export interface Display {
  readonly patient: Handle
  readonly access: ObjectId
  readonly category: Tag
  readonly record: RecordId
  readonly version: number
  readonly atMs: number
}

/** Salted detail of a display: a leaf under the root that goes to the ledger. Only patient and reader can open it. */
export interface DisplayDetail {
  readonly root: Uint8Array
  readonly patient: Handle
  readonly access: ObjectId
  readonly leaves: readonly Uint8Array[]
}

/** One access's displays: what goes to the ledger, and the details to keep. */
export interface DisplayReport {
  readonly report: Extract<Message, { type: 'access.report' }>['reports'][number]
  readonly detail: DisplayDetail
}

interface Group {
  readonly patient: Handle
  readonly access: ObjectId
  readonly leaves: Uint8Array[]
  /** Edge of the tree over the leaves: hashed as they come, so that a report of thousands holds nobody up. */
  edge: LogFrontier
  readonly counts: Map<string, { category: Tag; count: number }>
}

const LIMIT = 500
const SALT_BYTES = 16
const SALTS_AT_ONCE = 256

/** Collects what was displayed, to be reported in batches: counts by category and a root over salted details. */
export class DisplayLog {
  #groups = new Map<string, Group>()
  readonly #random: Random
  /** Salts that were drawn together and wait to be used once. */
  #salts: Uint8Array = new Uint8Array()

  constructor(random: Random) {
    this.#random = random
  }

  add(display: Display): void {
    const id = toHex(display.access)
    let group = this.#groups.get(id)
    if (group === undefined) {
      group = { patient: display.patient, access: display.access, leaves: [], edge: { size: 0, hashes: [] }, counts: new Map() }
      this.#groups.set(id, group)
    }
    append(group, encodeCanonical([this.#salt(), display.record, display.version, display.atMs]))
    const tag = toHex(display.category)
    const known = group.counts.get(tag)
    if (known === undefined) group.counts.set(tag, { category: display.category, count: 1 })
    else known.count += 1
  }

  #salt(): Uint8Array {
    if (this.#salts.length === 0) this.#salts = this.#random(SALT_BYTES * SALTS_AT_ONCE)
    const salt = this.#salts.subarray(0, SALT_BYTES)
    this.#salts = this.#salts.subarray(SALT_BYTES)
    return salt
  }

  get size(): number {
    return this.#groups.size
  }

  /** Takes up to 500 accesses' displays; none when there are none. */
  take(): readonly Waiting<DisplayReport>[] {
    const taken = [...this.#groups.entries()].slice(0, LIMIT)
    return taken.map(([id, group]) => {
      this.#groups.delete(id)
      const { patient, access, leaves, edge } = group
      const root = frontierRoot(edge)
      const counts = [...group.counts.values()].sort((a, b) => compareBytes(a.category, b.category))
      return { entry: { report: { patient, access, counts, root }, detail: { root, patient, access, leaves } }, restore: () => this.#restore(id, group) }
    })
  }

  #restore(id: string, group: Group): void {
    const since = this.#groups.get(id)
    if (since === undefined) {
      this.#groups.set(id, group)
      return
    }
    for (const leaf of group.leaves) append(since, leaf)
    for (const [tag, { category, count }] of group.counts) {
      const known = since.counts.get(tag)
      if (known === undefined) since.counts.set(tag, { category, count })
      else known.count += count
    }
  }
}

function append(group: Group, leaf: Uint8Array): void {
  group.leaves.push(leaf)
  group.edge = extendFrontier(group.edge, leafHash(leaf))
}
