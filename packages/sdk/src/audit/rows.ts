import { CATEGORIES, LABELS, tagOf, toHex, type Did, type ObjectId, type Tag } from '@chiron/protocol'
import type { AccessEntry } from '@chiron/ledger/proofs'
import { formatOrganisation, formatPerson, type ProvenNames } from './names.ts'

/** One row of a patient's list, as it is shown. Every field follows from the ledger's entry and proven names. */
export interface AuditFields {
  /** Role and DID of the person, `patient (DID)`, or the organisation itself. */
  readonly who: string
  /** Name of the member, or empty where no organisation took part. */
  readonly organisation: string
  readonly what: string
  /** Block time in ISO 8601, UTC. */
  readonly when: string
  /** HL7 PurposeOfUse code, or empty. */
  readonly purpose: string
  /** Ids of the rules in hexadecimal, or on what else it rested (`emergency ID`); empty where nothing was needed. */
  readonly rule: string
}

export type OpenEntry = Extract<AccessEntry, { kind: 'open' }>

/** The access that an entry is about, when another entry says who and why. */
export function openingOf(entry: AccessEntry): ObjectId | undefined {
  return entry.kind === 'close' || entry.kind === 'report' ? entry.access : undefined
}

/** Everybody whom a row names: people with the organisation they act for. */
export function partiesOf(entry: AccessEntry): { readonly people: readonly Did[]; readonly organisations: readonly Did[] } {
  if (entry.kind === 'endorsement') return { people: [entry.reader, entry.endorser], organisations: [entry.organisation] }
  if (entry.kind === 'refusal') return { people: entry.reader === null ? [] : [entry.reader], organisations: [entry.organisation] }
  if (entry.kind === 'review') return { people: [entry.reviewer], organisations: [entry.organisation] }
  if (entry.kind === 'confirmation') return { people: [entry.confirmer], organisations: [entry.organisation] }
  if (entry.kind === 'order') return { people: [], organisations: [entry.authority] }
  if (entry.kind === 'lift') return { people: [], organisations: [entry.by] }
  if (entry.kind === 'label') return { people: [], organisations: entry.by === null ? [] : [entry.by] }
  if ('reader' in entry) return { people: [entry.reader], organisations: [entry.organisation] }
  if (entry.kind === 'claim') return { people: [], organisations: [entry.organisation, entry.custodian] }
  return { people: [], organisations: 'organisation' in entry ? [entry.organisation] : [] }
}

const LATEST_MS = 8_640_000_000_000_000

/** Unix milliseconds in ISO 8601, UTC; the number itself where the calendar ends (ECMA-262 21.4.1.1). */
export function formatTime(timeMs: number): string {
  return timeMs <= LATEST_MS ? new Date(timeMs).toISOString() : `${timeMs} ms after 1970`
}

/** What a row needs besides its entry. */
export interface RowContext {
  readonly names: ProvenNames
  /** The patient's tag key (32 bytes): names the categories. SPEC-TAG-1. */
  readonly tagKey: Uint8Array
  /** The entry that opened the access, for a report or a close; undefined if it cannot be found. */
  readonly opening: OpenEntry | undefined
}

/** The row of an entry. The same function makes the list and checks it. */
export function formatRow(entry: AccessEntry, context: RowContext): AuditFields {
  const when = formatTime(entry.timeMs)
  return { ...describe(entry, context), when }
}

type Description = Omit<AuditFields, 'when'>

