import { randomBytes } from 'node:crypto'
import type { Did, Handle, Message } from '@chiron/protocol'
import { toHex } from '@chiron/protocol'

interface Refusal {
  readonly patient: Handle
  readonly reader: Did
  readonly purpose: string
  readonly action: 'read' | 'write'
  count: number
}

const LIMIT = 500

/** Collects refused attempts, to be listed for the patients in batched transactions that succeed. */
export class RefusalLog {
  readonly #waiting = new Map<string, Refusal>()

  add(patient: Handle, reader: Did, purpose: string, action: 'read' | 'write'): void {
    const key = `${toHex(patient)}/${reader}/${purpose}/${action}`
    const known = this.#waiting.get(key)
    if (known !== undefined) known.count += 1
    else this.#waiting.set(key, { patient, reader, purpose, action, count: 1 })
  }

  /** Takes up to 500 refusals as one message; undefined when there are none. */
  take(): Message | undefined {
    const refusals = [...this.#waiting.entries()].slice(0, LIMIT)
    if (refusals.length === 0) return undefined
    for (const [key] of refusals) this.#waiting.delete(key)
    return { type: 'access.refuse', salt: randomBytes(16), refusals: refusals.map(([, refusal]) => ({ ...refusal })) }
  }
}
