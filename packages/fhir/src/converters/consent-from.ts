import type { Consent, ConsentProvision, ConsentProvisionActor, Period, Reference } from '@medplum/fhirtypes'
import { FhirError } from '../errors.ts'
import { MAX_MS, MIN_MS } from '../search/dates.ts'
import {
  ACTIONS,
  ANYONE_TREATING,
  CATEGORY_CODE,
  CATEGORY_SYSTEM,
  LABELS,
  POLICY_URI,
  PURPOSES,
  RFC_3986,
  ROLE_SYSTEM,
} from './consent-codes.ts'
import type { ConsentRule, Grantee } from './consent-codes.ts'
import { EXTENSION_URLS, modifierExtensions } from './consent-extensions.ts'

const CONSENT_SCOPE = 'http://terminology.hl7.org/CodeSystem/consentscope'

/**
 * A rule as R4 Consent, in the shape of IHE PCF. `ruleFromConsent` gives the same rule back.
 *
 * @throws FhirError ERR_FHIR_CONVERSION_INVALID if an interval is empty or not a time, there are no actions, or something
 * that may be left out is there and empty, or stands on a rule that cannot have it
 */
export function consentFrom(rule: ConsentRule): Consent {
  requireWhole(rule)
  return {
    resourceType: 'Consent',
    id: rule.id,
    status: rule.status,
    scope: { coding: [{ system: CONSENT_SCOPE, code: 'patient-privacy' }] },
    category: [{ coding: [{ ...CATEGORY_CODE, display: 'Consent' }] }],
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
  if (rule.labels.length > 0 && rule.effect === 'deny') provision.securityLabel = rule.labels.map((label) => LABELS.toCode(label))
  const modifiers = modifierExtensions(rule)
  if (modifiers.length > 0) provision.modifierExtension = modifiers
  if (rule.overrides !== undefined) provision.extension = [{ url: EXTENSION_URLS.overrides, valueString: rule.overrides }]
  return provision
}

function requireWhole({ effect, actions, conditions, obligations, absolute }: ConsentRule): void {
  const invalid = (element: string): FhirError => new FhirError('ERR_FHIR_CONVERSION_INVALID', { element })
  if (actions.length === 0) throw invalid('actions')
  const isLimited = conditions !== undefined && (effect === 'permit' || conditions.every(({ kind }) => kind === 'jurisdiction'))
  const areNamed = conditions?.every((each) => each.kind !== 'jurisdiction' || each.of.length > 0) ?? true
  if (conditions !== undefined && (!isLimited || !areNamed || conditions.length === 0)) throw invalid('conditions')
  if (obligations !== undefined && (effect === 'deny' || obligations.length === 0)) throw invalid('obligations')
  if (absolute !== undefined && effect === 'permit') throw invalid('absolute')
}

function actorOf(grantee: Exclude<Grantee, { kind: 'anyone' }>): ConsentProvisionActor {
  if (grantee.kind === 'anyone-treating')
    return { role: { coding: [{ system: ROLE_SYSTEM, code: ANYONE_TREATING }] }, reference: { display: 'anyone treating the patient' } }
  if (grantee.kind === 'role') {
    const { at } = grantee
    return {
      ...(at === undefined ? {} : { modifierExtension: [{ url: EXTENSION_URLS.roleAt, valueReference: partyReference('Organization', at) }] }),
      role: { coding: [{ system: ROLE_SYSTEM, code: grantee.id }] },
      reference: { display: grantee.display ?? grantee.id },
    }
  }
  return {
    role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] },
    reference: partyReference(grantee.kind === 'person' ? 'Practitioner' : 'Organization', grantee) as NonNullable<ConsentProvisionActor['reference']>,
  }
}

function partyReference(type: 'Practitioner' | 'Organization', { id, display }: { readonly id: string; readonly display?: string }): Reference {
  const shown = display === undefined ? {} : { display }
  return id.includes(':') ? { type, identifier: { system: RFC_3986, value: id }, ...shown } : { reference: `${type}/${id}`, ...shown }
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
