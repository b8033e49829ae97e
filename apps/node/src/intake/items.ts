import type { Bundle, BundleEntry } from '@medplum/fhirtypes'
import { mapReferences } from '@chiron/fhir'
import { records } from '@chiron/ledger'
import type { Gateway } from '../gateway/gateway.ts'
import type { Reader } from '../gateway/reader.ts'
import type { ImportItem, JsonObject, RefusedEntry } from './document.ts'
import { isRefusal, reasonFor } from './reasons.ts'

/** Resources that share one ledger transaction. */
const GROUP = 500
/** Entries with conditions of their own, each in a transaction of its own, that are under way at once. */
const AT_ONCE = 32

/** What came of the items of a document. */
export interface ItemsOutcome {
  /** Resources written; those that were here already in the same words are not among them. */
  readonly written: number
  readonly refused: readonly RefusedEntry[]
  /** Canonical ids of the document's patients. */
  readonly patients: readonly string[]
}

interface Prepared extends ImportItem {
  /** Id under which a `create` is written. */
  readonly id: string
}

/**
 * Imports resources that stand alone, in transactions of up to 500, patients first. A transaction that is refused is
 * halved until the resources at fault stand alone: those are reported, all others are written.
 */
export class ItemsImport {
  readonly #gateway: Gateway
  readonly #reader: Reader
  readonly #hash: string
  readonly #onDone: (count: number) => void
  readonly #refused: RefusedEntry[] = []
  readonly #patients = new Set<string>()
  readonly #created = new Set<string>()
  #written = 0

  constructor(options: { hash: string }, dependencies: { gateway: Gateway; reader: Reader; onDone: (count: number) => void }) {
    this.#hash = options.hash
    this.#gateway = dependencies.gateway
    this.#reader = dependencies.reader
    this.#onDone = dependencies.onDone
  }

  /** @throws what is no refusal: the disk, the ledger, a bug. What was written until then is skipped when it is repeated. */
  async run(items: readonly ImportItem[]): Promise<ItemsOutcome> {
    const prepared = this.#prepare(items)
    const missing = prepared.filter((item) => item.write.kind === 'put' || !this.#isKnown(item))
    this.#onDone(prepared.length - missing.length)
    await this.#runSingly(missing.filter(({ write }) => write.kind === 'request'))
    const grouped = missing.filter(({ write }) => write.kind !== 'request')
    const patientsFirst = [...grouped.filter(({ type }) => type === 'Patient'), ...grouped.filter(({ type }) => type !== 'Patient')]
    for (const group of groupsOf(patientsFirst)) {
      await this.#runGroup(group)
      this.#onDone(group.length)
    }
    return { written: this.#written, refused: this.#refused, patients: [...this.#patients] }
  }

  /** Gives ids to what has none, and turns references to an entry's full URL into references to its id. */
  #prepare(items: readonly ImportItem[]): Prepared[] {
    const prepared = items.map((item): Prepared => ({ ...item, id: this.#gateway.services.ids.imported(this.#hash, `${item.type}/${item.index}`) }))
    const byUrl = new Map<string, string>()
    for (const { type, id, write, fullUrl } of prepared) {
      if (write.kind === 'create') this.#created.add(`${type}/${id}`)
      if (fullUrl !== undefined && write.kind !== 'request') byUrl.set(fullUrl, `${type}/${write.kind === 'put' ? write.id : id}`)
    }
    return prepared.map((item) => ({ ...item, resource: mapReferences(item.resource, ({ text }) => byUrl.get(text.split('/_history/')[0] ?? '')) }))
  }

  /** Whether an earlier import of this document wrote the entry. */
  #isKnown({ type, id }: Prepared): boolean {
    const { engine, vocabulary } = this.#gateway.services
    const known = records.recordHead(engine.state, vocabulary.record(type, id)) !== undefined
    if (known && type === 'Patient') this.#patients.add(id)
    return known
  }

  async #runSingly(items: readonly Prepared[]): Promise<void> {
    for (let from = 0; from < items.length; from += AT_ONCE) {
      const slice = items.slice(from, from + AT_ONCE)
      await Promise.all(slice.map((item) => this.#runGroup([item])))
      this.#onDone(slice.length)
    }
  }

  async #runGroup(group: readonly Prepared[]): Promise<void> {
    try {
      await this.#write(group)
    } catch (error) {
      const [only, ...more] = group
      if (only === undefined || !isRefusal(error)) throw error
      if (more.length === 0) {
        this.#refused.push({ index: only.index, type: only.type, reason: (reasonFor(error) ?? '').replaceAll('Bundle.entry[0].resource', only.type).replaceAll('Bundle.entry[0]', 'its entry') })
        return
      }
      const half = Math.ceil(group.length / 2)
      await this.#runGroup(group.slice(0, half))
      await this.#runGroup(group.slice(half))
    }
  }

  async #write(group: readonly Prepared[]): Promise<void> {
    const { ids } = this.#gateway.services
    const body = { resourceType: 'Bundle', type: 'transaction', entry: group.map((item) => ({ resource: item.resource, request: requestOf(item) })) }
    const response = await this.#gateway.handle(this.#reader, { method: 'POST', path: [], query: [], body }, {
      newId: (_type, entry) => (group[entry.index] as Prepared).id,
      forward: (type, id) => (this.#created.has(`${type}/${id}`) ? id : ids.chosen(type, id)),
      keepUnchanged: true,
    })
    const answers = (response.resource as Bundle).entry ?? []
    for (const [index, item] of group.entries()) this.#note(item, answers[index])
  }

  #note(item: Prepared, answer: BundleEntry | undefined): void {
    const status = answer?.response?.status
    if (status === '201' || (status === '200' && item.write.kind === 'put')) this.#written += 1
    if (item.type !== 'Patient') return
    const { ids } = this.#gateway.services
    const local = item.write.kind === 'put' ? item.write.id : answer?.response?.location?.split('/')[1]
    this.#patients.add(item.write.kind === 'create' ? item.id : ids.canonical('Patient', local ?? item.id))
  }
}

function requestOf({ type, write }: Prepared): JsonObject {
  switch (write.kind) {
    case 'put':
      return { method: 'PUT', url: `${type}/${write.id}`, ...(write.ifMatch === undefined ? {} : { ifMatch: write.ifMatch }) }
    case 'create':
      return { method: 'POST', url: type }
    case 'request':
      return write.request
  }
}

/** Groups in order, none with the same resource twice: a transaction would refuse that. */
function groupsOf(items: readonly Prepared[]): Prepared[][] {
  const groups: Prepared[][] = []
  let named = new Set<string>()
  for (const item of items) {
    const name = `${item.type}/${item.write.kind === 'put' ? item.write.id : item.id}`
    const last = groups.at(-1)
    if (last === undefined || last.length === GROUP || named.has(name)) {
      groups.push([item])
      named = new Set([name])
    } else {
      last.push(item)
      named.add(name)
    }
  }
  return groups
}
