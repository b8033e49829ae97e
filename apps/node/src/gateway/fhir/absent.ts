import { emergencyReason } from '@chiron/protocol'
import { GatewayError, type Problem } from '../errors.ts'
import type { Reader } from '../reader.ts'
import type { Services } from '../services.ts'

/** What a reader without any access to a named patient gets, whether the patient exists or not. */
export function noAccess(): GatewayError {
  return new GatewayError('ERR_GATEWAY_NO_ACCESS', 'no access to this patient is open to you', {
    problems: [
      {
        code: 'forbidden',
        diagnostics:
          'No access to this patient is open to you for this purpose. Ask the patient: send a consent.request (chiron request --org ORG --user USER --patient ID --purpose TREAT --category laboratory --for P1D), and read again once it is approved.',
      },
    ],
  })
}

/**
 * An error as it is answered to a reader: where access to a patient is refused, clinicians are told how the glass is broken.
 * Who the patient is, and whether there is one, makes no difference.
 */
export function toldTo(services: Services, reader: Reader, error: unknown): unknown {
  if (!(error instanceof GatewayError) || error.code !== 'ERR_GATEWAY_NO_ACCESS' || error.problems.length !== 1) return error
  if (!services.emergencies.mayDeclare(reader)) return error
  const { code, message, problems } = error
  return new GatewayError(code, message, { problems: [...problems, howInEmergency(services.baseUrl)], cause: error.cause })
}

function howInEmergency(baseUrl: string): Problem {
  const address = `${baseUrl.replace(/\/fhir$/, '')}/chiron/emergencies`
  return {
    severity: 'information',
    code: 'informational',
    diagnostics: `In an emergency you may break the glass: POST ${address} with {"patient": "ID", "reason": "${emergencyReason.options.join('" or "')}"}. The patient sees it, a second clinician confirms it within minutes, and another organisation reviews it.`,
  }
}

/** What is absent and what consent hides look the same. */
export function notFound(): GatewayError {
  return new GatewayError('ERR_GATEWAY_NOT_FOUND', 'there is no such resource')
}
