import { access } from '@chiron/ledger'
import { toHex, type Did, type Handle, type Message } from '@chiron/protocol'
import type { Waiting } from './waiting.ts'

export type Refusal = Extract<Message, { type: 'access.refuse' }>['refusals'][number]

/** What the ledger says of a refusal that waits, when it is taken. */
export interface RefusalFacts {
  isPatient(handle: Handle): boolean
  /** Whether the organisation may name the reader in this patient's list. SPEC-ACC-10. */
  mayName(patient: Handle, reader: Did): boolean
}

const LIMIT = 500

/** Collects refused attempts, to be listed for the patients in batched transactions that succeed. */
export class RefusalLog {
  readonly #waiting = new Map<string, Refusal>()

  add(patient: Handle, reader: Did | null, purpose: string, action: Refusal['action'], count = 1): void {
    const key = `${toHex(patient)}/${reader ?? ''}/${purpose}/${action}`
    this.#waiting.set(key, { patient, reader, purpose, action, count: (this.#waiting.get(key)?.count ?? 0) + count })
  }

  /**
   * Takes up to 500 refusals; none when there are none. Attempts on what is no patient are forgotten here, not where they
   * are refused: a refusal takes as long whether or not the patient exists. Whom the organisation may not name loses the name.
   */
  take({ isPatient, mayName }: RefusalFacts): readonly Waiting<Refusal>[] {
    const taken: Waiting<Refusal>[] = []
    for (const [key, refusal] of this.#waiting) {
      if (taken.length === LIMIT) break
      this.#waiting.delete(key)
      const { patient, reader } = refusal
      if (!isPatient(patient)) continue
      const count = Math.min(refusal.count, access.MAX_REFUSAL_COUNT)
      const unnamed = this.#waitingOf({ ...refusal, reader: null, count })
      // Whom it may name now it may not in the block, if a role or delegation ends in between.
      taken.push(reader !== null && mayName(patient, reader) ? { ...this.#waitingOf({ ...refusal, count }), otherwise: unnamed } : unnamed)
      if (refusal.count > count) this.#waiting.set(key, { ...refusal, count: refusal.count - count })
    }
    return taken
  }

  #waitingOf(entry: Refusal): Waiting<Refusal> {
    const { patient, reader, purpose, action, count } = entry
    return { entry, restore: () => this.add(patient, reader, purpose, action, count) }
  }
}
