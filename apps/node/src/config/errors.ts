/** Stable codes of configuration errors. */
export type ConfigErrorCode = 'ERR_CONFIG_INVALID'

/** What `config/` throws: which variable is wrong, and what it may be. Never the value: it may be a secret in the wrong place. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code: ConfigErrorCode
  readonly variable: string
  constructor(variable: string, message: string) {
    super(`${variable} ${message}`)
    this.code = 'ERR_CONFIG_INVALID'
    this.variable = variable
  }
}
