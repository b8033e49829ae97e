import { inspect } from 'node:util'

const REDACTED = '[secret]'

/** Key material that does not print itself: only {@link Secret.reveal} shows it. */
export class Secret {
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.slice()
  }

  get length(): number {
    return this.#bytes.length
  }

  /** A copy of the bytes. */
  reveal(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes)
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [inspect.custom](): string {
    return REDACTED
  }
}
