import { accounts, applicationContracts, createRuntime, runtimeParameters, type Runtime, type RuntimeOptions } from '@chiron/ledger'
import { useNativeSha256 } from './native-sha256.ts'
import type { NativeSignatures } from './signatures.ts'

/** The ledger's runtime with all contracts, which verifies signatures with the engine's verifier and hashes with OpenSSL. */
export function applicationRuntime(signatures: NativeSignatures, onUnexpected: NonNullable<RuntimeOptions['onUnexpected']>): Runtime {
  useNativeSha256()
  return createRuntime({
    contracts: applicationContracts({ verify: signatures.verify.bind(signatures) }),
    accounts,
    parameters: runtimeParameters,
    verify: signatures.ofTx,
    isVerified: signatures.isKnown,
    onUnexpected,
  })
}
