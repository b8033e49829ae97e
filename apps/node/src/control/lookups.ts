import { records } from '@chiron/ledger'
import type { Did } from '@chiron/protocol'
import { GatewayError } from '../gateway/errors.ts'
import { isServerId } from '../gateway/fhir/ids.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { Signer } from '../ledger/submitter.ts'
import type { ControlDependencies } from './dependencies.ts'

/**
 * The canonical id of a patient: given by a server, or chosen by a client of one of the node's organisations.
 * @throws GatewayError `ERR_GATEWAY_NOT_FOUND`, `ERR_GATEWAY_INVALID` when two organisations chose the same id
 */
export function patientNamed({ gateways, engine }: ControlDependencies, id: string): string {
  const candidates = new Set<string>()
  for (const { services } of gateways.values()) {
    for (const canonical of [services.ids.chosen('Patient', id), ...(isServerId(id) ? [id] : [])]) {
      if (records.recordHead(engine.state, services.vocabulary.record('Patient', canonical)) !== undefined) candidates.add(canonical)
    }
  }
  const [only, ...others] = candidates
  if (only === undefined) throw new GatewayError('ERR_GATEWAY_NOT_FOUND', 'this node knows no such patient; list them with GET /{org}/fhir/Patient')
  if (others.length > 0) throw new GatewayError('ERR_GATEWAY_INVALID', 'several organisations have a patient of this id; use the id that the server gave')
  return only
}

/** @throws GatewayError `ERR_GATEWAY_NOT_FOUND` */
export function gatewayNamed({ gateways }: ControlDependencies, name: string | undefined): Gateway {
  const gateway = name === undefined ? gateways.values().next().value : gateways.get(name)
  if (gateway === undefined) throw new GatewayError('ERR_GATEWAY_NOT_FOUND', `this node serves no such organisation; it serves ${[...gateways.keys()].join(' and ')}`)
  return gateway
}

/** @throws GatewayError `ERR_GATEWAY_NOT_FOUND` */
export function userNamed({ users }: ControlDependencies, organisation: string, user: string): Signer {
  const signer = users.signerFor(organisation, user)
  if (signer === undefined) throw new GatewayError('ERR_GATEWAY_NOT_FOUND', `${organisation} has no such user; there are physician, nurse and admin`)
  return signer
}

/** @throws GatewayError `ERR_GATEWAY_NOT_FOUND` */
export function organisationNamed({ organisations, gateways }: ControlDependencies, name: string): Signer {
  const signer = organisations(name)
  if (signer === undefined) throw new GatewayError('ERR_GATEWAY_NOT_FOUND', `this node serves no such organisation; it serves ${[...gateways.keys()].join(' and ')}`)
  return signer
}

/** DID of any member. @throws GatewayError `ERR_GATEWAY_NOT_FOUND` */
export function memberNamed({ names }: ControlDependencies, name: string): Did {
  const members = names.organisations()
  const found = members.find((member) => member.name === name)
  if (found === undefined) throw new GatewayError('ERR_GATEWAY_NOT_FOUND', `no member has this name; there are ${members.map((member) => member.name).join(', ')}`)
  return found.did
}
