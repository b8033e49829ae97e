import { isAcceptablePublicKey, type Keyholder } from '@chiron/protocol'
import type { Effects } from '../effects.ts'
import { ensure } from '../refusals.ts'
import { custodyErrors } from './errors.ts'
import * as events from './events.ts'
import type { CustodyPorts } from './ports.ts'
import { isThresholdAllowed } from './quorum.ts'
import { getCurrent, setSet } from './state.ts'

const KEM_KEY_BYTES: Readonly<Record<Keyholder['suite'], number>> = { 'x-wing': 1216, x25519: 32 }

/** Makes the next set, numbered from 1, the current one. */
export function nameSet(effects: Effects, ports: CustodyPorts, keyholders: readonly Keyholder[], threshold: number): void {
  ensure(new Set(keyholders.map((k) => k.did)).size === keyholders.length, custodyErrors.keyholdersNotDistinct)
  for (const { signingKey, suite, kemKey } of keyholders) {
    ensure(isAcceptablePublicKey(signingKey) && kemKey.length === KEM_KEY_BYTES[suite], custodyErrors.keyNotAcceptable)
  }
  ensure(keyholders.length > 0 && isThresholdAllowed(keyholders.length, threshold), custodyErrors.thresholdOutOfBounds)
  for (const keyholder of keyholders) ports.ensureIdentity(effects, keyholder)
  const number = (getCurrent(effects.state) ?? 0) + 1
  setSet(effects.state, number, { keyholders: [...keyholders], threshold, sinceMs: effects.block.timeMs })
  effects.emit(events.setNamed(number, threshold))
}
