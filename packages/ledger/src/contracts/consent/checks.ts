import { compareBytes, encodeCanonical, equalBytes, sha256, toHex, type Did, type Handle, type ObjectId, type RuleCondition, type RuleTerms } from '@chiron/protocol'
import { BREAK_GLASS } from '../../decide/purposes.ts'
import { isStrictlyNarrower } from '../../decide/terms.ts'
import type { Context } from '../../runtime/contract.ts'
import { ensure } from '../refusals.ts'
import { consentErrors } from './errors.ts'
import { MAX_RULES } from './limits.ts'
import type { ConsentPorts } from './ports.ts'
import * as store from './state.ts'

export type Ctx = Context<ConsentPorts>

export function requireOwner(ctx: Ctx, handle: Handle): void {
  ensure(ctx.ports.patientOf(ctx.state, handle) === ctx.signer, consentErrors.notOwner)
}

/** Acts that let more be seen than before need a key that the patient holds, or a sample network. */
export function requireWidening(ctx: Ctx): void {
  ensure(!ctx.ports.isCustodial(ctx.state, ctx.signer), consentErrors.custodial)
}

/** Checks a patient's terms and puts their lists in order, each item once. `self`: the rule that they replace. */
export function checkTerms(ctx: Ctx, handle: Handle, terms: RuleTerms, self?: ObjectId): RuleTerms {
  const checked = checkRule(ctx, terms)
  const { grantee, effect, overrides } = checked
  ensure(effect !== 'deny' || grantee.kind !== 'person' || grantee.did !== ctx.signer, consentErrors.granteeIsPatient)
  if (overrides !== null) checkOverride(ctx, handle, checked, overrides, self)
  return checked
}

/** What holds for the terms of every rule and order; their lists in order, each item once. */
export function checkRule(ctx: Ctx, terms: RuleTerms): RuleTerms {
  ensure(terms.until === null || (terms.until > terms.from && terms.until > ctx.block.timeMs), consentErrors.periodNotAllowed)
  checkGrantee(ctx, terms)
  const { conditions = [], obligations = [] } = terms
  if (terms.effect === 'deny') {
    ensure(conditions.every(({ kind }) => kind === 'jurisdiction') && obligations.length === 0, consentErrors.conditionNotAllowed)
  } else {
    ensure(terms.absolute === undefined, consentErrors.absoluteNotAllowed)
    ensure(!terms.purposes.includes(BREAK_GLASS), consentErrors.purposeNotAllowed)
  }
  return {
    ...terms,
    purposes: uniqueTexts(terms.purposes),
    categories: uniqueBytes(terms.categories),
    labels: uniqueBytes(terms.labels),
    records: uniqueBytes(terms.records),
    actions: uniqueTexts(terms.actions),
    ...(conditions.length > 0 ? { conditions: uniqueConditions(conditions) } : {}),
    ...(obligations.length > 0 ? { obligations: uniqueTexts(obligations) } : {}),
  }
}

function checkGrantee({ ports, state }: Ctx, { grantee }: RuleTerms): void {
  if (grantee.kind === 'person') ensure(ports.isPerson(state, grantee.did), consentErrors.granteeUnknown)
  else if (grantee.kind === 'organisation') ensure(ports.isOrganisation(state, grantee.did), consentErrors.granteeUnknown)
  else if (grantee.kind === 'role' && grantee.organisation !== undefined) ensure(ports.isOrganisation(state, grantee.organisation), consentErrors.granteeUnknown)
}

function checkOverride(ctx: Ctx, handle: Handle, terms: RuleTerms, overrides: ObjectId, self: ObjectId | undefined): void {
  const denial = store.getRule(ctx.state, handle, overrides)
  const itself = self !== undefined && equalBytes(self, overrides)
  const allowed =
    terms.effect === 'permit' && !itself && denial !== undefined && denial.terms.effect === 'deny' &&
    !isPast(denial.terms, ctx.block.timeMs) && isStrictlyNarrower(terms, denial.terms)
  ensure(allowed, consentErrors.overrideNotAllowed)
}

/** The rule, if it is in force or yet to come. */
export function requireRule(ctx: Ctx, handle: Handle, id: ObjectId): store.RuleRecord {
  const record = store.getRule(ctx.state, handle, id)
  if (record === undefined) {
    ensure(store.getEndedRule(ctx.state, handle, id) === undefined, consentErrors.ruleEnded)
    throw consentErrors.unknownRule()
  }
  ensure(!isPast(record.terms, ctx.block.timeMs), consentErrors.ruleEnded)
  return record
}

/** Adds a rule, after moving away those that ran out where there would be too many. */
export function addRule(ctx: Ctx, handle: Handle, id: ObjectId, terms: RuleTerms, request: ObjectId | null): void {
  if (store.getRuleCount(ctx.state, handle) >= MAX_RULES) sweepRules(ctx, handle)
  ensure(store.getRuleCount(ctx.state, handle) < MAX_RULES, consentErrors.tooManyRules)
  store.addRule(ctx.state, handle, id, { terms, grantedMs: ctx.block.timeMs, changedMs: ctx.block.timeMs, request })
  ctx.ports.list(ctx, handle, { kind: 'grant', rule: id, effect: terms.effect, terms: termsHash(terms) })
}

function sweepRules(ctx: Ctx, handle: Handle): void {
  for (const [id, record] of [...store.listRules(ctx.state, handle)]) {
    const { until } = record.terms
    if (until !== null && isPast(record.terms, ctx.block.timeMs)) store.endRule(ctx.state, handle, id, { ...record, endedMs: until, ended: 'expired' })
  }
}

/** SHA-256 over the terms' canonical encoding: what an entry in the list says of them. SPEC-CON-3. */
export function termsHash(terms: RuleTerms): Uint8Array {
  return sha256(encodeCanonical(terms))
}

export function isPast(terms: RuleTerms, timeMs: number): boolean {
  return terms.until !== null && timeMs >= terms.until
}

/** Whether an organisation is named by a permit that the patient made after `afterMs` and that is in force. */
export function isInvited(ctx: Ctx, handle: Handle, organisation: Did, afterMs: number): boolean {
  for (const [, { terms, changedMs }] of store.listRules(ctx.state, handle)) {
    if (terms.effect !== 'permit' || !names(terms.grantee, organisation)) continue
    if (changedMs > afterMs && terms.from <= ctx.block.timeMs && !isPast(terms, ctx.block.timeMs)) return true
  }
  return false
}

function names(grantee: RuleTerms['grantee'], organisation: Did): boolean {
  return (grantee.kind === 'organisation' && grantee.did === organisation) || (grantee.kind === 'role' && grantee.organisation === organisation)
}

export function uniqueTexts<T extends string>(items: readonly T[]): T[] {
  return [...new Set(items)].sort()
}

export function uniqueBytes<T extends Uint8Array>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [toHex(item), item])).values()].sort(compareBytes)
}

/** In the order of their canonical encodings, which is one for each meaning: countries are in order, too. */
function uniqueConditions(conditions: readonly RuleCondition[]): RuleCondition[] {
  const ordered = conditions.map((c) => (c.kind === 'jurisdiction' ? { ...c, of: uniqueTexts(c.of) } : c))
  const encoded = new Map(ordered.map((condition) => [toHex(encodeCanonical(condition)), condition]))
  return [...encoded].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, condition]) => condition)
}
