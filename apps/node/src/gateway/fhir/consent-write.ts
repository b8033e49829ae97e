import { fromHex, toHex, type Handle, type ObjectId, type RuleTerms } from '@chiron/protocol'
import { consent } from '@chiron/ledger'
import { CONSENT_CATEGORY, CONSENT_POLICY, FhirError, outcome, parseReference, ruleFromConsent } from '@chiron/fhir'
import type { Consent } from '@medplum/fhirtypes'
import type { Committed } from '../../engine/engine.ts'
import { receiptOf } from '../../ledger/receipts.ts'
import { LedgerRefusal } from '../../ledger/refusal.ts'
import { GatewayError } from '../errors.ts'
import { scopeAllows, type Reader } from '../reader.ts'
import type { Services } from '../services.ts'
import { noAccess, notFound } from './absent.ts'
import { consentOf } from './consent-rules.ts'
import { areSameTerms, termsOf } from './consent-terms.ts'
import { canonicalFor } from './known.ts'
import { validatedResource } from './plan.ts'
import { versionOfEtag, type FhirRequest, type FhirResponse } from './request.ts'

/** Signs what a patient says about their rules. */
export interface RuleSigner {
  makeRule(patientId: string, terms: RuleTerms): Promise<{ readonly rule: ObjectId; readonly committed: Committed }>
  changeRule(patientId: string, rule: ObjectId, terms: RuleTerms): Promise<Committed>
  revoke(patientId: string, rule: ObjectId): Promise<Committed>
}

/** The patient whose token it is. */
interface Owner {
  readonly reader: Reader
  readonly patientId: string
  readonly handle: Handle
}

/** What a rule keeps of a Consent. Anything else would be lost, and is refused. */
const KEPT = new Set(['resourceType', 'id', 'meta', 'text', 'language', 'status', 'scope', 'category', 'patient', 'dateTime', 'performer', 'policy', 'provision'])

/**
 * `POST Consent`: makes the rule that it states, signed by the patient.
 * @throws FhirError ERR_FHIR_CONSENT_NOT_EXPRESSIBLE; GatewayError `ERR_GATEWAY_UNPROCESSABLE` naming the element
 */
export async function createConsent(services: Services, signer: RuleSigner, reader: Reader, request: FhirRequest): Promise<FhirResponse> {
  const owner = ownerOf(services, reader, 'c')
  if (request.ifNoneExist !== undefined) throw new GatewayError('ERR_GATEWAY_INVALID', 'a Consent is not created conditionally')
  const body = keptConsent(services, owner, request)
  if (body.status !== 'active') throw notExpressible('Consent.status')
  const terms = statedTerms(services, owner, { ...body, id: 'new' })
  const { rule, committed } = await refusalsNamed(async () => await signer.makeRule(owner.patientId, terms))
  return await answer(services, owner, rule, request, { status: 201, committed })
}

/**
 * `PUT Consent/[id]`: replaces what the rule says; with the status `inactive` ends it. What says the same changes nothing.
 * @throws as {@link createConsent}; GatewayError `ERR_GATEWAY_NOT_FOUND`, `ERR_GATEWAY_PRECONDITION`
 */
export async function updateConsent(services: Services, signer: RuleSigner, reader: Reader, request: FhirRequest, id: string): Promise<FhirResponse> {
  const owner = ownerOf(services, reader, 'u')
  const body = keptConsent(services, owner, request)
  if (body.id !== id) throw new GatewayError('ERR_GATEWAY_INVALID', 'the id in the body must be the one in the address')
  return await services.locks.run([`Consent/${id}`], async () => {
    const known = /^[0-9a-f]{32}$/.test(id) ? consent.rule(services.engine.state, owner.handle, fromHex(id) as ObjectId, services.access.timeMs()) : undefined
    if (known === undefined) throw notFound()
    const before = await consentOf(services, owner.handle, owner.patientId, known)
    if (request.ifMatch !== undefined && versionOfEtag(request.ifMatch) !== before?.meta?.versionId) {
      throw new GatewayError('ERR_GATEWAY_PRECONDITION', 'If-Match names another version than the newest; read it and try again')
    }
    const terms = statedTerms(services, owner, body)
    const isSame = areSameTerms(terms, known.terms)
    const committed = await refusalsNamed(async () => {
      if (body.status === 'active') return isSame && known.endedMs === null ? undefined : await signer.changeRule(owner.patientId, known.id, terms)
      // A Consent that is ended and changed at once would say what never held.
      if (body.status !== 'inactive' || !isSame) throw notExpressible('Consent.status')
      return known.endedMs === null ? await signer.revoke(owner.patientId, known.id) : undefined
    })
    return await answer(services, owner, known.id, request, { status: 200, committed })
  })
}

