import type { Target } from '@chiron/testkit/fuzz'
import { protocolTargets } from './protocol.ts'

/** Everything that bytes from outside reach. */
export const TARGETS: readonly Target[] = [...protocolTargets]
