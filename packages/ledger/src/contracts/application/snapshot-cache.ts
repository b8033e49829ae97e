import { equalBytes } from '@chiron/protocol'
import type { PatientSnapshot } from '../../decide/snapshot.ts'
import type { DelegateFacts, PatientFacts, RuleFacts } from '../../decide/types.ts'

/** Rules by id in hexadecimal, with the bytes that they were read from. */
export type KnownRules = ReadonlyMap<string, { readonly bytes: Uint8Array; readonly facts: RuleFacts }>

/** What a content version names: facts about a handle, without what may change with no write to it. */
export interface PatientContent extends Omit<PatientFacts, 'owner' | 'rules' | 'delegates'> {
  readonly rules: KnownRules
  readonly delegates: readonly Omit<DelegateFacts, 'custodial'>[]
}

export function isKnownRule(known: { readonly bytes: Uint8Array }, bytes: Uint8Array): boolean {
  return equalBytes(known.bytes, bytes)
}

interface Kept {
  readonly content: PatientContent
  readonly standing: string
  readonly snapshot: PatientSnapshot
}

/** Rules kept in all, of whichever handles; about 3 KB each with their index. A handle without any counts as {@link HANDLE_WEIGHT}. */
const MAX_WEIGHT = 12_000
const HANDLE_WEIGHT = 1

/**
 * The snapshots used last, one for each handle. Asked for by content version, which two different contents never share,
 * so that what is found is what would be built: the cache cannot be stale, and changes no result.
 */
export class SnapshotCache {
  readonly #maxWeight: number
  /** In the order of use. */
  readonly #kept = new Map<string, Kept & { readonly version: Uint8Array }>()
  #weight = 0

  constructor(maxWeight = MAX_WEIGHT) {
    this.#maxWeight = maxWeight
  }

  /** How much is kept: rules, and {@link HANDLE_WEIGHT} for each handle. */
  get weight(): number {
    return this.#weight
  }

  get(
    handle: string,
    version: Uint8Array,
    standing: string,
    make: { read(known: KnownRules): PatientContent; index(content: PatientContent): PatientSnapshot },
  ): PatientSnapshot {
    const known = this.#kept.get(handle)
    const isSame = known !== undefined && equalBytes(known.version, version)
    if (isSame && known.standing === standing) {
      this.#kept.delete(handle)
      this.#kept.set(handle, known)
      return known.snapshot
    }
    const content = isSame ? known.content : make.read(known?.content.rules ?? new Map())
    const snapshot = make.index(content)
    this.#keep(handle, { content, version, standing, snapshot })
    return snapshot
  }

  #keep(handle: string, made: Kept & { readonly version: Uint8Array }): void {
    this.#drop(handle)
    this.#kept.set(handle, made)
    this.#weight += weightOf(made)
    for (const oldest of this.#kept.keys()) {
      if (this.#weight <= this.#maxWeight) break
      this.#drop(oldest)
    }
  }

  #drop(handle: string): void {
    const known = this.#kept.get(handle)
    if (known === undefined) return
    this.#kept.delete(handle)
    this.#weight -= weightOf(known)
  }
}

function weightOf({ content }: Kept): number {
  return content.rules.size + HANDLE_WEIGHT
}
