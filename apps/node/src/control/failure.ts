import { FhirError } from '@chiron/fhir'
import { VaultError } from '@chiron/vault'
import { GatewayError } from '../gateway/errors.ts'
import { answerFor } from '../gateway/http/outcome.ts'
import { ImportError, type ImportErrorCode } from '../intake/errors.ts'
import { reasonFor } from '../intake/reasons.ts'
import { KeyError } from '../keys/index.ts'
import { LedgerRefusal } from '../ledger/refusal.ts'
import { TransparencyError } from '../transparency/errors.ts'
import type { ControlFailure } from './api.ts'

export interface Failure extends ControlFailure {
  /** HTTP status. */
  readonly status: number
  /** Whether nobody foresaw it: `message` then has the error's class and code only, and the log more. */
  readonly unexpected: boolean
}

const IMPORT_STATUS: Readonly<Record<ImportErrorCode, number>> = { ERR_IMPORT_DOCUMENT: 422, ERR_IMPORT_TOO_LARGE: 413 }

/** What to do about refusals of contracts that an operator meets, by `codespace/code`. */
const ADVICE: Readonly<Record<string, string>> = {
  'consent/3': 'there is no such rule; chiron consent list --patient ID shows them',
  'consent/4': 'the rule has ended already',
  'consent/5': 'the rule would end before it begins; give a longer time',
  'consent/8': 'a permit overrides only a denial that is in force and that it is strictly narrower than; chiron consent list --patient ID shows them',
  'consent/11': 'the ledger knows no such patient',
  'consent/14': 'the organisation has as many unanswered requests to this patient as it may have; wait for answers',
  'consent/15': 'there is no such request; chiron request list --patient ID shows them',
  'consent/16': 'the request has been answered already',
  'consent/17': 'the request has expired; ask again',
  'consent/18': 'an approval may narrow a request and never widen it; name only categories that were asked for',
  'consent/19': 'the patient ended this treating relationship; it needs a new permit of the patient for the organisation first',
  'consent/20': 'a treating relationship lasts 90 days at most; give a shorter time and renew it later',
  'consent/21': 'the organisation has no treating relationship with this patient',
  'consent/22': 'the time is empty or too long; a delegate is appointed for 366 days at most',
  'consent/26': 'only an organisation that governance made an authority orders: chiron order authorise --org ORG --role regulator, at a node of governance',
  'consent/27': 'an order to permit says whom (a member, a user or a role) and ends within 366 days',
  'consent/28': 'there are 64 orders already; lift one first',
  'consent/29': 'there is no such order; chiron order list shows those about everybody, with --patient ID those about a patient',
  'consent/30': 'the order has been lifted or has run out already',
  'consent/31': 'only the authority that made an order, or governance, lifts it',
  'consent/32': 'a delegate is another person who is registered as a patient, here or at another member',
  'consent/33': 'the patient has 16 delegates already; dismiss one first',
  'consent/34': 'the patient has no such delegate; chiron delegate list --patient ID shows them',
  'access/4': "there is no such access; chiron access --patient ID shows the patient's open ones",
  'access/5': 'the access has ended already',
  'access/13': 'only a physician, nurse or pharmacist at work there may do this',
  'access/15': 'another clinician than the one who declared it must confirm',
  'access/18': 'this user declared an emergency about the patient less than a day ago that did not stand; another clinician may declare one',
  'access/19': 'there is no such emergency; chiron emergency list shows them',
  'access/20': 'the emergency is over; declare another where it is still needed',
  'access/21': 'the emergency has been confirmed already',
  'access/22': 'only a clinician of the organisation that declared the emergency confirms it',
  'access/23': 'another organisation than the one that declared it reviews an emergency, and after a dispute another person',
  'access/24': 'the emergency has been reviewed already',
  'access/25': 'an emergency is contested within 90 days',
  'access/26': 'the emergency has been contested already and waits for its review',
}

/** An error as a sentence with what to do about it. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ImportError) return { status: IMPORT_STATUS[error.code], code: error.code, message: error.message, unexpected: false }
  if (error instanceof VaultError || error instanceof KeyError) return { status: 503, code: error.code, message: error.message, unexpected: true }
  if (error instanceof TransparencyError) return { status: error.code === 'ERR_LOG_NOT_FOUND' ? 404 : 503, code: error.code, message: error.message, unexpected: false }
  const { status } = answerFor(error)
  if (error instanceof LedgerRefusal) {
    const name = `${error.codespace}/${error.code}`
    return { status, code: `ERR_LEDGER_${error.codespace.toUpperCase()}_${error.code}`, message: ADVICE[name] ?? `the ledger refused this (${error.message})`, unexpected: false }
  }
  const reason = reasonFor(error)
  if (reason === undefined) return { status: 500, code: 'ERR_CONTROL_FAILED', message: `the node failed unexpectedly (${nameOf(error)}); its log has more`, unexpected: true }
  return { status, code: codeOf(error), message: reason, unexpected: status >= 500 && !(error instanceof GatewayError) && !(error instanceof FhirError) }
}

/** The stable code of an error that is known. */
function codeOf(error: unknown): string {
  return String((error as { readonly code: unknown }).code)
}

/** Class and, where there is one, stable code: what is safe to show of any error. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'not an error'
  return 'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? `${error.name} ${error.code}` : error.name
}
