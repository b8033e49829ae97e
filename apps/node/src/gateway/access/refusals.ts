import { access } from '@chiron/ledger'
import { toHex, type Did, type Handle, type Message } from '@chiron/protocol'
import type { Random } from '@chiron/vault'

type Refuse = Extract<Message, { type: 'access.refuse' }>
type Refusal = Refuse['refusals'][number]

/** Refusals that wait to be listed, taken as one message. */
export interface TakenRefusals {
  readonly message: Refuse
  /** Puts them back: they could not be listed now. */
  restore(): void
}

const LIMIT = 500

/** Collects refused attempts, to be listed for the patients in batched transactions that succeed. */
export class RefusalLog {
  readonly #waiting = new Map<string, Refusal>()
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  add(patient: Handle, reader: Did, purpose: string, action: 'read' | 'write', count = 1): void {
    const key = `${toHex(patient)}/${reader}/${purpose}/${action}`
    this.#waiting.set(key, { patient, reader, purpose, action, count: (this.#waiting.get(key)?.count ?? 0) + count })
  }

  /**
   * Takes up to 500 refusals as one message; undefined when there are none. Attempts on what is no patient are forgotten
   * here, not where they are refused: a refusal takes as long whether or not the patient exists.
   */
  take(isPatient: (handle: Handle) => boolean): TakenRefusals | undefined {
    const refusals: Refusal[] = []
    for (const [key, refusal] of this.#waiting) {
      if (refusals.length === LIMIT) break
      this.#waiting.delete(key)
      if (!isPatient(refusal.patient)) continue
      const count = Math.min(refusal.count, access.MAX_REFUSAL_COUNT)
      refusals.push({ ...refusal, count })
      if (refusal.count > count) this.#waiting.set(key, { ...refusal, count: refusal.count - count })
    }
    if (refusals.length === 0) return undefined
    return {
      message: { type: 'access.refuse', salt: this.#random(16), refusals },
      restore: () => {
        for (const { patient, reader, purpose, action, count } of refusals) this.add(patient, reader, purpose, action as 'read' | 'write', count)
      },
    }
  }
}
