/** Stable codes of what the command line reports by itself; codes of the node's answers pass through as they are. */
export type CliErrorCode =
  | 'ERR_CLI_USAGE'
  | 'ERR_CLI_NO_NODE'
  | 'ERR_CLI_NODE_LOST'
  | 'ERR_CLI_ANSWER'
  | 'ERR_CLI_REFUSED'
  | 'ERR_CLI_FILE'
  | 'ERR_CLI_NOT_PROVEN'
  | 'ERR_CLI_START'

/** What a script can tell apart by the exit code. */
export const ExitCode = { ok: 0, failed: 1, usage: 2, noNode: 3 } as const

/** A failure that is one clear sentence on stderr, with what to do about it. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly code: CliErrorCode
  /** Code of the node's own answer, for ERR_CLI_REFUSED. */
  readonly nodeCode: string | undefined
  constructor(code: CliErrorCode, message: string, options: { cause?: unknown; nodeCode?: string } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.nodeCode = options.nodeCode
  }
}

export function exitCodeOf(error: CliError): number {
  if (error.code === 'ERR_CLI_NO_NODE') return ExitCode.noNode
  return error.code === 'ERR_CLI_USAGE' ? ExitCode.usage : ExitCode.failed
}
