import { createHash } from 'node:crypto'
import { ImportError } from './errors.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** How an entry that stands alone is written. */
export type ItemWrite =
  /** Under the id that the client chose. */
  | { readonly kind: 'put'; readonly id: string; readonly ifMatch?: string }
  /** Under an id that is the same whenever the document is seen again. */
  | { readonly kind: 'create' }
  /** As its request says: conditional creations and updates. */
  | { readonly kind: 'request'; readonly request: JsonObject }

/** One resource of a document whose entries do not depend on each other. */
export interface ImportItem {
  /** From 0, in the document. */
  readonly index: number
  readonly type: string
  readonly fullUrl?: string
  readonly resource: JsonObject
  readonly write: ItemWrite
}

/** An entry that cannot be imported. */
export interface RefusedEntry {
  readonly index: number
  readonly type?: string
  readonly reason: string
}

export type ImportDocument =
  /** All of it or nothing. */
  | { readonly kind: 'transaction'; readonly hash: string; readonly bundle: JsonObject; readonly entries: readonly JsonObject[] }
  | { readonly kind: 'items'; readonly hash: string; readonly items: readonly ImportItem[]; readonly refused: readonly RefusedEntry[] }

/** Entries that one transaction bundle may have: they share one ledger transaction. */
export const MAX_TRANSACTION_ENTRIES = 5_000

const WITHOUT_REQUESTS = new Set(['collection', 'searchset', 'document'])

/**
 * Reads a FHIR Bundle, a single resource, or a JSON array of resources. `hash` is the SHA-256 of the bytes, in
 * hexadecimal.
 * @throws ImportError `ERR_IMPORT_DOCUMENT`, `ERR_IMPORT_TOO_LARGE`
 */
export function readDocument(content: Uint8Array): ImportDocument {
  const hash = createHash('sha256').update(content).digest('hex')
  const document = parseJson(content)
  if (Array.isArray(document)) return itemsOf(hash, document.map((resource: unknown) => ({ resource })), resourceItem)
  if (!isObject(document) || typeof document['resourceType'] !== 'string') throw new ImportError('ERR_IMPORT_DOCUMENT', 'this is no FHIR resource: it has no resourceType')
  if (document['resourceType'] !== 'Bundle') return itemsOf(hash, [{ resource: document }], resourceItem)
  const entries = entriesOf(document)
  const type = document['type']
  if (type === 'transaction') return transactionOf(hash, document, entries)
  if (type === 'batch') return itemsOf(hash, entries, batchItem)
  if (typeof type === 'string' && WITHOUT_REQUESTS.has(type)) return itemsOf(hash, entries.filter(isContent), resourceItem)
  throw new ImportError('ERR_IMPORT_DOCUMENT', 'only bundles of the types transaction, batch, collection, searchset and document can be imported')
}

function transactionOf(hash: string, bundle: JsonObject, entries: readonly unknown[]): ImportDocument {
  if (entries.length > MAX_TRANSACTION_ENTRIES) {
    throw new ImportError(
      'ERR_IMPORT_TOO_LARGE',
      `a transaction bundle may have ${MAX_TRANSACTION_ENTRIES} entries, this one has ${entries.length}: split it, or make it a batch, whose entries are imported in parts`,
    )
  }
  if (!entries.every(isObject)) throw new ImportError('ERR_IMPORT_DOCUMENT', 'an entry of the bundle is no object')
  return { kind: 'transaction', hash, bundle, entries }
}

type ReadItem = (entry: JsonObject, resource: JsonObject, type: string) => ItemWrite | string

function itemsOf(hash: string, entries: readonly unknown[], read: ReadItem): ImportDocument {
  const items: ImportItem[] = []
  const refused: RefusedEntry[] = []
  for (const [index, entry] of entries.entries()) {
    const resource = isObject(entry) ? entry['resource'] : undefined
    const type = isObject(resource) ? resource['resourceType'] : undefined
    if (!isObject(entry) || !isObject(resource) || typeof type !== 'string') {
      refused.push({ index, reason: 'it holds no FHIR resource' })
      continue
    }
    const write = type === 'Bundle' ? 'a bundle within a document: import it by itself' : read(entry, resource, type)
    const { fullUrl } = entry
    if (typeof write === 'string') refused.push({ index, type, reason: write })
    else items.push({ index, type, resource, write, ...(typeof fullUrl === 'string' ? { fullUrl } : {}) })
  }
  return { kind: 'items', hash, items, refused }
}

const resourceItem: ReadItem = (_entry, { id }) => (typeof id === 'string' ? { kind: 'put', id } : { kind: 'create' })

const batchItem: ReadItem = ({ request }, { id }, type) => {
  const { method, url, ifMatch, ifNoneExist } = isObject(request) ? request : {}
  if (!isObject(request) || typeof url !== 'string') return 'it has no request'
  if (method === 'POST' && url === type) return ifNoneExist === undefined ? { kind: 'create' } : { kind: 'request', request }
  if (method === 'PUT' && typeof id === 'string' && url === `${type}/${id}`) return { kind: 'put', id, ...(typeof ifMatch === 'string' ? { ifMatch } : {}) }
  if (method === 'PUT' && url.startsWith(`${type}?`)) return { kind: 'request', request }
  return 'an import only creates (POST) and updates (PUT) resources, at an address that fits the resource'
}

/** A search result may hold a word about the search itself. */
function isContent(entry: unknown): boolean {
  const mode = isObject(entry) && isObject(entry['search']) ? entry['search']['mode'] : undefined
  return mode !== 'outcome'
}

function entriesOf(bundle: JsonObject): readonly unknown[] {
  const entries = bundle['entry'] ?? []
  if (!Array.isArray(entries)) throw new ImportError('ERR_IMPORT_DOCUMENT', 'the entries of the bundle are no list')
  return entries
}

function parseJson(content: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content))
  } catch (cause) {
    throw new ImportError('ERR_IMPORT_DOCUMENT', 'the document is not JSON in UTF-8', { cause })
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
