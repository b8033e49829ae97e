const REDACTED = '[secret]'

/** Key material that does not print itself: only {@link SecretBytes.reveal} shows it. */
export class SecretBytes {
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.slice()
  }

  get length(): number {
    return this.#bytes.length
  }

  /** A copy of the bytes. */
  reveal(): Uint8Array {
    return this.#bytes.slice()
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED
  }
}
