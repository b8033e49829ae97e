export type FuzzErrorCode =
  /** The program's text could not be taken apart. */
  | 'ERR_FUZZ_SOURCE'
  /** A target has no seed, or no module of its own was loaded. */
  | 'ERR_FUZZ_TARGET'

/** What the fuzzer itself complains about; what it finds in others stands in its report. */
export class FuzzError extends Error {
  override readonly name = 'FuzzError'
  readonly code: FuzzErrorCode
  constructor(code: FuzzErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** What a target throws when what it promises does not hold, though nothing was thrown. */
export class BrokenProperty extends Error {
  override readonly name = 'BrokenProperty'
}
