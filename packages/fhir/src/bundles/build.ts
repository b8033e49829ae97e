import type { Bundle, BundleEntry, BundleLink, OperationOutcome, Resource } from '@medplum/fhirtypes'

export interface SearchsetItem {
  readonly mode: 'match' | 'include' | 'outcome'
  readonly fullUrl?: string
  readonly resource: Resource
}

/** Full URLs of the pages of a result. */
export interface PageLinks {
  readonly self: string
  readonly next?: string
  readonly previous?: string
  readonly first?: string
}

/** A searchset Bundle. `total` counts matches over all pages, includes not; leave it out unless it was computed on visible rows. */
export function searchsetBundle(items: readonly SearchsetItem[], links: PageLinks, total?: number): Bundle {
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    ...(total === undefined ? {} : { total }),
    link: linksOf(links),
    ...(items.length === 0
      ? {}
      : {
          entry: items.map((item) => ({
            ...(item.fullUrl === undefined ? {} : { fullUrl: item.fullUrl }),
            resource: item.resource,
            search: { mode: item.mode },
          })),
        }),
  }
}

/** An entry whose resource is JSON already. */
export interface SearchsetText extends Omit<SearchsetItem, 'resource'> {
  readonly text: string
}

/** As {@link searchsetBundle}, as JSON, without parsing the resources and writing them again. */
export function searchsetText(items: readonly SearchsetText[], links: PageLinks, total?: number): string {
  const head = JSON.stringify(searchsetBundle([], links, total))
  if (items.length === 0) return head
  const entries = items.map(({ fullUrl, text, mode }) => `{${fullUrl === undefined ? '' : `"fullUrl":${JSON.stringify(fullUrl)},`}"resource":${text},"search":{"mode":"${mode}"}}`)
  return `${head.slice(0, -1)},"entry":[${entries.join(',')}]}`
}

/** A version in a history, newest first. A deletion has no resource. `etag` is the bare version id. */
export interface HistoryItem {
  readonly fullUrl: string
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `Type` for a creation, else `Type/id`. */
  readonly url: string
  readonly version: string
  /** FHIR instant. */
  readonly lastModified: string
  readonly resource?: Resource
}

const STATUS = { POST: '201', PUT: '200', PATCH: '200', DELETE: '204' } as const

/** A history Bundle. */
export function historyBundle(items: readonly HistoryItem[], links: PageLinks, total?: number): Bundle {
  return {
    resourceType: 'Bundle',
    type: 'history',
    ...(total === undefined ? {} : { total }),
    link: linksOf(links),
    ...(items.length === 0 ? {} : { entry: items.map(historyEntry) }),
  }
}

function historyEntry(item: HistoryItem): BundleEntry {
  return {
    fullUrl: item.fullUrl,
    ...(item.resource === undefined ? {} : { resource: item.resource }),
    request: { method: item.method, url: item.url },
    response: { status: STATUS[item.method], etag: formatEtag(item.version), lastModified: item.lastModified },
  }
}

function linksOf(links: PageLinks): BundleLink[] {
  const relations = ['self', 'first', 'previous', 'next'] as const
  return relations.flatMap((relation) => (links[relation] === undefined ? [] : [{ relation, url: links[relation] }]))
}

/** The outcome of one entry of a batch or transaction. `status` is the HTTP status. */
export interface ResponseItem {
  readonly status: number
  readonly fullUrl?: string
  readonly location?: string
  readonly version?: string
  readonly lastModified?: string
  readonly resource?: Resource
  readonly outcome?: OperationOutcome
}

/** One response entry. */
export function responseEntry(item: ResponseItem): BundleEntry {
  return {
    ...(item.fullUrl === undefined ? {} : { fullUrl: item.fullUrl }),
    ...(item.resource === undefined ? {} : { resource: item.resource }),
    response: {
      status: String(item.status),
      ...(item.location === undefined ? {} : { location: item.location }),
      ...(item.version === undefined ? {} : { etag: formatEtag(item.version) }),
      ...(item.lastModified === undefined ? {} : { lastModified: item.lastModified }),
      ...(item.outcome === undefined ? {} : { outcome: item.outcome }),
    },
  }
}

/** Answers of a batch, in the order of its entries. */
export function batchResponse(items: readonly ResponseItem[]): Bundle {
  return { resourceType: 'Bundle', type: 'batch-response', entry: items.map(responseEntry) }
}

/** Answers of a transaction, in the order of its entries. */
export function transactionResponse(items: readonly ResponseItem[]): Bundle {
  return { resourceType: 'Bundle', type: 'transaction-response', entry: items.map(responseEntry) }
}

function formatEtag(version: string): string {
  return `W/"${version}"`
}
