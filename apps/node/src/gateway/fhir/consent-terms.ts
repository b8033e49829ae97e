import { isDeepStrictEqual } from 'node:util'
import { CATEGORIES, compareBytes, equalBytes, fromHex, LABELS, ProtocolError, role, ruleTerms, toHex, type Did, type Grantee, type Handle, type RecordId, type RuleCondition, type RuleTerms } from '@chiron/protocol'
import { FhirError, type ConsentRule } from '@chiron/fhir'
import * as v from 'valibot'
import type { Reader } from '../reader.ts'
import type { Services } from '../services.ts'
import { LEDGER_RECORD, ruleInWords } from './consent-rules.ts'
import { canonicalFor } from './known.ts'

const PROVISION = 'Consent.provision'
/** Where a Consent says what a field of the ledger's terms says. */
const ELEMENTS: Readonly<Record<string, string>> = {
  effect: `${PROVISION}.type`,
  grantee: `${PROVISION}.actor`,
  purposes: `${PROVISION}.purpose`,
  categories: `${PROVISION}.class`,
  labels: `${PROVISION}.securityLabel`,
  records: `${PROVISION}.data`,
  actions: `${PROVISION}.action`,
  from: `${PROVISION}.period`,
  until: `${PROVISION}.period`,
  overrides: `${PROVISION}.extension`,
  data: `${PROVISION}.dataPeriod`,
  conditions: `${PROVISION}.modifierExtension`,
  obligations: `${PROVISION}.modifierExtension`,
  absolute: `${PROVISION}.modifierExtension`,
}

/**
 * The ledger's terms for a rule in words. They say exactly what the words say, which is checked by saying them again.
 * @throws FhirError ERR_FHIR_CONSENT_NOT_EXPRESSIBLE, naming the element
 */
export function termsOf(services: Services, reader: Reader, handle: Handle, rule: ConsentRule): RuleTerms {
  const { vocabulary } = services
  const records = rule.records.map((reference) => recordOf(services, reader, handle, reference))
  const asked = {
    effect: rule.effect,
    grantee: granteeOf(rule.grantee),
    purposes: [...rule.purposes],
    categories: rule.categories.map((name) => vocabulary.category(handle, oneOf(CATEGORIES, name, ELEMENTS['categories']))),
    labels: rule.labels.map((name) => vocabulary.label(handle, oneOf(LABELS, name, rule.effect === 'deny' ? ELEMENTS['labels'] : ELEMENTS['conditions']))),
    records,
    actions: [...rule.actions],
    from: rule.fromMs,
    until: rule.untilMs ?? null,
    overrides: rule.overrides === undefined ? null : objectIdOf(rule.overrides),
    ...dataOf(services, handle, rule),
    ...(rule.conditions === undefined ? {} : { conditions: rule.conditions.map((each): RuleCondition => (each.kind === 'terms' ? { kind: 'terms', hash: fromHex(each.hash) } : each.kind === 'jurisdiction' ? { ...each, of: [...each.of] } : each)) }),
    ...(rule.obligations === undefined ? {} : { obligations: [...rule.obligations] }),
    ...(rule.absolute === undefined ? {} : { absolute: rule.absolute }),
  }
  const checked = v.safeParse(ruleTerms, asked)
  if (!checked.success) throw refused(ELEMENTS[String(checked.issues[0].path?.[0]?.key)] ?? PROVISION)
  const again = ruleInWords(services, handle, rule.patientId, { id: fromHex('00'.repeat(16)) as never, status: 'active', terms: checked.output })
  const said = { ...rule, id: again?.id, status: again?.status, records: records.map((record) => `${LEDGER_RECORD}${toHex(record)}`) }
  if (again === undefined || !isDeepStrictEqual(plain(again), plain(said as ConsentRule))) throw refused(PROVISION)
  return checked.output
}

/** Whether two terms say the same: lists in any order, each item once. */
export function areSameTerms(a: RuleTerms, b: RuleTerms): boolean {
  return isDeepStrictEqual(inOrder(a), inOrder(b))
}

