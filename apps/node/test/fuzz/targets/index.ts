import type { Target } from '@chiron/testkit/fuzz'
import { documentTargets } from './documents.ts'
import { fhirTargets } from './fhir.ts'
import { gatewayTargets } from './gateway.ts'
import { proofTargets } from './proofs.ts'
import { protocolTargets } from './protocol.ts'
import { vaultTargets } from './vault.ts'

/** Everything that bytes from outside reach. */
export const TARGETS: readonly Target[] = [...protocolTargets, ...vaultTargets, ...proofTargets, ...documentTargets, ...fhirTargets, ...gatewayTargets]
