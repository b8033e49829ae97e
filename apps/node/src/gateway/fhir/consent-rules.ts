import { dateOf, toHex, type Grantee, type Handle } from '@chiron/protocol'
import type { consent } from '@chiron/ledger'
import type { ConsentRule } from '@chiron/fhir'
import type { Services } from '../services.ts'

const STATUS = { active: 'active', future: 'active', expired: 'inactive', revoked: 'inactive' } as const

/**
 * A rule in the words that a FHIR Consent is made of; undefined where it says something that these words do not: a
 * Consent that said less would be another rule.
 */
export function consentRule(services: Services, handle: Handle, patientId: string, rule: consent.Rule): ConsentRule | undefined {
  const { terms } = rule
  const grantee = granteeOf(services, terms.grantee)
  const isMore = terms.conditions !== undefined || terms.obligations !== undefined || terms.absolute !== undefined
  if (grantee === undefined || isMore) return undefined
  const names = services.vocabulary.names(handle)
  const startOf = (day: number): number => Date.parse(dateOf(services.vocabulary.tagKey(handle), day))
  const { from = null, until = null } = terms.data ?? {}
  const named = (tag: Uint8Array): string => names.get(toHex(tag)) ?? 'other'
  return {
    id: toHex(rule.id),
    status: STATUS[rule.status],
    patientId,
    effect: terms.effect,
    grantee,
    purposes: terms.purposes,
    categories: terms.categories.map(named),
    labels: terms.labels.map(named),
    records: terms.records.map((record) => `urn:chiron:record:${toHex(record)}`),
    actions: terms.actions,
    fromMs: terms.from,
    ...(terms.until === null ? {} : { untilMs: terms.until }),
    ...(from === null ? {} : { dataFromMs: startOf(from) }),
    ...(until === null ? {} : { dataUntilMs: startOf(until) }),
    ...(terms.overrides === null ? {} : { overrides: toHex(terms.overrides) }),
  } as ConsentRule
}

function granteeOf(services: Services, grantee: Grantee): ConsentRule['grantee'] | undefined {
  switch (grantee.kind) {
    case 'anyone':
    case 'anyone-treating':
      return { kind: grantee.kind }
    case 'role':
      return grantee.organisation === undefined ? { kind: 'role', id: grantee.role } : undefined
    default:
      return { kind: grantee.kind, id: grantee.did, display: services.names.display(grantee.did) }
  }
}
