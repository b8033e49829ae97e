import type { CodeableConcept, Coding, Consent, ConsentProvision, ConsentProvisionActor, Extension, Reference } from '@medplum/fhirtypes'
import { FhirError } from '../errors.ts'
import { parseReference } from '../references/parse.ts'
import { parseDateRange } from '../search/dates.ts'
import { ACTIONS, ANYONE_TREATING, CATEGORY_SYSTEM, LABELS, PURPOSES, RFC_3986, ROLE_SYSTEM } from './consent-codes.ts'
import type { ConsentRule, Grantee, RuleAction } from './consent-codes.ts'
import { EXTENSION_URLS, readModifiers } from './consent-extensions.ts'

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] }

/** Elements whose meaning a rule has no place for; the list is closed so that nothing is dropped unseen. */
const CONSENT_KNOWN = new Set([
  'resourceType',
  'id',
  'meta',
  'implicitRules',
  'language',
  'text',
  'extension',
  'identifier',
  'status',
  'scope',
  'category',
  'patient',
  'dateTime',
  'performer',
  'sourceAttachment',
  'sourceReference',
  'policy',
  'provision',
  'verification',
])
const PROVISION_KNOWN = new Set([
  'id',
  'extension',
  'modifierExtension',
  'type',
  'period',
  'actor',
  'action',
  'securityLabel',
  'purpose',
  'class',
  'data',
  'dataPeriod',
])
const PERIOD_KNOWN = new Set(['id', 'start', 'end'])
const ACTOR_KNOWN = new Set(['id', 'modifierExtension', 'role', 'reference'])
const DATA_KNOWN = new Set(['id', 'meaning', 'reference'])
const ALL_ACTIONS: readonly RuleAction[] = ['read', 'write', 'share', 'research']

/**
 * The rule that a Consent states, exactly: what a rule cannot express is refused, never narrowed, widened or dropped.
 * Absent actors, purposes, classes, data and actions restrict nothing, as in FHIR: nobody named is anyone who acts for a member.
 *
 * @throws FhirError ERR_FHIR_CONSENT_NOT_EXPRESSIBLE, naming the element
 */
export function ruleFromConsent(consent: Consent): ConsentRule {
  requireKnown(consent, CONSENT_KNOWN, 'Consent')
  const { id, status, provision } = consent
  if (id === undefined) throw refused('Consent.id')
  if (status !== 'proposed' && status !== 'active' && status !== 'inactive' && status !== 'entered-in-error') throw refused('Consent.status')
  if (!consent.scope?.coding?.some((coding) => coding.code === 'patient-privacy')) throw refused('Consent.scope')
  if (consent.verification?.some((verification) => !verification.verified)) throw refused('Consent.verification')
  const patient = parseReference(consent.patient?.reference ?? '')
  if (patient.form !== 'relative' || patient.type !== 'Patient') throw refused('Consent.patient')
  if (provision === undefined) throw refused('Consent.provision')
  return { id, patientId: patient.id, status, ...fromProvision(provision, consent.dateTime) }
}

function fromProvision(provision: ConsentProvision, dateTime: string | undefined): Omit<ConsentRule, 'id' | 'patientId' | 'status'> {
  requireKnown(provision, PROVISION_KNOWN, 'Consent.provision')
  const { type } = provision
  if (type !== 'permit' && type !== 'deny') throw refused('Consent.provision.type')
  // On a permit the element limits it to labelled data, which no rule can say.
  if (provision.securityLabel !== undefined && type === 'permit') throw refused('Consent.provision.securityLabel')
  const { opened, ...modifiers } = readModifiers(provision.modifierExtension ?? [], type)
  const period = intervalOf(provision.period, 'Consent.provision.period')
  const fromMs = period.fromMs ?? intervalOf(dateTime === undefined ? undefined : { start: dateTime }, 'Consent.dateTime').fromMs
  if (fromMs === undefined) throw refused('Consent.provision.period.start')
  const data = intervalOf(provision.dataPeriod, 'Consent.provision.dataPeriod')
  const rule: Mutable<Omit<ConsentRule, 'id' | 'patientId' | 'status'>> = {
    effect: type,
    grantee: granteeOf(provision.actor ?? []),
    purposes: codings(provision.purpose, 'Consent.provision.purpose', (coding) => PURPOSES.toWord(coding.system, coding.code)),
    categories: codings(provision.class, 'Consent.provision.class', (coding) => (coding.system === CATEGORY_SYSTEM ? coding.code : undefined)),
    labels: [...codings(provision.securityLabel, 'Consent.provision.securityLabel', (coding) => LABELS.toWord(coding.system, coding.code)), ...opened],
    records: recordsOf(provision),
    actions: actionsOf(provision.action),
    fromMs,
    ...modifiers,
  }
  if (period.untilMs !== undefined) rule.untilMs = period.untilMs
  if (data.fromMs !== undefined) rule.dataFromMs = data.fromMs
  if (data.untilMs !== undefined) rule.dataUntilMs = data.untilMs
  const overrides = overriddenBy(provision.extension ?? [])
  if (overrides !== undefined) rule.overrides = overrides
  return rule
}

function overriddenBy(extensions: readonly Extension[]): string | undefined {
  const [first, ...others] = extensions
  if (first === undefined) return undefined
  if (first.url !== EXTENSION_URLS.overrides || first.valueString === undefined || others.length > 0) throw refused('Consent.provision.extension')
  return first.valueString
}

