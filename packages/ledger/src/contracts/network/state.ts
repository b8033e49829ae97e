import { schema, utf8, type Did } from '@chiron/protocol'
import * as v from 'valibot'
import type { StateReader, StateWriter } from '../../state/reader.ts'
import { didAt, didPart, factTable, flatTable } from '../table.ts'

/** A member organisation. `removedMs` null: still one. No `jurisdiction`: not known. */
const memberRecord = v.strictObject({
  name: schema.memberName,
  handle: schema.handle,
  sinceMs: schema.timeMs,
  removedMs: v.nullable(schema.timeMs),
  jurisdiction: v.exactOptional(schema.jurisdiction),
})
export type MemberRecord = v.InferOutput<typeof memberRecord>

const members = factTable('net/m/', memberRecord)
const governors = factTable('net/g/', v.literal(true))
const parameterValues = factTable('net/p/', schema.uint)
const settings = factTable('net/s/', v.strictObject({ sample: v.boolean(), blockSigner: schema.did }))
const names = flatTable('net/n/', schema.did)

export const getMember = (state: StateReader, did: Did): MemberRecord | undefined => members.get(state, didPart(did))
export const getNamed = (state: StateReader, name: string): Did | undefined => names.get(state, utf8(name))

export function* listMembers(state: StateReader): Iterable<MemberRecord & { readonly did: Did }> {
  for (const { key, value } of members.list(state)) yield { did: didAt(key, 0), ...value }
}

export function setMember(state: StateWriter, did: Did, member: MemberRecord): void {
  members.set(state, member, didPart(did))
  names.set(state, did, utf8(member.name))
}

export const hasGovernor = (state: StateReader, did: Did): boolean => governors.has(state, didPart(did))
export const setGovernor = (state: StateWriter, did: Did): void => governors.set(state, true, didPart(did))

export function* listGovernors(state: StateReader): Iterable<Did> {
  for (const { key } of governors.list(state)) yield didAt(key, 0)
}

export const getParameter = (state: StateReader, name: string): number | undefined => parameterValues.get(state, utf8(name))
export const setParameterValue = (state: StateWriter, name: string, value: number): void => parameterValues.set(state, value, utf8(name))

export type NetworkSettings = { readonly sample: boolean; readonly blockSigner: Did }
export const getSettings = (state: StateReader): NetworkSettings | undefined => settings.get(state)
export const setSettings = (state: StateWriter, value: NetworkSettings): void => settings.set(state, { ...value })
