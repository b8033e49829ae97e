import { GatewayError } from '../errors.ts'

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

/** What is absent and what consent hides look the same. */
export function notFound(): GatewayError {
  return new GatewayError('ERR_GATEWAY_NOT_FOUND', 'there is no such resource')
}