/** An end that is there but said in an extension is not the same as none. */
function intervalOf(period: { start?: string; end?: string } | undefined, element: string): { fromMs?: number; untilMs?: number } {
  if (period !== undefined) requireKnown(period, PERIOD_KNOWN, element)
  const start = period?.start === undefined ? undefined : parseDateRange(period.start)
  const end = period?.end === undefined ? undefined : parseDateRange(period.end)
  if ((period?.start !== undefined && start === undefined) || (period?.end !== undefined && end === undefined)) throw refused(element)
  if (start && end && end.highMs < start.lowMs) throw refused(element)
  return { ...(start ? { fromMs: start.lowMs } : {}), ...(end ? { untilMs: end.highMs + 1 } : {}) }
}

function granteeOf(actors: readonly ConsentProvisionActor[]): Grantee {
  const [actor] = actors
  if (actor === undefined) return { kind: 'anyone' }
  if (actors.length > 1) throw refused('Consent.provision.actor')
  requireKnown(actor, ACTOR_KNOWN, 'Consent.provision.actor')
  const at = roleAt(actor.modifierExtension ?? [])
  const { reference } = actor
  const role = actor.role?.coding?.find((coding) => coding.system === ROLE_SYSTEM)?.code
  const named = reference?.reference !== undefined || reference?.identifier !== undefined
  if (role !== undefined) {
    // A role and a person together are narrower than either.
    if (named) throw refused('Consent.provision.actor.role')
    if (role === ANYONE_TREATING) {
      if (at !== undefined) throw refused('Consent.provision.actor.modifierExtension')
      return { kind: 'anyone-treating' }
    }
    return { kind: 'role', id: role, ...(reference?.display === undefined || reference.display === role ? {} : { display: reference.display }), ...(at === undefined ? {} : { at }) }
  }
  if (at !== undefined) throw refused('Consent.provision.actor.modifierExtension')
  if (actor.role?.coding?.some((coding) => coding.code !== 'IRCP' && coding.code !== 'PRCP')) throw refused('Consent.provision.actor.role')
  const party = partyOf(reference)
  if (party === undefined) throw refused('Consent.provision.actor.reference')
  const { type, ...who } = party
  return { kind: type === 'Practitioner' ? 'person' : 'organisation', ...who }
}

/** The organisation to which a role is limited; nothing else may modify an actor. */
function roleAt(extensions: readonly Extension[]): { readonly id: string; readonly display?: string } | undefined {
  const [first, ...others] = extensions
  if (first === undefined) return undefined
  const party = first.url === EXTENSION_URLS.roleAt && others.length === 0 ? partyOf(first.valueReference) : undefined
  if (party?.type !== 'Organization') throw refused('Consent.provision.actor.modifierExtension')
  const { type: _type, ...who } = party
  return who
}

function partyOf(reference: Reference | undefined): { readonly type: 'Practitioner' | 'Organization'; readonly id: string; readonly display?: string } | undefined {
  const parsed = parseReference(reference?.reference ?? '')
  const type: string | undefined = parsed.form === 'relative' ? parsed.type : reference?.type
  const id = parsed.form === 'relative' ? parsed.id : reference?.identifier?.system === RFC_3986 ? reference.identifier.value : undefined
  if ((type !== 'Practitioner' && type !== 'Organization') || id === undefined) return undefined
  return { type, id, ...(reference?.display === undefined ? {} : { display: reference.display }) }
}

function codings(list: readonly Coding[] | undefined, element: string, toWord: (coding: Coding) => string | undefined): string[] {
  return (list ?? []).map((coding) => {
    const word = toWord(coding)
    if (word === undefined) throw refused(element)
    return word
  })
}

/** Records as `Type/id`, or by their id on the ledger where what they are is not known. Of all versions: none can be named. */
function recordsOf(provision: ConsentProvision): string[] {
  return (provision.data ?? []).map((data) => {
    requireKnown(data, DATA_KNOWN, 'Consent.provision.data')
    const reference = data.reference?.reference ?? ''
    const parsed = parseReference(reference)
    const isNamed = (parsed.form === 'relative' && parsed.version === undefined) || LEDGER_RECORD.test(reference)
    if (data.meaning !== 'instance' || !isNamed) throw refused('Consent.provision.data')
    return reference
  })
}

const LEDGER_RECORD = /^urn:chiron:record:[0-9a-f]{32}$/

function requireKnown(element: object, known: ReadonlySet<string>, path: string): void {
  for (const key of Object.keys(element)) if (!known.has(key)) throw refused(`${path}.${key}`)
}

function actionsOf(actions: readonly CodeableConcept[] | undefined): RuleAction[] {
  if (actions === undefined) return [...ALL_ACTIONS]
  return actions.map((concept) => {
    const found = ALL_ACTIONS.find(
      (action) => concept.coding?.length === 1 && concept.coding[0]?.system === ACTIONS[action].system && concept.coding[0].code === ACTIONS[action].code,
    )
    if (found === undefined) throw refused('Consent.provision.action')
    return found
  })
}

function refused(element: string): FhirError {
  return new FhirError('ERR_FHIR_CONSENT_NOT_EXPRESSIBLE', { element })
}
