import { createHmac, createSecretKey, randomUUID, type KeyObject } from 'node:crypto'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const FHIR_ID = /^[A-Za-z0-9\-.]{1,64}$/

/** Whether an id can have been given by a server of the network: those are UUIDs. */
export function isServerId(id: string): boolean {
  return UUID.test(id)
}

export function isFhirId(id: string): boolean {
  return FHIR_ID.test(id)
}

/** Whether a resource of this canonical id has ever been written, by the ledger. */
export type IsWritten = (type: string, canonical: string) => boolean

/**
 * Ids that a server gives are random UUIDs and global to the network. An id that a client chose counts only within its
 * organisation: its canonical form is a UUID made by HMAC-SHA-256 under the organisation's secret, so that nobody else
 * can compute it, and two organisations' `123` never meet.
 */
export class IdScope {
  readonly #key: KeyObject
  readonly #isWritten: IsWritten

  constructor(options: { key: Uint8Array }, dependencies: { isWritten: IsWritten }) {
    this.#key = createSecretKey(options.key)
    this.#isWritten = dependencies.isWritten
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

  /** What a client's id means here: a client-chosen one if such was written, else the id itself when a server can have given it. */
  canonical(type: string, id: string): string {
    const chosen = this.chosen(type, id)
    return isServerId(id) && !this.#isWritten(type, chosen) ? id : chosen
  }

  #uuid(name: string): string {
    const hex = createHmac('sha256', this.#key).update(`chiron/fhir-id/v1/${name}`).digest('hex')
    const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16)
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`
  }
}
