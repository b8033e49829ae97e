/** Refusal by a contract. `codespace` and `code` are the result; `reason` helps people and never enters a result. */
export class ContractError extends Error {
  override readonly name = 'ContractError'
  readonly codespace: string
  readonly code: number
  readonly reason: string
  constructor(codespace: string, code: number, reason: string) {
    super(`${codespace}/${code}: ${reason}`)
    this.codespace = codespace
    this.code = code
    this.reason = reason
  }
}

/** A broken invariant: the node halts. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}
