import { accounts, applicationContracts, createRuntime, runtimeParameters, type Runtime, type RuntimeOptions } from '@chiron/ledger'
import type { NativeSignatures } from './signatures.ts'

/** The ledger's runtime with all contracts, which verifies signatures with the engine's verifier. */
export function applicationRuntime(signatures: NativeSignatures, onUnexpected: NonNullable<RuntimeOptions['onUnexpected']>): Runtime {
  return createRuntime({
    contracts: applicationContracts({ verify: signatures.verify.bind(signatures) }),
    accounts,
    parameters: runtimeParameters,
    verify: signatures.ofTx,
    onUnexpected,
  })
}
