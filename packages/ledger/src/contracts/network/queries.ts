import type { Did } from '@chiron/protocol'
import type { StateReader } from '../../state/reader.ts'
import { PARAMETERS, type ParameterName } from './parameters.ts'
import * as store from './state.ts'

export interface Member extends store.MemberRecord {
  readonly did: Did
}

/** Members, live ones only unless asked otherwise, in the order of their DIDs. */
export function members(state: StateReader, options: { readonly removed?: boolean } = {}): Member[] {
  return [...store.listMembers(state)].filter((m) => options.removed === true || m.removedMs === null)
}

export function member(state: StateReader, did: Did): Member | undefined {
  const record = store.getMember(state, did)
  return record && { did, ...record }
}

/** The live member of that name. */
export function memberByName(state: StateReader, name: string): Member | undefined {
  const did = store.getNamed(state, name)
  const found = did && member(state, did)
  return found?.removedMs === null ? found : undefined
}

/** Whether the organisation is a member now. Suspension of its identity is asked elsewhere. */
export function isMember(state: StateReader, did: Did): boolean {
  return store.getMember(state, did)?.removedMs === null
}

export function isGovernor(state: StateReader, did: Did): boolean {
  return store.hasGovernor(state, did)
}

export function parameter(state: StateReader, name: ParameterName): number {
  return store.getParameter(state, name) ?? PARAMETERS[name].initial
}

/** Every parameter, in milliseconds. */
export function parameters(state: StateReader): Readonly<Record<ParameterName, number>> {
  return {
    maxAccessMs: parameter(state, 'maxAccessMs'),
    maxTxLifetimeMs: parameter(state, 'maxTxLifetimeMs'),
    maxViewAgeMs: parameter(state, 'maxViewAgeMs'),
    emergencyConfirmMs: parameter(state, 'emergencyConfirmMs'),
    maxEmergencyMs: parameter(state, 'maxEmergencyMs'),
  }
}

/** Whether this is a sample network, on which custodial wallets may grant. */
export function isSample(state: StateReader): boolean {
  return store.getSettings(state)?.sample ?? false
}

/** Who signs embedded blocks. */
export function blockSigner(state: StateReader): Did | undefined {
  return store.getSettings(state)?.blockSigner
}
