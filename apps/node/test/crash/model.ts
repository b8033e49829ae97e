import type { Observation, Patient } from '@medplum/fhirtypes'

/** Identifies, in what is written, which write it was. */
export const TAG_SYSTEM = 'urn:chiron:test:write'

/** What became of one write: acknowledged, or cut off so that it may be there or not. */
export type Outcome = 'acknowledged' | 'unknown'

/** A resource as it was sent, with how its tag is found again. */
export interface Sent {
  readonly tag: string
  readonly resource: Observation | Patient
}

/** Resources of one transaction: all of them are there, or none. A new version of `counter` belongs to it where given. */
export interface Unit {
  readonly created: readonly Sent[]
  readonly counter?: { readonly id: string; readonly value: number }
  outcome: Outcome
}

/** A resource with a client-chosen id of which every version has the next number. */
export interface Counter {
  readonly id: string
  acknowledged: number
  /** Highest number that was sent. */
  sent: number
}

/** A created resource that was deleted, or may have been. */
export interface Deletion {
  readonly tag: string
  readonly id: string
  outcome: Outcome
}

/** Everything that was asked of a node, over all its lives. */
export class Model {
  readonly units: Unit[] = []
  readonly counters = new Map<string, Counter>()
  readonly deletions = new Map<string, Deletion>()
  /** Server-given ids by tag, of acknowledged creations. */
  readonly ids = new Map<string, string>()
  patients: string[] = []
  /** Ledger receipts of acknowledged writes, oldest first, base64url. */
  readonly receipts: string[] = []
}

export function tagOf(resource: { readonly identifier?: readonly { readonly system?: string; readonly value?: string }[] }): string | undefined {
  return resource.identifier?.find(({ system }) => system === TAG_SYSTEM)?.value
}

/** A resource without what the server adds. */
export function asSent(resource: object): object {
  const { id: _id, meta: _meta, ...rest } = resource as { id?: unknown; meta?: unknown }
  return rest
}
