import type { Did, Handle } from '@chiron/protocol'
import { indexPatient, type PatientSnapshot } from '../../decide/snapshot.ts'
import type { PatientFacts, ReaderFacts } from '../../decide/types.ts'
import type { StateReader } from '../../state/reader.ts'
import * as consent from '../consent/index.ts'
import * as identity from '../identity/index.ts'
import * as network from '../network/index.ts'
import * as records from '../records/index.ts'

/** Whether the organisation is a member and its identity not suspended. */
export function isLiveMember(state: StateReader, did: Did): boolean {
  return network.isMember(state, did) && !identity.isSuspended(state, did)
}

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
  const owner = ownerOf(state, handle)
  return {
    handle,
    owner: owner === undefined ? null : { ...owner, custodial: owner.kind === 'patient' && isCustodial(state, owner.did) },
    rules: [...consent.ruleRecords(state, handle)].map(([id, { terms }]) => ({ id, terms })),
    treatments: consent.treatmentsOf(state, handle).map(({ organisation, sinceMs, untilMs, contestedMs }) => ({
      organisation, fromMs: sinceMs, untilMs, contested: contestedMs !== null,
    })),
    authors: records.authorsOf(state, handle),
  }
}

/** {@link patientFacts}, indexed: build it once, decide a whole chart with it. */
export function patientSnapshot(state: StateReader, handle: Handle): PatientSnapshot {
  return indexPatient(patientFacts(state, handle))
}

/** What the state says about a reader who acts through an organisation. */
export function readerFacts(state: StateReader, did: Did, organisation: Did): ReaderFacts {
  const record = identity.identity(state, did)
  const delegation = identity.delegation(state, did, organisation)
  return {
    did,
    kind: record?.kind ?? null,
    suspended: record?.suspended ?? false,
    organisation,
    organisationLive: isLiveMember(state, organisation) || (did === organisation && identity.isSelfHeld(state, did)),
    attestations: identity.attestationsOf(state, did, 0, organisation).map(({ role, untilMs }) => ({ role, untilMs })),
    delegation: delegation === undefined ? null : { purposes: delegation.purposes, untilMs: delegation.untilMs },
  }
}
