import { createHmac, randomUUID } from 'node:crypto'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const FHIR_ID = /^[A-Za-z0-9\-.]{1,64}$/

/** Whether an id can have been given by a server of the network: those are UUIDs. */
export function isServerId(id: string): boolean {
  return UUID.test(id)
}

export function isFhirId(id: string): boolean {
  return FHIR_ID.test(id)
}

/** Ids that clients of one organisation chose, and the canonical id of each. */
export interface AliasStore {
  /** Local id of a canonical one. */
  localOf(type: string, canonical: string): string | undefined
  /** Whether the canonical id stands for a client-chosen one. */
  has(type: string, canonical: string): boolean
}

/**
 * Ids that a server gives are random UUIDs and global to the network. An id that a client chose counts only within its
 * organisation: its canonical form is a UUID made by HMAC-SHA-256 under the organisation's secret, so that nobody else
 * can compute it, and two organisations' `123` never meet.
 */
export class IdScope {
  readonly #key: Uint8Array
  readonly #aliases: AliasStore

  constructor(options: { key: Uint8Array }, dependencies: { aliases: AliasStore }) {
    this.#key = options.key
    this.#aliases = dependencies.aliases
  }

  /** A new server-given id. */
  next(): string {
    return randomUUID()
  }

  /** The canonical id that a client-chosen id would have. */
  chosen(type: string, local: string): string {
    return this.#uuid(`chosen/${type}/${local}`)
  }

  /** A server-given id that is the same whenever the same entry of the same import is seen again. */
  imported(contentHash: string, entry: string): string {
    return this.#uuid(`import/${contentHash}/${entry}`)
  }

  /** What a client's id means here: a client-chosen one if there is such, else the id itself. */
  canonical(type: string, id: string): string {
    const chosen = this.chosen(type, id)
    if (this.#aliases.has(type, chosen)) return chosen
    return isServerId(id) ? id : chosen
  }

  /** What this organisation's clients call a resource. */
  local(type: string, canonical: string): string {
    return this.#aliases.localOf(type, canonical) ?? canonical
  }

  #uuid(name: string): string {
    const hex = createHmac('sha256', this.#key).update(`chiron/fhir-id/v1/${name}`).digest('hex')
    const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16)
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`
  }
}
