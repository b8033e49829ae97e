import { toHex } from '@chiron/protocol'
import { InvariantError } from '../../runtime/errors.ts'
import type { StateReader } from '../../state/reader.ts'
import { MAX_PENDING, MAX_RULES } from './limits.ts'
import { getEndedRule, getRequestHandle, listAllRequests, listAllRules, listPendingCounts, listRuleCounts } from './state.ts'

/** Counts are right and within bounds; no rule is both in force and ended; requests are found by their id. */
export function consentInvariants(state: StateReader): void {
  const rules = new Map<string, number>()
  for (const [handle, id] of listAllRules(state)) {
    if (getEndedRule(state, handle, id) !== undefined) throw new InvariantError('consent: a rule is in force and ended')
    rules.set(toHex(handle), (rules.get(toHex(handle)) ?? 0) + 1)
  }
  for (const [handle, count] of listRuleCounts(state)) {
    if (count !== (rules.get(toHex(handle)) ?? 0) || count > MAX_RULES) throw new InvariantError('consent: rules are counted wrong')
    rules.delete(toHex(handle))
  }
  const pending = new Map<string, number>()
  for (const [handle, id, { organisation }] of listAllRequests(state)) {
    if (getRequestHandle(state, id) === undefined) throw new InvariantError('consent: a request is not found by its id')
    const key = `${toHex(handle)} ${organisation}`
    pending.set(key, (pending.get(key) ?? 0) + 1)
  }
  for (const [handle, organisation, count] of listPendingCounts(state)) {
    const key = `${toHex(handle)} ${organisation}`
    if (count !== (pending.get(key) ?? 0) || count > MAX_PENDING) throw new InvariantError('consent: requests are counted wrong')
    pending.delete(key)
  }
  if (rules.size > 0 || pending.size > 0) throw new InvariantError('consent: a handle is not counted')
}
