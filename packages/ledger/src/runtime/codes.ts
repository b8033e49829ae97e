import { ContractError } from './errors.ts'

/** Codespace of what the runtime itself refuses. */
export const RUNTIME_CODESPACE = 'runtime'

/** Codes in codespace `runtime`. A number is never given a second meaning. SPEC-RUN-3. */
export const RUNTIME_CODES = {
  /** A handler failed in a way that its contract does not name. */
  handlerFailed: 1,
  /** The transaction is for another chain. */
  wrongChain: 2,
  /** Block time has reached `validUntil`. */
  expired: 3,
  /** `validUntil` lies further ahead than a transaction may live. */
  tooFarAhead: 4,
  /** The transaction is remembered: it has been executed. */
  replayed: 5,
  /** The signer has no such key, or it is not live. */
  keyUnknown: 6,
  /** The signature does not verify. */
  signatureInvalid: 7,
  /** No contract takes this message. */
  messageUnknown: 8,
} as const

export type RuntimeRefusal = keyof typeof RUNTIME_CODES

const REASONS: Readonly<Record<RuntimeRefusal, string>> = {
  handlerFailed: 'the contract failed',
  wrongChain: 'the transaction is for another chain',
  expired: 'the transaction has expired',
  tooFarAhead: 'validUntil lies too far ahead',
  replayed: 'the transaction has been executed',
  keyUnknown: 'the signer has no such live key',
  signatureInvalid: 'the signature does not verify',
  messageUnknown: 'no contract takes this message',
}

/** A refusal by the runtime as an error. */
export function refusal(name: RuntimeRefusal): ContractError {
  return new ContractError(RUNTIME_CODESPACE, RUNTIME_CODES[name], REASONS[name])
}
