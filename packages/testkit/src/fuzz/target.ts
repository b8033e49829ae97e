/** What an attacker reaches with bytes of any kind, and what must hold for all of them. */
export interface Target {
  readonly name: string
  /** How its inputs are changed: as bytes, as canonical CBOR, as JSON, or as text between these separators. */
  readonly form: 'bytes' | 'cbor' | 'json' | { readonly separators: RegExp }
  /** Parts of the addresses of the modules whose branches count. */
  readonly modules: readonly string[]
  /** Inputs to begin with; at least one. */
  readonly seeds: readonly Uint8Array[]
  readonly words?: readonly (string | number)[]
  /** Longest input, in bytes; 8192 unless said. */
  readonly maxBytes?: number
  /** Longest that one input may take, in milliseconds of processor time; 100 unless said. */
  readonly maxMs?: number
  /**
   * Runs one input. Says in one word how it ended (`accepted`, or the code it was refused with): another word is news like
   * another branch. Throws what the target may not throw, or BrokenProperty: that is a finding.
   */
  readonly run: (input: Uint8Array) => string | Promise<string>
}
