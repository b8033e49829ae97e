/** Bounds on what one resource may cost to check and keep. */
export interface ValidationLimits {
  /** Nested elements; R4 needs about ten, a deep Questionnaire thirty. */
  readonly maxDepth: number
  /** Elements and primitives, where each 64 characters of text count as one more: the default is about 16 MiB of text. */
  readonly maxNodes: number
  /** Characters of one base64Binary. */
  readonly maxBase64Length: number
  /** Issues after which the walk stops. */
  readonly maxIssues: number
}

export const DEFAULT_LIMITS: ValidationLimits = { maxDepth: 64, maxNodes: 262_144, maxBase64Length: 14 * 1024 * 1024, maxIssues: 50 }
