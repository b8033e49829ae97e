import { FhirError, httpStatusOf, outcomeOf } from '@chiron/fhir'
import { access } from '@chiron/ledger'
import { ProtocolError } from '@chiron/protocol'
import { VaultError } from '@chiron/vault'
import { EngineError } from '../../engine/errors.ts'
import { LedgerRefusal } from '../../ledger/refusal.ts'
import { StorageError } from '../../storage/errors.ts'
import { GatewayError, type GatewayErrorCode } from '../errors.ts'
import { IndexError } from '../index/errors.ts'

const BY_STATUS: Readonly<Record<number, GatewayErrorCode>> = {
  400: 'ERR_GATEWAY_INVALID',
  404: 'ERR_GATEWAY_UNKNOWN_TYPE',
  409: 'ERR_GATEWAY_CONFLICT',
  412: 'ERR_GATEWAY_MULTIPLE_MATCHES',
  422: 'ERR_GATEWAY_UNPROCESSABLE',
}

const { codespace: ACCESS, codes: refused } = access.accessErrors

/** What refusals of contracts mean to people who may cause them over HTTP, by `codespace/code`. */
const BY_REFUSAL: Readonly<Record<string, GatewayErrorCode>> = {
  [`${ACCESS}/${refused.notClinician}`]: 'ERR_GATEWAY_SCOPE',
  [`${ACCESS}/${refused.notProfessional}`]: 'ERR_GATEWAY_SCOPE',
  [`${ACCESS}/${refused.notAnother}`]: 'ERR_GATEWAY_SCOPE',
  [`${ACCESS}/${refused.notDeclarer}`]: 'ERR_GATEWAY_SCOPE',
  [`${ACCESS}/${refused.notIndependent}`]: 'ERR_GATEWAY_SCOPE',
  [`${ACCESS}/${refused.declaredBefore}`]: 'ERR_GATEWAY_CONFLICT',
  [`${ACCESS}/${refused.emergencyOver}`]: 'ERR_GATEWAY_CONFLICT',
  [`${ACCESS}/${refused.alreadyConfirmed}`]: 'ERR_GATEWAY_CONFLICT',
  [`${ACCESS}/${refused.reviewClosed}`]: 'ERR_GATEWAY_CONFLICT',
}

/** What errors of other parts mean to a client; undefined for those that nobody foresaw. */
export function translate(error: unknown): GatewayError | undefined {
  if (error instanceof FhirError) {
    const problems = outcomeOf(error).issue.map((issue) => ({
      code: issue.code as string,
      diagnostics: issue.diagnostics ?? error.message,
      ...(issue.expression?.[0] === undefined ? {} : { expression: issue.expression[0] }),
    }))
    return new GatewayError(BY_STATUS[httpStatusOf(error.code)] ?? 'ERR_GATEWAY_INVALID', error.message, { problems, cause: error })
  }
  if (error instanceof VaultError && error.code === 'ERR_VAULT_MESSAGE_INVALID') return new GatewayError('ERR_GATEWAY_INVALID', error.message, { cause: error })
  if (error instanceof ProtocolError) return new GatewayError('ERR_GATEWAY_INVALID', error.message, { cause: error })
  if (error instanceof LedgerRefusal) return new GatewayError(BY_REFUSAL[`${error.codespace}/${error.code}`] ?? 'ERR_GATEWAY_LEDGER', `the ledger refused: ${error.message}`, { cause: error })
  if (error instanceof EngineError) return fromEngine(error)
  if (error instanceof StorageError) return new GatewayError('ERR_GATEWAY_UNAVAILABLE', storageAdvice(error), { cause: error })
  if (error instanceof IndexError) {
    if (error.code === 'ERR_INDEX_COSTLY') return new GatewayError('ERR_GATEWAY_INVALID', 'the search asks for too much at once: use fewer conditions, values or links of a chain', { cause: error })
    const full = error.code === 'ERR_INDEX_FULL'
    const message = full ? 'the disk is full; free some space and try again' : 'the search index is being made anew; try again in a moment'
    return new GatewayError('ERR_GATEWAY_UNAVAILABLE', message, { cause: error })
  }
  return undefined
}

function fromEngine(error: EngineError): GatewayError {
  const invalid = error.code === 'ERR_ENGINE_TX_INVALID'
  return new GatewayError(invalid ? 'ERR_GATEWAY_INVALID' : 'ERR_GATEWAY_UNAVAILABLE', error.message, { cause: error })
}

function storageAdvice(error: StorageError): string {
  return error.code === 'ERR_STORAGE_FULL' ? 'the disk is full; nothing was written. Free some space and try again' : 'the disk failed; the operator finds the reason in the log'
}
