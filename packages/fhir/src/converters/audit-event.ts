import type { AuditEvent, AuditEventAgent, AuditEventEntity, Coding, Organization, Patient, Practitioner, Reference } from '@medplum/fhirtypes'
import { FhirError } from '../errors.ts'
import { PURPOSES, RFC_3986, ROLE_SYSTEM } from './consent-codes.ts'

type AccessKind = 'open' | 'report' | 'refusal' | 'close'
/** What happens to an emergency; a `dispute` is the patient's. */
type EmergencyKind = 'emergency' | 'confirmation' | 'review' | 'dispute'

/** One line of a patient's access list, as the gateway knows it. */
export interface AccessRecord {
  /** Becomes the resource's id: letters, digits, `-` and `.`, at most 64. */
  readonly id: string
  readonly kind: AccessKind | EmergencyKind
  /** DID or FHIR id of the person, with a display name if it is known; none: somebody whom the organisation may not name. */
  readonly whoDid?: string
  readonly display?: string
  readonly role?: string
  readonly organisation: { readonly id: string; readonly display?: string }
  readonly patientId: string
  /** Block time, Unix milliseconds. */
  readonly atMs: number
  readonly purpose: string
  readonly action: 'read' | 'write' | 'share' | 'research'
  readonly ruleIds: readonly string[]
  /** What the ids name where they are not rules of the patient. */
  readonly restsOn?: 'order' | 'emergency' | 'delegation'
  readonly categories: readonly { readonly name: string; readonly count?: number }[]
  readonly outcome: 'success' | 'refused' | 'failed'
  /** Of a line about an emergency: which one, and what was said, by name (`reason`, `outcome`, `until`). */
  readonly emergency?: { readonly id: string; readonly isOver: boolean; readonly said: Readonly<Record<string, string>> }
}

const DCM = 'http://dicom.nema.org/resources/ontology/DCM'
const STARTED: Coding = { system: DCM, code: '110127', display: 'Emergency Override Started' }
const STOPPED: Coding = { system: DCM, code: '110138', display: 'Emergency Override Stopped' }
const PARTICIPATION = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType'
const RECIPIENT: Coding = { system: PARTICIPATION, code: 'IRCP', display: 'information recipient' }
const VERIFIER: Coding = { system: PARTICIPATION, code: 'VRF', display: 'verifier' }
const ENTITY_TYPE = 'http://terminology.hl7.org/CodeSystem/audit-entity-type'
const OBJECT_ROLE = 'http://terminology.hl7.org/CodeSystem/object-role'
const REST = 'http://hl7.org/fhir/restful-interaction'
const KIND_SYSTEM = 'urn:chiron:access'
const OUTCOME = { success: '0', refused: '4', failed: '8' } as const
const INTERACTION = { read: 'read', write: 'update', share: 'read', research: 'search-type' } as const

/**
 * An access as R4 AuditEvent after the patterns of IHE BALP: user and organisation as agents, the patient, each rule
 * and each category of data as entities. It names categories and counts, never what was read. What happens to an
 * emergency is a security alert, with DICOM's codes for an override that started or stopped (PS3.16, CID 403).
 *
 * @throws FhirError ERR_FHIR_CONVERSION_INVALID naming the field
 */
export function auditEventFrom(access: AccessRecord): AuditEvent {
  if (!/^[A-Za-z0-9\-.]{1,64}$/.test(access.id)) throw new FhirError('ERR_FHIR_CONVERSION_INVALID', { element: 'id' })
  if (!Number.isSafeInteger(access.atMs) || access.atMs < 0 || access.atMs > 253_402_300_799_999)
    throw new FhirError('ERR_FHIR_CONVERSION_INVALID', { element: 'atMs' })
  const purpose: Coding = PURPOSES.toCode(access.purpose)
  return {
    resourceType: 'AuditEvent',
    id: access.id,
    ...classOf(access),
    recorded: new Date(access.atMs).toISOString(),
    outcome: OUTCOME[access.outcome],
    purposeOfEvent: [{ coding: [purpose] }],
    agent: [userAgent(access, purpose), organisationAgent(access)],
    source: {
      observer: who<Organization>('Organization', access.organisation.id, access.organisation.display),
      type: [{ system: 'http://terminology.hl7.org/CodeSystem/security-source-type', code: '4' }],
    },
    entity: [patientEntity(access), ...emergencyEntities(access), ...access.ruleIds.map((id) => ruleEntity(id, access.restsOn)), ...access.categories.map(categoryEntity)],
  }
}

