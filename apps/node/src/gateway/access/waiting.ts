/** Something that waits to be listed for a patient and was taken out of its log. */
export interface Waiting<Entry> {
  readonly entry: Entry
  /** What is listed in its place if a contract refuses it. */
  readonly otherwise?: Waiting<Entry>
  /** Puts it back: it could not be listed now. */
  restore(): void
}
