import { toHex, type Grantee, type Handle } from '@chiron/protocol'
import type { consent } from '@chiron/ledger'
import type { ConsentRule } from '@chiron/fhir'
import type { Services } from '../services.ts'

const STATUS = { active: 'active', future: 'active', expired: 'inactive', revoked: 'inactive' } as const

/** A rule in the words that a FHIR Consent is made of. */
export function consentRule(services: Services, handle: Handle, patientId: string, rule: consent.Rule): ConsentRule {
  const { terms } = rule
  const names = services.vocabulary.names(handle)
  const named = (tag: Uint8Array): string => names.get(toHex(tag)) ?? 'other'
  return {
    id: toHex(rule.id),
    status: STATUS[rule.status],
    patientId,
    effect: terms.effect,
    grantee: granteeOf(services, terms.grantee),
    purposes: terms.purposes,
    categories: terms.categories.map(named),
    labels: terms.labels.map(named),
    records: terms.records.map((record) => `urn:chiron:record:${toHex(record)}`),
    actions: terms.actions,
    fromMs: terms.from,
    ...(terms.until === null ? {} : { untilMs: terms.until }),
    ...(terms.overrides === null ? {} : { overrides: toHex(terms.overrides) }),
  } as ConsentRule
}

function granteeOf(services: Services, grantee: Grantee): ConsentRule['grantee'] {
  switch (grantee.kind) {
    case 'anyone-treating':
      return { kind: 'anyone-treating' }
    case 'role':
      return { kind: 'role', id: grantee.role }
    default:
      return { kind: grantee.kind, id: grantee.did, display: services.names.display(grantee.did) }
  }
}
