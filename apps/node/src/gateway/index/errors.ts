/** Stable codes of everything the search index refuses. */
export type IndexErrorCode =
  /** What is stored is not what was written. The index must be cleared and rebuilt from the ledger. */
  | 'ERR_INDEX_CORRUPT'
  /** The index belongs to another key. Rebuilding would not help: give the right master key. */
  | 'ERR_INDEX_KEY'
  /** The disk is full. Nothing was written; reads go on. */
  | 'ERR_INDEX_FULL'
  /** A batch does not continue where the index stands: blocks would be skipped or undone. */
  | 'ERR_INDEX_HEIGHT'
  /** Another process or connection has the index open. */
  | 'ERR_INDEX_LOCKED'
  /** The disk or the database refused, for another reason than the above. */
  | 'ERR_INDEX_STORAGE'
  /** A statement is larger than the database prepares. */
  | 'ERR_INDEX_COSTLY'
  /** The index was closed. */
  | 'ERR_INDEX_CLOSED'
  /** A batch or a request that cannot be meant: an unknown access, a resource that does not match its row. */
  | 'ERR_INDEX_INPUT'

export type IndexErrorContext = Readonly<Record<string, string | number | boolean>>

/** What the search index throws. `message` is made of code and context and never holds health data. */
export class IndexError extends Error {
  override readonly name = 'IndexError'
  readonly code: IndexErrorCode
  readonly context: IndexErrorContext

  constructor(code: IndexErrorCode, context: IndexErrorContext = {}, options?: { cause?: unknown }) {
    const details = Object.entries(context).map(([key, value]) => ` ${key}=${value}`)
    super(code + details.join(''), options)
    this.code = code
    this.context = context
  }
}