function inOrder(terms: RuleTerms): object {
  const bytes = (list: readonly Uint8Array[]): string[] => [...new Set(list.toSorted(compareBytes).map(toHex))]
  const texts = (list: readonly string[]): string[] => [...new Set(list)].sort()
  const conditions = (terms.conditions ?? []).map((each) => JSON.stringify(each.kind === 'terms' ? [each.kind, toHex(each.hash)] : each.kind === 'jurisdiction' ? [each.kind, each.within, ...texts(each.of)] : [each.kind]))
  return {
    ...terms,
    purposes: texts(terms.purposes), categories: bytes(terms.categories), labels: bytes(terms.labels), records: bytes(terms.records), actions: texts(terms.actions),
    conditions: texts(conditions), obligations: texts(terms.obligations ?? []), overrides: terms.overrides === null ? null : toHex(terms.overrides),
  }
}

/** Names that people read are no part of what is said. */
function plain(rule: ConsentRule): object {
  const { grantee } = rule
  const { display: _display, ...who } = { display: undefined, ...grantee }
  return { ...rule, grantee: 'at' in who && who.at !== undefined ? { ...who, at: who.at.id } : who }
}

const DID = /^did:chiron:[a-z2-7]{32}$/

function granteeOf(grantee: ConsentRule['grantee']): Grantee {
  switch (grantee.kind) {
    case 'anyone':
    case 'anyone-treating':
      return { kind: grantee.kind }
    case 'role':
      return {
        kind: 'role',
        role: oneOf(role.options, grantee.id, `${PROVISION}.actor.role`),
        ...(grantee.at === undefined ? {} : { organisation: didOf(grantee.at.id, `${PROVISION}.actor.modifierExtension`) }),
      }
    default:
      return { kind: grantee.kind, did: didOf(grantee.id, `${PROVISION}.actor.reference`) }
  }
}

/** Of identities on the ledger: which organisation or person a resource of some server is, the ledger does not know. */
function didOf(id: string, element: string): Did {
  if (!DID.test(id)) throw refused(element)
  return id as Did
}

/** A record of the patient: by `Type/id`, or by its id on the ledger. */
function recordOf(services: Services, reader: Reader, handle: Handle, reference: string): RecordId {
  const [type = '', id = ''] = reference.split('/')
  const record = reference.startsWith(LEDGER_RECORD) ? (fromHex(reference.slice(LEDGER_RECORD.length)) as RecordId) : services.vocabulary.record(type, canonicalFor(services, reader, type, id))
  const isOwn = services.facts.head(record)?.subjects.some((subject) => equalBytes(subject.handle, handle)) === true
  if (!isOwn) throw refused(`${PROVISION}.data`)
  return record
}

/** Days are whole: a rule for some hours of a day would be one for more, or for less. */
function dataOf(services: Services, handle: Handle, { dataFromMs, dataUntilMs }: ConsentRule): Pick<RuleTerms, 'data'> | undefined {
  if (dataFromMs === undefined && dataUntilMs === undefined) return undefined
  const day = (ms: number | undefined): number | null => {
    if (ms === undefined) return null
    const [date, time] = new Date(ms).toISOString().split('T')
    if (time !== '00:00:00.000Z' || date === undefined) throw refused(`${PROVISION}.dataPeriod`)
    try {
      return services.vocabulary.day(handle, date)
    } catch (error) {
      throw error instanceof ProtocolError ? refused(`${PROVISION}.dataPeriod`) : error
    }
  }
  return { data: { from: day(dataFromMs), until: day(dataUntilMs) } }
}

function objectIdOf(text: string): NonNullable<RuleTerms['overrides']> {
  if (!/^[0-9a-f]{32}$/.test(text)) throw refused(`${PROVISION}.extension`)
  return fromHex(text) as NonNullable<RuleTerms['overrides']>
}

function oneOf<T extends string>(known: readonly T[], name: string, element: string | undefined): T {
  const found = known.find((each) => each === name)
  if (found === undefined) throw refused(element ?? PROVISION)
  return found
}

function refused(element: string): FhirError {
  return new FhirError('ERR_FHIR_CONSENT_NOT_EXPRESSIBLE', { element })
}