function classOf({ kind, action, emergency }: AccessRecord): Pick<AuditEvent, 'type' | 'subtype' | 'action'> {
  const own: Coding = { system: KIND_SYSTEM, code: kind }
  if (emergency !== undefined) {
    const override = kind === 'emergency' ? STARTED : emergency.isOver ? STOPPED : undefined
    return { type: { system: DCM, code: '110113', display: 'Security Alert' }, subtype: [...(override === undefined ? [] : [override]), own], action: 'E' }
  }
  return {
    type: { system: 'http://terminology.hl7.org/CodeSystem/audit-event-type', code: 'rest', display: 'RESTful Operation' },
    subtype: [...(kind === 'close' ? [] : [{ system: REST, code: INTERACTION[action] }]), own],
    action: kind === 'close' ? 'E' : action === 'write' ? 'U' : action === 'research' ? 'E' : 'R',
  }
}

function userAgent(access: AccessRecord, purpose: Coding): AuditEventAgent {
  return {
    type: { coding: [access.kind === 'confirmation' || access.kind === 'review' ? VERIFIER : RECIPIENT] },
    ...(access.role === undefined ? {} : { role: [{ coding: [{ system: ROLE_SYSTEM, code: access.role }] }] }),
    who: person(access),
    requestor: true,
    purposeOfUse: [{ coding: [purpose] }],
  }
}

function person({ whoDid, role, display }: AccessRecord): Reference<Practitioner | Patient> {
  if (whoDid === undefined) return { type: 'Practitioner', display: 'not named' }
  return role === 'patient' ? who<Patient>('Patient', whoDid, display) : who<Practitioner>('Practitioner', whoDid, display)
}

function organisationAgent(access: AccessRecord): AuditEventAgent {
  return {
    type: { coding: [{ system: DCM, code: '110152', display: 'Destination Role ID' }] },
    who: who<Organization>('Organization', access.organisation.id, access.organisation.display),
    requestor: false,
  }
}

function who<Target extends Practitioner | Patient | Organization>(type: Target['resourceType'], id: string, display: string | undefined): Reference<Target> {
  const named = display === undefined ? {} : { display }
  return id.includes(':') ? { type, identifier: { system: RFC_3986, value: id }, ...named } : { reference: `${type}/${id}`, ...named }
}

function patientEntity(access: AccessRecord): AuditEventEntity {
  return {
    what: { reference: `Patient/${access.patientId}` },
    type: { system: ENTITY_TYPE, code: '1', display: 'Person' },
    role: { system: OBJECT_ROLE, code: '1', display: 'Patient' },
  }
}

function emergencyEntities({ emergency }: AccessRecord): AuditEventEntity[] {
  if (emergency === undefined) return []
  const detail = Object.entries(emergency.said).map(([type, valueString]) => ({ type, valueString }))
  return [
    {
      what: { identifier: { system: 'urn:chiron:emergency', value: emergency.id } },
      type: { system: ENTITY_TYPE, code: '2', display: 'System Object' },
      role: { system: OBJECT_ROLE, code: '13', display: 'Security Resource' },
      ...(detail.length === 0 ? {} : { detail }),
    },
  ]
}

function ruleEntity(ruleId: string, restsOn: AccessRecord['restsOn']): AuditEventEntity {
  return {
    what: { ...(restsOn === undefined ? { type: 'Consent' as const } : {}), identifier: { system: `urn:chiron:${restsOn ?? 'rule'}`, value: ruleId } },
    type: { system: ENTITY_TYPE, code: '2', display: 'System Object' },
    role: { system: OBJECT_ROLE, code: '13', display: 'Security Resource' },
  }
}

function categoryEntity(category: AccessRecord['categories'][number]): AuditEventEntity {
  return {
    type: { system: ENTITY_TYPE, code: '2', display: 'System Object' },
    role: { system: OBJECT_ROLE, code: '4', display: 'Domain Resource' },
    name: category.name,
    detail: [
      { type: 'category', valueString: category.name },
      ...(category.count === undefined ? [] : [{ type: 'count', valueString: String(category.count) }]),
    ],
  }
}
