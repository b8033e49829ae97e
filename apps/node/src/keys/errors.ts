/** Stable codes of what can be wrong with keys. */
export type KeyErrorCode =
  /** The data was made under another master key. */
  | 'ERR_KEY_MASTER_WRONG'
  /** There is data, and its master key is gone. */
  | 'ERR_KEY_MASTER_MISSING'
  /** Not a master key file, or not readable. */
  | 'ERR_KEY_MASTER_INVALID'
  /** A key file was changed, or moved from another name. */
  | 'ERR_KEY_FILE_CORRUPT'
  | 'ERR_KEY_NAME'

/** What `keys/` throws: a stable code, and words that say what to do. Never a key. */
export class KeyError extends Error {
  override readonly name = 'KeyError'
  readonly code: KeyErrorCode
  readonly path: string
  constructor(code: KeyErrorCode, path: string, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.code = code
    this.path = path
  }
}