function ownerOf(services: Services, reader: Reader, interaction: 'c' | 'u'): Owner {
  const { patientId } = reader
  if (patientId === undefined) throw new GatewayError('ERR_GATEWAY_SCOPE', 'only the patient says who may see what; ask the patient (chiron request)')
  if (!scopeAllows(reader, 'Consent', interaction)) throw new GatewayError('ERR_GATEWAY_SCOPE', 'the token does not allow this interaction; ask for a scope that does')
  return { reader, patientId, handle: services.vocabulary.patientHandle(patientId) }
}

function keptConsent(services: Services, { reader, patientId }: Owner, request: FhirRequest): Consent {
  const body = validatedResource(request.body, 'Consent') as Consent
  for (const key of Object.keys(body)) if (!KEPT.has(key)) throw notExpressible(`Consent.${key}`)
  const isPatient = (reference: string | undefined): boolean => {
    const parsed = parseReference(reference ?? '', services.baseUrl)
    return (parsed.form === 'relative' || parsed.form === 'local') && parsed.type === 'Patient' && canonicalFor(services, reader, 'Patient', parsed.id) === patientId
  }
  if (!isPatient(body.patient?.reference)) throw noAccess()
  if (body.performer?.some(({ reference }) => !isPatient(reference)) === true) throw notExpressible('Consent.performer')
  if (body.policy?.some(({ uri, authority }) => uri !== CONSENT_POLICY || authority !== undefined) === true) throw notExpressible('Consent.policy')
  const isPrivacy = body.category.every(({ coding = [] }) => coding.some(({ system, code }) => system === CONSENT_CATEGORY.system && code === CONSENT_CATEGORY.code))
  if (!isPrivacy) throw notExpressible('Consent.category')
  return { ...body, patient: { reference: `Patient/${patientId}` } }
}

/** What begins at no said time begins now. */
function statedTerms(services: Services, { reader, handle }: Owner, body: Consent): RuleTerms {
  const dateTime = body.dateTime ?? new Date(services.engine.status().timeMs).toISOString()
  return termsOf(services, reader, handle, ruleFromConsent({ ...body, dateTime }))
}

async function answer(services: Services, { handle, patientId }: Owner, id: ObjectId, { prefer = '' }: FhirRequest, { status, committed }: { readonly status: number; readonly committed: Committed | undefined }): Promise<FhirResponse> {
  const rule = consent.rule(services.engine.state, handle, id, services.access.timeMs())
  const resource = rule && (await consentOf(services, handle, patientId, rule))
  if (resource?.meta?.versionId === undefined || resource.meta.lastUpdated === undefined) throw new GatewayError('ERR_GATEWAY_UNAVAILABLE', 'the rule is made; read it again in a moment')
  const told = /return\s*=\s*OperationOutcome/i.test(prefer) ? outcome([{ severity: 'information', code: 'informational', diagnostics: 'written' }]) : resource
  return {
    status,
    ...(/return\s*=\s*minimal/i.test(prefer) ? {} : { resource: told }),
    etag: `W/"${resource.meta.versionId}"`,
    lastModified: resource.meta.lastUpdated,
    location: `Consent/${toHex(id)}`,
    ...(committed === undefined ? {} : { receipt: receiptOf(services.engine, committed) }),
  }
}

/** Elements that a refusal of the contract is about, by its number. */
const REFUSED_ELEMENTS: ReadonlyMap<number, string> = new Map([
  [4, 'Consent.status'],
  [5, 'Consent.provision.period'],
  [6, 'Consent.provision.actor.reference'],
  [7, 'Consent.provision.actor.reference'],
  [8, 'Consent.provision.extension'],
  [23, 'Consent.provision.modifierExtension'],
  [24, 'Consent.provision.modifierExtension'],
  [25, 'Consent.provision.purpose'],
])

async function refusalsNamed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const expression = error instanceof LedgerRefusal && error.codespace === 'consent' ? REFUSED_ELEMENTS.get(error.code) : undefined
    if (expression === undefined) throw error
    const { reason = 'the ledger refused the rule' } = (error as LedgerRefusal).committed.result
    throw new GatewayError('ERR_GATEWAY_UNPROCESSABLE', 'the ledger refused the rule', { problems: [{ code: 'business-rule', diagnostics: reason, expression }], cause: error })
  }
}

function notExpressible(element: string): FhirError {
  return new FhirError('ERR_FHIR_CONSENT_NOT_EXPRESSIBLE', { element })
}
