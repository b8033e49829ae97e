import type { Consent, ConsentProvision } from '@medplum/fhirtypes'
import { FhirError } from '../errors.ts'
import type { ConsentRule, Grantee } from './consent-codes.ts'
import { ruleFromConsent } from './rule-from-consent.ts'

/** What an inner provision takes over from the outer one where it says nothing itself. */
const INHERITED = ['period', 'actor', 'action', 'purpose', 'class', 'data', 'dataPeriod'] as const

/**
 * The rules that a Consent states, the outer provision first. A provision within is an exception to it:
 *
 * - A denial within a permit is a denial of its own, and so stands against every other permit too.
 * - A permit within a denial overrides it, and must therefore be strictly narrower.
 *
 * An exception says less than what it is an exception to, in every part, or is refused; so are exceptions to exceptions.
 * Rules within are named after the outer one, `{id}.1`, `{id}.2`, …
 *
 * @throws FhirError ERR_FHIR_CONSENT_NOT_EXPRESSIBLE, naming the element
 */
export function rulesFromConsent(consent: Consent): ConsentRule[] {
  const { provision } = consent
  if (provision === undefined) return [ruleFromConsent(consent)]
  const { provision: within = [], ...outer } = provision
  const rule = ruleFromConsent({ ...consent, provision: outer })
  return [rule, ...within.map((inner, index) => exceptionTo(rule, { ...consent, id: `${rule.id}.${index + 1}` }, outer, inner))]
}

function exceptionTo(outer: ConsentRule, consent: Consent, outerProvision: ConsentProvision, inner: ConsentProvision): ConsentRule {
  if (inner.provision !== undefined) throw refused('Consent.provision.provision.provision')
  if (inner.type === undefined || inner.type === outer.effect) throw refused('Consent.provision.provision.type')
  if (inner.extension !== undefined) throw refused('Consent.provision.provision.extension')
  // What a condition, an obligation or `absolute` would mean for both at once is not said anywhere.
  if (isConditional(outer)) throw refused('Consent.provision.modifierExtension')
  const taken = Object.fromEntries(INHERITED.flatMap((key) => (outerProvision[key] === undefined ? [] : [[key, outerProvision[key]]])))
  const rule = ruleFromConsent({ ...consent, provision: { ...taken, ...inner } })
  if (isConditional(rule)) throw refused('Consent.provision.provision.modifierExtension')
  const [within, smaller] = compare(rule, outer)
  if (!within) throw refused('Consent.provision.provision')
  if (rule.effect === 'deny') return rule
  if (!smaller) throw refused('Consent.provision.provision')
  return { ...rule, overrides: outer.id }
}

/** Whether `a` lies within `b`, and whether it is smaller. Labels of a permit add to what it reaches, of a denial they limit it. */
function compare(a: ConsentRule, b: ConsentRule): readonly [within: boolean, smaller: boolean] {
  const parts = [
    both(isGranteeWithin(a.grantee, b.grantee), isGranteeWithin(b.grantee, a.grantee)),
    lists(a.purposes, b.purposes),
    lists(a.categories, b.categories),
    lists(a.records, b.records),
    both(a.actions.every((one) => b.actions.includes(one)), b.actions.every((one) => a.actions.includes(one))),
    b.effect === 'permit' || b.labels.length === 0 ? both(true, true) : lists(a.labels, b.labels),
    intervals(a.fromMs, a.untilMs, b.fromMs, b.untilMs),
    intervals(a.dataFromMs, a.dataUntilMs, b.dataFromMs, b.dataUntilMs),
  ]
  // The time in which a rule holds is no part of what it covers.
  return [parts.every(([within]) => within), parts.some(([, smaller], index) => smaller && index !== 6)]
}

function both(within: boolean, around: boolean): readonly [boolean, boolean] {
  return [within, within && !around]
}

function lists(a: readonly string[], b: readonly string[]): readonly [boolean, boolean] {
  const isWithin = (x: readonly string[], y: readonly string[]): boolean => y.length === 0 || (x.length > 0 && x.every((one) => y.includes(one)))
  return both(isWithin(a, b), isWithin(b, a))
}

function intervals(aFrom?: number, aUntil?: number, bFrom?: number, bUntil?: number): readonly [boolean, boolean] {
  const [a, b] = [[aFrom ?? -Infinity, aUntil ?? Infinity] as const, [bFrom ?? -Infinity, bUntil ?? Infinity] as const]
  return both(a[0] >= b[0] && a[1] <= b[1], b[0] >= a[0] && b[1] <= a[1])
}

/** As the policy compares them: an organisation and a role do not compare. */
function isGranteeWithin(a: Grantee, b: Grantee): boolean {
  if (b.kind === 'anyone') return true
  if (a.kind === 'anyone') return false
  const at = a.kind === 'role' ? a.at?.id : undefined
  if (a.kind === 'anyone-treating' || b.kind === 'anyone-treating') return a.kind === b.kind || (b.kind === 'anyone-treating' && (a.kind !== 'role' || at !== undefined))
  if (a.kind === 'person') return b.kind !== 'person' || a.id === b.id
  if (b.kind === 'role') return a.kind === 'role' && a.id === b.id && (b.at === undefined || b.at.id === at)
  return b.kind === 'organisation' && (a.kind === 'organisation' ? a.id : at) === b.id
}

function isConditional({ conditions, obligations, absolute }: ConsentRule): boolean {
  return conditions !== undefined || obligations !== undefined || absolute !== undefined
}

function refused(element: string): FhirError {
  return new FhirError('ERR_FHIR_CONSENT_NOT_EXPRESSIBLE', { element })
}
