import * as v from 'valibot'
import { did, handle, jurisdiction, key32, memberName, salt, uint } from '../schema.ts'

/** Admits an organisation: its identity, name in addresses, and the handle of its own internal list. Signed by who governs. */
export const networkAddMember = v.strictObject({
  type: v.literal('network.addMember'),
  salt,
  did,
  name: memberName,
  handle,
  signingKey: key32,
  agreementKey: key32,
  inception: salt,
  jurisdiction: v.exactOptional(jurisdiction),
})

export const networkRemoveMember = v.strictObject({ type: v.literal('network.removeMember'), salt, did })

/** Says under which country's law a member acts. Signed by who governs. */
export const networkSetJurisdiction = v.strictObject({ type: v.literal('network.setJurisdiction'), salt, did, jurisdiction })

/** Parameters that governance may change. */
export const parameterName = v.picklist(['maxAccessMs', 'maxTxLifetimeMs', 'maxViewAgeMs', 'emergencyConfirmMs', 'maxEmergencyMs'])
export const networkSetParameter = v.strictObject({ type: v.literal('network.setParameter'), salt, name: parameterName, value: uint })
