import { toHex, type Did, type Handle, type ObjectId } from '@chiron/protocol'
import { indexPatient, type PatientSnapshot } from '../../decide/snapshot.ts'
import type { PatientFacts, ReaderFacts, RuleFacts } from '../../decide/types.ts'
import { toText } from '../../state/byte-map.ts'
import type { StateReader } from '../../state/reader.ts'
import * as access from '../access/index.ts'
import * as consent from '../consent/index.ts'
import * as identity from '../identity/index.ts'
import * as network from '../network/index.ts'
import * as records from '../records/index.ts'
import { rememberFacts } from '../facts-memo.ts'
import { contentVersion } from '../versions.ts'
import { isKnownRule, SnapshotCache, type KnownRules, type PatientContent } from './snapshot-cache.ts'

/** Whether the organisation is a member and its identity not suspended. */
export const isLiveMember = rememberFacts((did: Did) => did, (state, did) => network.isMember(state, did) && !identity.isSuspended(state, did))

/** Whose handle it is. */
export function ownerOf(state: StateReader, handle: Handle): { readonly did: Did; readonly kind: 'patient' | 'organisation' } | undefined {
  const did = identity.handleOwner(state, handle)
  const kind = did && identity.identity(state, did)?.kind
  return did !== undefined && (kind === 'patient' || kind === 'organisation') ? { did, kind } : undefined
}

/** Whether another holds the identity's key and this is no sample network. */
export function isCustodial(state: StateReader, did: Did): boolean {
  return !network.isSample(state) && identity.controller(state, did) !== null
}

/** What the state says about a handle, at no particular time: `decide()` compares times. */
export function patientFacts(state: StateReader, handle: Handle): PatientFacts {
  return join(readContent(state, handle, new Map()), standingOf(state, handle))
}

const cache = new SnapshotCache()

/**
 * {@link patientFacts}, indexed, to decide a whole chart with. Built once for each content (`versions.ts`) and shared by
 * everybody who asks for the same, whatever the state: it is never changed.
 */
export function patientSnapshot(state: StateReader, handle: Handle): PatientSnapshot {
  const standing = standingOf(state, handle)
  const version = contentVersion(state, handle)
  if (version === undefined) return indexPatient(join(readContent(state, handle, new Map()), standing))
  return cache.get(toText(handle), version, standing.key, {
    read: (known) => readContent(state, handle, known),
    index: (content) => indexPatient(join(content, standing)),
  })
}

/** What may change about a handle without a write to its content: who owns it, and whether others hold people's keys. */
interface Standing {
  readonly owner: PatientFacts['owner']
  readonly custodialDelegates: ReadonlySet<Did>
  /** One text for each of the above. */
  readonly key: string
}

function standingOf(state: StateReader, handle: Handle): Standing {
  const found = ownerOf(state, handle)
  const owner = found === undefined ? null : { ...found, custodial: found.kind === 'patient' && isCustodial(state, found.did) }
  const delegates = [...consent.delegatesOf(state, handle)].map(([did]) => did)
  const custodialDelegates = new Set(delegates.filter((did) => isCustodial(state, did)))
  const key = [owner === null ? '' : `${owner.did} ${owner.kind} ${owner.custodial}`, ...custodialDelegates].join(' ')
  return { owner, custodialDelegates, key }
}

function join(content: PatientContent, { owner, custodialDelegates }: Standing): PatientFacts {
  const { rules, ...facts } = content
  return {
    ...facts,
    owner,
    rules: [...rules.values()].map(({ facts }) => facts),
    delegates: facts.delegates.map((delegate) => ({ ...delegate, custodial: custodialDelegates.has(delegate.delegate) })),
  }
}

/** Reads what a version names. A rule whose bytes are known is not decoded again. */
function readContent(state: StateReader, handle: Handle, known: KnownRules): PatientContent {
  const orders = [...consent.ordersOf(state, handle), ...consent.ordersOf(state, null)]
  return {
    handle,
    rules: readRules(state, handle, known),
    orders: orders.map(([id, { terms }]) => ({ id, terms })),
    delegates: [...consent.delegatesOf(state, handle)].map(([delegate, { id, actions, categories, labels, sinceMs, untilMs }]) => ({
      id, delegate, actions, categories, labels, fromMs: sinceMs, untilMs,
    })),
    emergencies: access.openEmergenciesOf(state, handle).filter(({ endedMs }) => endedMs === null).map((emergency) => ({
      id: emergency.id,
      reader: emergency.reader,
      organisation: emergency.organisation,
      fromMs: emergency.declaredMs,
      untilMs: access.emergencyUntil(emergency),
    })),
    endorsements: [...access.endorsementsOf(state, handle)].map(({ reader, organisation, purpose, endorser, sinceMs, untilMs }) => ({
      reader, organisation, purpose, endorser, fromMs: sinceMs, untilMs,
    })),
    treatments: consent.treatmentsOf(state, handle).map(({ organisation, sinceMs, untilMs, contestedMs }) => ({
      organisation, fromMs: sinceMs, untilMs, contested: contestedMs !== null,
    })),
    authors: records.authorsOf(state, handle),
  }
}

function readRules(state: StateReader, handle: Handle, known: KnownRules): KnownRules {
  const rules = new Map<string, { readonly bytes: Uint8Array; readonly facts: RuleFacts }>()
  for (const [id, bytes] of consent.listRuleBytes(state, handle)) {
    const key = toHex(id)
    const before = known.get(key)
    rules.set(key, before !== undefined && isKnownRule(before, bytes) ? before : { bytes, facts: ruleFacts(id, bytes) })
  }
  return rules
}

function ruleFacts(id: ObjectId, bytes: Uint8Array): RuleFacts {
  return { id, terms: consent.decodeRule(bytes).terms }
}

/** What the state says about a reader who acts through an organisation. */
export const readerFacts = rememberFacts((did: Did, organisation: Did) => did + organisation, (state, did, organisation): ReaderFacts => {
  const record = identity.identity(state, did)
  const delegation = identity.delegation(state, did, organisation)
  return {
    did,
    kind: record?.kind ?? null,
    suspended: record?.suspended ?? false,
    organisation,
    organisationLive: isLiveMember(state, organisation) || (did === organisation && identity.isSelfHeld(state, did)),
    jurisdiction: network.member(state, organisation)?.jurisdiction ?? null,
    acceptedTerms: [...consent.acceptedTerms(state, organisation)],
    attestations: identity.attestationsOf(state, did, 0, organisation).map(({ role, untilMs }) => ({ role, untilMs })),
    delegation: delegation === undefined ? null : { purposes: delegation.purposes, untilMs: delegation.untilMs },
  }
})

/**
 * The next block time after `timeMs` at which the passing of time alone may change what is decided for a handle;
 * undefined: none. Ends of roles and delegations of readers are not among them.
 */
export function nextChange(state: StateReader, handle: Handle, timeMs: number): number | undefined {
  const { rules, orders, delegates, emergencies, endorsements, treatments } = patientSnapshot(state, handle).facts
  let next: number | undefined
  const note = (time: number | null): void => {
    if (time !== null && time > timeMs) next = Math.min(next ?? time, time)
  }
  for (const { terms } of [...rules, ...orders]) for (const time of [terms.from, terms.until]) note(time)
  for (const { fromMs, untilMs } of [...delegates, ...emergencies, ...endorsements, ...treatments]) for (const time of [fromMs, untilMs]) note(time)
  return next
}
