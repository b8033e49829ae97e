import type {
  CapabilityStatement,
  CapabilityStatementRestResource,
  CapabilityStatementRestResourceSearchParam,
  CapabilityStatementRestSecurity,
} from '@medplum/fhirtypes'
import { resourceTypes, searchParameters } from '../definitions/load.ts'
import { isSupportedParameter } from '../search/parse-clause.ts'

export interface CapabilityOptions {
  /** Our base URL without a trailing slash. */
  readonly base: string
  /** Version of the software. */
  readonly version: string
  /** FHIR dateTime of the statement: when the software was released. */
  readonly date: string
  /** Resource types served; default all of R4. */
  readonly types?: readonly string[]
  /** Interactions of types that have fewer than the others, such as what a server makes and does not store. */
  readonly interactions?: Readonly<Record<string, readonly Interaction[]>>
  /** OAuth endpoints for SMART on FHIR; left out when the server asks for no token. */
  readonly oauth?: { readonly authorize: string; readonly token: string; readonly register?: string; readonly introspect?: string; readonly revoke?: string }
  /** Interactions beyond the basic ones, claimed only if the gateway routes them. */
  readonly features?: {
    readonly updateCreate?: boolean
    readonly patch?: boolean
    readonly conditionalRead?: boolean
    readonly conditionalUpdate?: boolean
    readonly conditionalDelete?: boolean
  }
}

const INTERACTIONS = ['create', 'read', 'vread', 'update', 'delete', 'history-instance', 'search-type'] as const
export type Interaction = (typeof INTERACTIONS)[number]
const OAUTH_URIS = 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris'

/** The CapabilityStatement for `GET /metadata`: only what this package parses and compiles, and the gateway routes. */
export function capabilityStatement(options: CapabilityOptions): CapabilityStatement {
  const types = options.types ?? resourceTypes()
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: options.date,
    kind: 'instance',
    software: { name: 'Chiron', version: options.version },
    implementation: { description: 'Chiron gateway', url: options.base },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    rest: [
      {
        mode: 'server',
        security: securityOf(options),
        resource: types.map((type) => resourceOf(type, options.features ?? {}, options.interactions?.[type] ?? INTERACTIONS)),
        interaction: [{ code: 'transaction' }, { code: 'batch' }],
      },
    ],
  }
}

function securityOf(options: CapabilityOptions): CapabilityStatementRestSecurity {
  const { oauth } = options
  if (oauth === undefined) return { cors: true }
  return {
    cors: true,
    service: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/restful-security-service', code: 'SMART-on-FHIR' }] }],
    extension: [{ url: OAUTH_URIS, extension: Object.entries(oauth).map(([url, valueUri]) => ({ url, valueUri: String(valueUri) })) }],
  }
}

function resourceOf(type: string, features: NonNullable<CapabilityOptions['features']>, interactions: readonly Interaction[]): CapabilityStatementRestResource {
  const parameters = Object.values(searchParameters(type)).filter(isSupportedParameter)
  const references = parameters.filter((parameter) => parameter.type === 'reference').map((parameter) => `${type}:${parameter.code}`)
  return {
    type: type as NonNullable<CapabilityStatementRestResource['type']>,
    interaction: [...interactions.map((code) => ({ code })), ...(features.patch ? [{ code: 'patch' as const }] : [])],
    versioning: 'versioned',
    readHistory: interactions.includes('history-instance'),
    updateCreate: (features.updateCreate ?? false) && interactions === INTERACTIONS,
    conditionalCreate: interactions === INTERACTIONS,
    conditionalRead: features.conditionalRead ? 'full-support' : 'not-supported',
    conditionalUpdate: features.conditionalUpdate ?? false,
    conditionalDelete: features.conditionalDelete ? 'single' : 'not-supported',
    referencePolicy: ['literal', 'local'],
    ...(references.length === 0 ? {} : { searchInclude: [...references, '*'] }),
    searchParam: parameters.map((parameter): CapabilityStatementRestResourceSearchParam => ({
      name: parameter.code,
      type: parameter.type,
      ...(parameter.url === '' ? {} : { definition: parameter.url }),
    })),
    ...(type === 'Patient' ? { operation: [{ name: 'everything', definition: 'http://hl7.org/fhir/OperationDefinition/Patient-everything' }] } : {}),
  }
}
