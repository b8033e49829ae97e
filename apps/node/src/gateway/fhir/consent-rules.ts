import type { Consent } from '@medplum/fhirtypes'
import { dateOf, fromHex, toHex, type Grantee, type Handle } from '@chiron/protocol'
import type { consent } from '@chiron/ledger'
import { consentFrom, FhirError, type ConsentCondition, type ConsentRule } from '@chiron/fhir'
import type { Services } from '../services.ts'

const STATUS = { active: 'active', future: 'active', expired: 'inactive', revoked: 'inactive' } as const

/**
 * A rule as FHIR Consent, with records as `Type/id` where this index has them. Undefined where FHIR has no words for it: a
 * Consent that said less would be another rule.
 */
export async function consentOf(services: Services, handle: Handle, patientId: string, rule: consent.Rule): Promise<Consent | undefined> {
  const said = ruleInWords(services, handle, patientId, rule)
  if (said === undefined) return undefined
  try {
    const records = await Promise.all(said.records.map(async (record) => await nameOf(services, record)))
    const { endedMs, changedMs } = rule
    const atMs = Math.max(changedMs, endedMs ?? 0)
    return { ...consentFrom({ ...said, records }), meta: { versionId: String(atMs), lastUpdated: new Date(atMs).toISOString() } }
  } catch (error) {
    if (error instanceof FhirError || error instanceof RangeError) return undefined
    throw error
  }
}

/** A rule in the words that a FHIR Consent is made of; records by their ids on the ledger. Undefined for tags of another patient. */
export function ruleInWords(services: Services, handle: Handle, patientId: string, rule: Pick<consent.Rule, 'id' | 'status' | 'terms'>): ConsentRule | undefined {
  const { terms } = rule
  const names = services.vocabulary.names(handle)
  const startOf = (day: number): number => Date.parse(dateOf(services.vocabulary.tagKey(handle), day))
  const { from = null, until = null } = terms.data ?? {}
  const named = (tags: readonly Uint8Array[]): string[] => tags.flatMap((tag) => names.get(toHex(tag)) ?? [])
  const [categories, labels] = [named(terms.categories), named(terms.labels)]
  if (categories.length < terms.categories.length || labels.length < terms.labels.length) return undefined
  return {
    id: toHex(rule.id),
    status: STATUS[rule.status],
    patientId,
    effect: terms.effect,
    grantee: granteeOf(services, terms.grantee),
    purposes: terms.purposes,
    categories,
    labels,
    records: terms.records.map((record) => `${LEDGER_RECORD}${toHex(record)}`),
    actions: terms.actions,
    fromMs: terms.from,
    ...(terms.until === null ? {} : { untilMs: terms.until }),
    ...(from === null ? {} : { dataFromMs: startOf(from) }),
    ...(until === null ? {} : { dataUntilMs: startOf(until) }),
    ...(terms.overrides === null ? {} : { overrides: toHex(terms.overrides) }),
    ...(terms.conditions === undefined ? {} : { conditions: terms.conditions.map((each): ConsentCondition => (each.kind === 'terms' ? { kind: 'terms', hash: toHex(each.hash) } : each)) }),
    ...(terms.obligations === undefined ? {} : { obligations: terms.obligations }),
    ...(terms.absolute === undefined ? {} : { absolute: terms.absolute }),
  }
}

/** Before the id of a record on the ledger, where it is named by that. */
export const LEDGER_RECORD = 'urn:chiron:record:'

async function nameOf(services: Services, record: string): Promise<string> {
  const [row] = await services.index.rowsOf({ record: fromHex(record.slice(LEDGER_RECORD.length)) })
  return row === undefined ? record : `${row.type}/${(await services.index.localId(row.type, row.id)) ?? row.id}`
}

function granteeOf(services: Services, grantee: Grantee): ConsentRule['grantee'] {
  const party = (did: Parameters<typeof services.names.display>[0]) => ({ id: did, display: services.names.display(did) })
  switch (grantee.kind) {
    case 'anyone':
    case 'anyone-treating':
      return { kind: grantee.kind }
    case 'role':
      return { kind: 'role', id: grantee.role, ...(grantee.organisation === undefined ? {} : { at: party(grantee.organisation) }) }
    default:
      return { kind: grantee.kind, ...party(grantee.did) }
  }
}
