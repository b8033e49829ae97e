import { hmacSha256, toHex, utf8, type Did, type Handle } from '@chiron/protocol'
import { access, BREAK_GLASS, identity, type Tier } from '@chiron/ledger'
import type { AccessRecord } from '@chiron/fhir'
import type { Services } from '../services.ts'

/** The entries of a patient's list that are accesses, in the words that a FHIR AuditEvent is made of. */
export function auditRecords(
  services: Services,
  handle: Handle,
  patientId: string,
  entries: Iterable<readonly [index: number, entry: access.AccessEntry]>,
): AccessRecord[] {
  const records: AccessRecord[] = []
  for (const [index, entry] of entries) {
    const record = recordOf(services, handle, patientId, index, entry)
    if (record !== undefined) records.push(record)
  }
  return records
}

function recordOf(services: Services, handle: Handle, patientId: string, index: number, entry: access.AccessEntry): AccessRecord | undefined {
  const id = `${patientId}.${idOf(services, handle, index)}`
  const names = services.vocabulary.names(handle)
  const state = services.engine.state
  const who = (reader: Did, organisation: Did) => ({
    whoDid: reader,
    display: services.names.display(reader, identity.handleOwner(state, handle)),
    role: identity.attestationsOf(state, reader, entry.timeMs, organisation)[0]?.role ?? (reader === organisation ? 'organisation' : 'patient'),
  })
  const common = (reader: Did | null, organisation: Did) => ({
    id,
    ...(reader === null ? {} : who(reader, organisation)),
    organisation: { id: organisation, display: services.names.display(organisation) },
    patientId,
    atMs: entry.timeMs,
  })
  const aboutEmergency = (did: Did, organisation: Did, said: Readonly<Record<string, string>>, isOver = false): AccessRecord | undefined =>
    !('emergency' in entry) ? undefined : {
      ...common(did, organisation),
      kind: entry.kind,
      purpose: BREAK_GLASS,
      action: 'read',
      ruleIds: [],
      categories: [],
      outcome: 'success',
      emergency: { id: toHex(entry.emergency), isOver, said },
    }
  switch (entry.kind) {
    case 'open':
      return {
        ...common(entry.reader, entry.organisation),
        kind: 'open',
        purpose: entry.purpose,
        action: entry.action,
        ruleIds: entry.rules.map(toHex),
        ...restsOn(entry.tier),
        categories: [],
        outcome: 'success',
      }
    case 'refusal':
      return {
        ...common(entry.reader, entry.organisation),
        kind: 'refusal',
        purpose: entry.purpose,
        action: entry.action,
        ruleIds: [],
        categories: [],
        outcome: 'refused',
      }
    case 'report':
    case 'close': {
      const opened = access.access(state, entry.access)
      if (opened === undefined) return undefined
      return {
        ...common(opened.reader, opened.organisation),
        kind: entry.kind,
        purpose: opened.purpose,
        action: opened.action,
        ruleIds: opened.rules.map(toHex),
        ...restsOn(opened.tier),
        categories: entry.kind === 'report' ? entry.counts.map(({ category, count }) => ({ name: names.get(toHex(category)) ?? 'other', count })) : [],
        outcome: 'success',
      }
    }
    case 'emergency':
      return aboutEmergency(entry.reader, entry.organisation, { reason: entry.reason, until: timeText(entry.untilMs) })
    case 'confirmation':
      return aboutEmergency(entry.confirmer, entry.organisation, { until: timeText(entry.untilMs) })
    case 'review':
      return aboutEmergency(entry.reviewer, entry.organisation, { outcome: entry.outcome }, entry.outcome === 'unjustified')
    case 'dispute': {
      const disputed = access.emergency(state, handle, entry.emergency)
      const owner = identity.handleOwner(state, handle)
      return disputed === undefined || owner === undefined ? undefined : aboutEmergency(owner, disputed.organisation, {}, true)
    }
    default:
      return undefined
  }
}

const RESTS_ON: Readonly<Partial<Record<Tier, NonNullable<AccessRecord['restsOn']>>>> = { '3a': 'order', '4': 'emergency', '8': 'delegation' }

function restsOn(tier: Tier): Pick<AccessRecord, 'restsOn'> {
  const basis = RESTS_ON[tier]
  return basis === undefined ? {} : { restsOn: basis }
}

const timeText = (timeMs: number): string => new Date(timeMs).toISOString()

/** Of an entry: the place in the list would tell how many others there are. */
function idOf(services: Services, handle: Handle, index: number): string {
  return toHex(hmacSha256(services.vocabulary.tagKey(handle), utf8(`chiron/audit-event/v1/${index}`)).subarray(0, 12))
}
