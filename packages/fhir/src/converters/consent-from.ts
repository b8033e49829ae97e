import type { Consent, ConsentProvision, ConsentProvisionActor, Extension, Period, Reference } from '@medplum/fhirtypes'
import { FhirError } from '../errors.ts'
import { MAX_MS, MIN_MS } from '../search/dates.ts'
import {
  ACTIONS,
  ANYONE_TREATING,
  CATEGORY_SYSTEM,
  LABELS,
  OPENS_LABEL_URL,
  OVERRIDES_URL,
  POLICY_URI,
  PURPOSES,
  RFC_3986,
  ROLE_SYSTEM,
} from './consent-codes.ts'
import type { ConsentRule, Grantee } from './consent-codes.ts'

const CONSENT_SCOPE = 'http://terminology.hl7.org/CodeSystem/consentscope'

/**
 * A rule as R4 Consent, in the shape of IHE PCF. `ruleFromConsent` gives the same rule back.
 *
 * @throws FhirError ERR_FHIR_CONVERSION_INVALID if an interval is empty or not a time, or there are no actions
 */
export function consentFrom(rule: ConsentRule): Consent {
  if (rule.actions.length === 0) throw new FhirError('ERR_FHIR_CONVERSION_INVALID', { element: 'actions' })
  return {
    resourceType: 'Consent',
    id: rule.id,
    status: rule.status,
    scope: { coding: [{ system: CONSENT_SCOPE, code: 'patient-privacy' }] },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0', display: 'Consent' }] }],
    patient: { reference: `Patient/${rule.patientId}` },
    performer: [{ reference: `Patient/${rule.patientId}` }],
    dateTime: instant(rule.fromMs, 'fromMs'),
    policy: [{ uri: POLICY_URI }],
    provision: provisionOf(rule),
  }
}

function provisionOf(rule: ConsentRule): ConsentProvision {
  const provision: ConsentProvision = {
    type: rule.effect,
    period: periodOf(rule.fromMs, rule.untilMs, 'untilMs'),
    ...(rule.grantee.kind === 'anyone' ? {} : { actor: [actorOf(rule.grantee)] }),
    action: rule.actions.map((action) => ({ coding: [{ ...ACTIONS[action] }] })),
  }
  if (rule.purposes.length > 0) provision.purpose = rule.purposes.map((purpose) => PURPOSES.toCode(purpose))
  if (rule.categories.length > 0) provision.class = rule.categories.map((code) => ({ system: CATEGORY_SYSTEM, code }))
  if (rule.records.length > 0) provision.data = rule.records.map((reference) => ({ meaning: 'instance', reference: { reference } as Reference }))
  if (rule.dataFromMs !== undefined || rule.dataUntilMs !== undefined) provision.dataPeriod = periodOf(rule.dataFromMs, rule.dataUntilMs, 'dataUntilMs')
  if (rule.labels.length > 0) {
    if (rule.effect === 'deny') provision.securityLabel = rule.labels.map((label) => LABELS.toCode(label))
    else provision.modifierExtension = rule.labels.map((label): Extension => ({ url: OPENS_LABEL_URL, valueCoding: LABELS.toCode(label) }))
  }
  if (rule.overrides !== undefined) provision.extension = [{ url: OVERRIDES_URL, valueString: rule.overrides }]
  return provision
}

function actorOf(grantee: Exclude<Grantee, { kind: 'anyone' }>): ConsentProvisionActor {
  if (grantee.kind === 'anyone-treating')
    return { role: { coding: [{ system: ROLE_SYSTEM, code: ANYONE_TREATING }] }, reference: { display: 'anyone treating the patient' } }
  if (grantee.kind === 'role') return { role: { coding: [{ system: ROLE_SYSTEM, code: grantee.id }] }, reference: { display: grantee.display ?? grantee.id } }
  const type = grantee.kind === 'person' ? 'Practitioner' : 'Organization'
  const display = grantee.display === undefined ? {} : { display: grantee.display }
  const reference = grantee.id.includes(':')
    ? { type, identifier: { system: RFC_3986, value: grantee.id }, ...display }
    : { reference: `${type}/${grantee.id}`, ...display }
  return {
    role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] },
    reference: reference as NonNullable<ConsentProvisionActor['reference']>,
  }
}

/** The end of a FHIR Period is part of it, the end of a rule is not: hence one millisecond less. */
function periodOf(fromMs: number | undefined, untilMs: number | undefined, element: string): Period {
  if (fromMs !== undefined && untilMs !== undefined && untilMs <= fromMs) throw new FhirError('ERR_FHIR_CONVERSION_INVALID', { element })
  return {
    ...(fromMs === undefined ? {} : { start: instant(fromMs, element) }),
    ...(untilMs === undefined ? {} : { end: instant(untilMs - 1, element) }),
  }
}

function instant(ms: number, element: string): string {
  if (!Number.isSafeInteger(ms) || ms < MIN_MS || ms > MAX_MS) throw new FhirError('ERR_FHIR_CONVERSION_INVALID', { element })
  const text = new Date(ms).toISOString()
  if (text.length !== 24 || text.startsWith('0000')) throw new FhirError('ERR_FHIR_CONVERSION_INVALID', { element })
  return text
}