function describe(entry: AccessEntry, { names, tagKey, opening }: RowContext): Description {
  const patient = names.owner === undefined ? 'patient' : `patient (${names.owner})`
  const byPatient = (what: string, rule = ''): Description => ({ who: patient, organisation: '', what, purpose: '', rule })
  const byOrganisation = (did: Did, what: string): Description => ({ who: formatOrganisation(names, did), organisation: formatOrganisation(names, did), what, purpose: '', rule: '' })
  const underAccess = (what: string): Description =>
    opening === undefined
      ? { who: '', organisation: '', what, purpose: '', rule: '' }
      : { ...reader(names, opening), what, purpose: opening.purpose, rule: basis(opening) }
  switch (entry.kind) {
    case 'open':
      return { ...reader(names, entry), what: `opened access to ${entry.action}, until ${formatTime(entry.untilMs)} at the latest`, purpose: entry.purpose, rule: basis(entry) }
    case 'close':
      return underAccess(`access ended ${formatTime(entry.endedMs)}: ${CLOSED[entry.reason]}`)
    case 'report':
      return underAccess(`was shown ${shown(entry, tagKey)}`)
    case 'refusal':
      return { ...(entry.reader === null ? unnamed(names, entry.organisation) : reader(names, { ...entry, reader: entry.reader })), what: `was refused ${entry.count === 1 ? 'once' : `${entry.count} times`} to ${entry.action}`, purpose: entry.purpose, rule: '' }
    case 'grant':
      return byPatient(`made a rule: ${entry.effect}`, toHex(entry.rule))
    case 'modify':
      return byPatient(`changed a rule: ${entry.effect}`, toHex(entry.rule))
    case 'revoke':
      return byPatient('ended a rule', toHex(entry.rule))
    case 'request':
      return { ...reader(names, entry), what: `asked for access (request ${toHex(entry.request)})`, purpose: '', rule: '' }
    case 'answer':
      return byPatient(`${entry.rule === null ? 'denied' : 'approved'} request ${toHex(entry.request)}`, entry.rule === null ? '' : toHex(entry.rule))
    case 'treatment':
      return byOrganisation(entry.organisation, `stated that it treats the patient, until ${formatTime(entry.untilMs)}`)
    case 'claim-offer':
      return byOrganisation(entry.organisation, `gave out a code to claim the identity with, good until ${formatTime(entry.untilMs)}`)
    case 'claim':
      return byPatient(`took over the identity from ${formatOrganisation(names, entry.custodian)}, which had signed for the patient until then; passed on by ${formatOrganisation(names, entry.organisation)}`)
    case 'order':
      return { ...byOrganisation(entry.authority, `made an order: ${entry.effect}`), rule: toHex(entry.order) }
    case 'lift':
      return { ...byOrganisation(entry.by, 'lifted an order'), rule: toHex(entry.order) }
    case 'appoint':
      return byPatient(`let ${entry.delegate} act in the patient's place, until ${formatTime(entry.untilMs)}`, toHex(entry.delegation))
    case 'dismiss':
      return byPatient(`ended what ${entry.delegate} may do in the patient's place`)
    case 'endorsement':
      return {
        ...reader(names, entry),
        what: `was endorsed by ${formatPerson(names, entry.endorser, entry.organisation)}, until ${formatTime(entry.untilMs)}`, purpose: entry.purpose, rule: '',
      }
    case 'emergency':
      return {
        ...reader(names, entry),
        what: `declared an emergency (${REASONS[entry.reason]}), until ${formatTime(entry.untilMs)} unless a second clinician confirms it`, purpose: 'BTG', rule: toHex(entry.emergency),
      }
    case 'confirmation':
      return {
        ...reader(names, { reader: entry.confirmer, organisation: entry.organisation }),
        what: `confirmed the emergency: it lasts until ${formatTime(entry.untilMs)} at the latest`, purpose: 'BTG', rule: toHex(entry.emergency),
      }
    case 'review':
      return {
        ...reader(names, { reader: entry.reviewer, organisation: entry.organisation }),
        what: `reviewed the emergency: ${entry.outcome}`, purpose: '', rule: toHex(entry.emergency),
      }
    case 'dispute':
      return byPatient('contested the emergency, which ended it; another organisation reviews it', toHex(entry.emergency))
    case 'label': {
      const what = labelling(entry, tagKey)
      return entry.by === null ? byPatient(what) : byOrganisation(entry.by, what)
    }
    case 'contest':
      return byPatient(`ended the treating relationship of ${formatOrganisation(names, entry.organisation)}`)
  }
}

function labelling({ record, added, removed }: Extract<AccessEntry, { kind: 'label' }>, tagKey: Uint8Array): string {
  const names = new Map(LABELS.map((label) => [toHex(tagOf(tagKey, 'label', label)), label]))
  const said = (tags: readonly Tag[]): string => tags.map((tag) => names.get(toHex(tag)) ?? `label ${toHex(tag)}`).join(', ')
  const parts = [...(added.length > 0 ? [`put on ${said(added)}`] : []), ...(removed.length > 0 ? [`took off ${said(removed)}`] : [])]
  return `changed the labels of record ${toHex(record)}: ${parts.join('; ')}`
}

const CLOSED: Readonly<Record<Extract<AccessEntry, { kind: 'close' }>['reason'], string>> = {
  organisation: 'the organisation closed it',
  patient: 'the patient closed it',
  'no-basis': 'no rule allows it any more',
  expired: 'its time was over',
}

const REASONS: Readonly<Record<Extract<AccessEntry, { kind: 'emergency' }>['reason'], string>> = {
  'danger-to-life': 'danger to life or health',
  'cannot-be-asked': 'the patient could not be asked',
  'danger-to-others': 'danger to others',
  disaster: 'a disaster',
}

interface Party {
  readonly reader: Did
  readonly organisation: Did
  /** Tier that permitted, where something was opened. */
  readonly tier?: OpenEntry['tier']
}

function reader(names: ProvenNames, { reader: did, organisation, tier }: Party): Pick<AuditFields, 'who' | 'organisation'> {
  return { who: tier === '8' ? `delegate (${did})` : formatPerson(names, did, organisation), organisation: formatOrganisation(names, organisation) }
}

/** SPEC-ACC-10. */
function unnamed(names: ProvenNames, organisation: Did): Pick<AuditFields, 'who' | 'organisation'> {
  return { who: `somebody whom ${formatOrganisation(names, organisation)} may not name`, organisation: formatOrganisation(names, organisation) }
}

/** What the ids name, where they are no rules of the patient. */
const RESTS_ON: Readonly<Partial<Record<OpenEntry['tier'], string>>> = { '3a': 'order ', '4': 'emergency ', '8': 'delegation ' }

function basis({ tier, rules }: OpenEntry): string {
  if (rules.length > 0) return `${RESTS_ON[tier] ?? ''}${rules.map(toHex).join(' ')}`
  if (tier === '2') return 'own records'
  if (tier === '3b') return 'author of the records'
  return tier === '7' ? 'treating relationship' : `tier ${tier}`
}

function shown({ counts }: Extract<AccessEntry, { kind: 'report' }>, tagKey: Uint8Array): string {
  const names = new Map(CATEGORIES.map((category) => [toHex(tagOf(tagKey, 'category', category)), category]))
  if (counts.length === 0) return 'nothing'
  return counts.map(({ category, count }) => `${names.get(toHex(category)) ?? `category ${toHex(category)}`} (${count})`).join(', ')
}

