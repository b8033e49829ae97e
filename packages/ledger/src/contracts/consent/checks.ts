import { compareBytes, encodeCanonical, equalBytes, sha256, toHex, type Did, type Handle, type ObjectId, type RuleTerms } from '@chiron/protocol'
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

/** Checks terms and puts their lists in order, each item once. `self`: the rule that they replace. */
export function checkTerms(ctx: Ctx, handle: Handle, terms: RuleTerms, self?: ObjectId): RuleTerms {
  ensure(terms.until === null || (terms.until > terms.from && terms.until > ctx.block.timeMs), consentErrors.periodNotAllowed)
  checkGrantee(ctx, terms)
  const checked: RuleTerms = {
    ...terms,
    purposes: uniqueTexts(terms.purposes),
    categories: uniqueBytes(terms.categories),
    labels: uniqueBytes(terms.labels),
    records: uniqueBytes(terms.records),
    actions: uniqueTexts(terms.actions),
  }
  if (terms.overrides !== null) checkOverride(ctx, handle, checked, terms.overrides, self)
  return checked
}

function checkGrantee(ctx: Ctx, { grantee, effect }: RuleTerms): void {
  if (grantee.kind === 'person') {
    ensure(ctx.ports.isPerson(ctx.state, grantee.did), consentErrors.granteeUnknown)
    ensure(effect !== 'deny' || grantee.did !== ctx.signer, consentErrors.granteeIsPatient)
  } else if (grantee.kind === 'organisation') {
    ensure(ctx.ports.isOrganisation(ctx.state, grantee.did), consentErrors.granteeUnknown)
  }
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
    if (terms.effect !== 'permit' || terms.grantee.kind !== 'organisation' || terms.grantee.did !== organisation) continue
    if (changedMs > afterMs && terms.from <= ctx.block.timeMs && !isPast(terms, ctx.block.timeMs)) return true
  }
  return false
}

function uniqueTexts<T extends string>(items: readonly T[]): T[] {
  return [...new Set(items)].sort()
}

function uniqueBytes<T extends Uint8Array>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [toHex(item), item])).values()].sort(compareBytes)
}
