import { deriveDid, equalBytes, isAcceptableAgreementKey, isAcceptablePublicKey, type Did, type Handle } from '@chiron/protocol'
import type { Effects } from '../effects.ts'
import { ensure } from '../refusals.ts'
import { identityErrors } from './errors.ts'
import * as events from './events.ts'
import { formatKeyId } from './queries.ts'
import * as store from './state.ts'

export interface NewIdentity {
  readonly kind: store.IdentityRecord['kind']
  readonly did: Did
  readonly controller: Did | null
  readonly signingKey: Uint8Array
  readonly agreementKey: Uint8Array
  readonly inception: Uint8Array
}

/** Writes a self-certifying identity with its first key. */
export function registerIdentity(effects: Effects, identity: NewIdentity): void {
  const derived = deriveDid(identity.kind, identity.signingKey, identity.inception)
  ensure(derived === identity.did, identityErrors.notDerived)
  registerTrusted(effects, identity)
}

/** As {@link registerIdentity} for a DID that governance vouches for: it names no inception to derive it from. */
export function registerTrusted(effects: Effects, identity: Omit<NewIdentity, 'inception'>): void {
  const { state, block } = effects
  ensure(isAcceptablePublicKey(identity.signingKey), identityErrors.keyNotAcceptable)
  ensure(store.getIdentity(state, identity.did) === undefined, identityErrors.alreadyRegistered)
  store.setIdentity(state, identity.did, {
    kind: identity.kind, controller: identity.controller, key: 1, suspended: false, sinceMs: block.timeMs,
  })
  store.setKey(state, identity.did, 1, {
    signing: identity.signingKey, agreement: identity.agreementKey, fromMs: block.timeMs, untilMs: null,
  })
  effects.emit(events.registered(identity.did, identity.kind))
}

/** Gives an identity its next key; the one before ends at once. `record` is the identity as it shall be, but for the key's number. */
export function replaceKey(effects: Effects, did: Did, record: store.IdentityRecord, keys: { readonly signingKey: Uint8Array; readonly agreementKey: Uint8Array }): void {
  const { state, block } = effects
  ensure(isAcceptablePublicKey(keys.signingKey) && isAcceptableAgreementKey(keys.agreementKey), identityErrors.keyNotAcceptable)
  for (const [number, old] of store.listKeys(state, did)) {
    ensure(!equalBytes(old.signing, keys.signingKey), identityErrors.keyReused)
    if (number === record.key) store.setKey(state, did, number, { ...old, untilMs: block.timeMs })
  }
  const next = record.key + 1
  store.setKey(state, did, next, { signing: keys.signingKey, agreement: keys.agreementKey, fromMs: block.timeMs, untilMs: null })
  store.setIdentity(state, did, { ...record, key: next })
  effects.emit(events.keyRotated(did, formatKeyId(next)))
}

/** Gives a handle, once and for all, to an identity. */
export function giveHandle(effects: Effects, did: Did, handle: Handle): void {
  ensure(store.getOwner(effects.state, handle) === undefined, identityErrors.handleTaken)
  store.setOwner(effects.state, handle, did)
  effects.emit(events.handleAdded(did, handle))
}
