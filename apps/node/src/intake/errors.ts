/** Stable codes of what an import refuses. Codes are never renamed or re-used. */
export type ImportErrorCode =
  /** Not JSON, or no FHIR document that can be imported. */
  | 'ERR_IMPORT_DOCUMENT'
  /** More entries than one ledger transaction takes. */
  | 'ERR_IMPORT_TOO_LARGE'

/** What an import throws: a stable code, and words that say what to do. Never a value of the document. */
export class ImportError extends Error {
  override readonly name = 'ImportError'
  readonly code: ImportErrorCode
  constructor(code: ImportErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.code = code
  }
}
