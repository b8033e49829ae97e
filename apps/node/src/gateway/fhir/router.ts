import type { CapabilityStatement } from '@medplum/fhirtypes'
import { capabilityStatement, isResourceType, type CursorCodec } from '@chiron/fhir'
import { requireStanding } from '../access/standing.ts'
import { GatewayError } from '../errors.ts'
import type { Reader } from '../reader.ts'
import type { Services } from '../services.ts'
import { toldTo } from './absent.ts'
import { processBundle, type BundleOptions } from './bundle.ts'
import { createConsent, updateConsent, type RuleSigner } from './consent-write.ts'
import { everything } from './everything.ts'
import { readHistory, readInstance, readVersion } from './read.ts'
import type { FhirRequest, FhirResponse } from './request.ts'
import { search } from './search.ts'
import { create, remove, update } from './write.ts'

/** Version and date of the software that the CapabilityStatement names. */
export const RELEASE = { version: '0.1.0', date: '2026-11-21' } as const

/** Of what is made from the ledger. */
const VIRTUAL_INTERACTIONS = { AuditEvent: ['read', 'search-type'], Consent: ['create', 'read', 'update', 'search-type'] } as const

/** The FHIR interactions of one organisation, without their transport. */
export class FhirRouter {
  readonly #services: Services
  readonly #cursors: CursorCodec
  readonly #signer: RuleSigner
  #capabilities: CapabilityStatement | undefined

  constructor(dependencies: { services: Services; cursors: CursorCodec; signer: RuleSigner }) {
    this.#services = dependencies.services
    this.#signer = dependencies.signer
    this.#cursors = dependencies.cursors
  }

  capabilities(): CapabilityStatement {
    this.#capabilities ??= capabilityStatement({ base: this.#services.baseUrl, ...RELEASE, interactions: VIRTUAL_INTERACTIONS, features: { updateCreate: true } })
    return this.#capabilities
  }

  /** @throws GatewayError, FhirError, LedgerRefusal, IndexError, EngineError: `http/outcome.ts` answers each */
  async handle(reader: Reader, request: FhirRequest, options: BundleOptions = {}): Promise<FhirResponse> {
    try {
      return await this.#handle(reader, request, options)
    } catch (error) {
      throw toldTo(this.#services, reader, error)
    }
  }

  async #handle(reader: Reader, request: FhirRequest, options: BundleOptions): Promise<FhirResponse> {
    const [type, id, third, fourth, ...more] = request.path
    const services = this.#services
    requireStanding(services, reader, request)
    const method = request.method === 'HEAD' ? 'GET' : request.method
    if (type === undefined || type === '') {
      if (method !== 'POST') throw notSupported()
      return await processBundle(services, reader, request, (inner) => this.handle(reader, inner), options)
    }
    if (!isResourceType(type)) throw new GatewayError('ERR_GATEWAY_UNKNOWN_TYPE', 'FHIR R4 has no such resource type')
    if (more.length > 0) throw noInteraction()
    if (id === undefined) {
      if (method === 'GET') return await search(services, reader, this.#cursors, request, type)
      if (method === 'POST' && type === 'Consent') return await createConsent(services, this.#signer, reader, request)
      if (method === 'POST') return await create(services, reader, request, type)
      throw notSupported()
    }
    if (id === '_search' && third === undefined && method === 'POST') return await search(services, reader, this.#cursors, request, type)
    if (third === undefined) {
      if (method === 'GET') return await readInstance(services, reader, request, type, id)
      if (method === 'PUT' && type === 'Consent') return await updateConsent(services, this.#signer, reader, request, id)
      if (method === 'PUT') return await update(services, reader, request, type, id)
      if (method === 'DELETE') return await remove(services, reader, request, type, id)
      throw notSupported()
    }
    if (method !== 'GET') throw notSupported()
    if (third === '_history' && fourth === undefined) return await readHistory(services, reader, type, id)
    if (third === '_history' && fourth !== undefined) return await readVersion(services, reader, request, type, id, fourth)
    if (third === '$everything' && type === 'Patient' && fourth === undefined) return await everything(services, reader, this.#cursors, request, id)
    throw noInteraction()
  }
}

function noInteraction(): GatewayError {
  return new GatewayError('ERR_GATEWAY_NOT_FOUND', 'there is no such interaction; /metadata lists those that there are')
}

function notSupported(): GatewayError {
  return new GatewayError('ERR_GATEWAY_METHOD', 'this interaction is not supported; /metadata lists those that are')
}
