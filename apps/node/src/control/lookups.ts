import { records } from '@chiron/ledger'
import type { Did, RecordId } from '@chiron/protocol'
import { GatewayError } from '../gateway/errors.ts'
import { isServerId } from '../gateway/fhir/ids.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { Signer } from '../ledger/submitter.ts'
import type { ControlDependencies } from './dependencies.ts'

/**
 * The canonical id of a patient: given by a server, or chosen by a client of one of the node's organisations.
 * @throws GatewayError `ERR_GATEWAY_NOT_FOUND`; `ERR_GATEWAY_MULTIPLE_MATCHES` when it means several patients
 */
export function patientNamed(dependencies: ControlDependencies, id: string): string {
  return only(meanings(dependencies, 'Patient', id), 'this node knows no such patient; list them with GET /{org}/fhir/Patient', 'patient')
}

/**
 * Record id of a resource named `Type/id`, as {@link patientNamed} reads ids.
 * @throws GatewayError `ERR_GATEWAY_NOT_FOUND`, `ERR_GATEWAY_MULTIPLE_MATCHES`
 */
export function recordNamed(dependencies: ControlDependencies, reference: string): RecordId {
  const [type = '', id = ''] = reference.split('/')
  const [gateway] = dependencies.gateways.values()
  if (gateway === undefined) throw new GatewayError('ERR_GATEWAY_UNAVAILABLE', 'this node serves no organisation')
  return gateway.services.vocabulary.record(type, only(meanings(dependencies, type, id), 'this node knows no such resource; name it as Type/id, as it reads it', 'resource'))
}

/** Canonical ids of what has ever been written and that an id can mean, each with the organisations that say so. */
function meanings({ gateways, engine }: ControlDependencies, type: string, id: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const { name, services } of gateways.values()) {
    const chosen = services.ids.chosen(type, id)
    for (const canonical of isServerId(id) ? [chosen, id] : [chosen]) {
      if (records.recordHead(engine.state, services.vocabulary.record(type, canonical)) === undefined) continue
      found.set(canonical, [...(found.get(canonical) ?? []), name])
    }
  }
  return found
}

function only(found: ReadonlyMap<string, readonly string[]>, absent: string, what: string): string {
  const [first, ...others] = found.keys()
  if (first === undefined) throw new GatewayError('ERR_GATEWAY_NOT_FOUND', absent)
  if (others.length === 0) return first
  const choices = [...found].map(([canonical, names]) => `${canonical} (${names.join(', ')})`).join(' or ')
  throw new GatewayError('ERR_GATEWAY_MULTIPLE_MATCHES', `this id means more than one ${what}; use the id that the server gave: ${choices}`)
}

/** @throws GatewayError `ERR_GATEWAY_NOT_FOUND` */
export function gatewayNamed({ gateways }: ControlDependencies, name: string | undefined): Gateway {
  const gateway = name === undefined ? gateways.values().next().value : gateways.get(name)
  if (gateway === undefined) throw new GatewayError('ERR_GATEWAY_NOT_FOUND', `this node serves no such organisation; it serves ${[...gateways.keys()].join(' and ')}`)
  return gateway
}

/** @throws GatewayError `ERR_GATEWAY_NOT_FOUND` */
export function userNamed(dependencies: ControlDependencies, organisation: string, user: string): Signer {
  organisationNamed(dependencies, organisation)
  const signer = dependencies.users.signerFor(organisation, user)
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
