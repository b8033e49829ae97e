import type { Engine } from '../engine/engine.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { Names } from '../gateway/names.ts'
import type { Tokens } from '../gateway/tokens.ts'
import type { Signer } from '../ledger/submitter.ts'
import type { ClaimDesk } from '../patients/claim-desk.ts'
import type { PatientDesk } from '../patients/patient-desk.ts'
import type { Checkpoints } from '../transparency/checkpoints.ts'
import type { CustodialWallets, UserSigners } from '../patients/wallets.ts'

/** What the operator's socket works with. */
export interface ControlDependencies {
  readonly engine: Engine
  readonly checkpoints: Checkpoints
  readonly gateways: ReadonlyMap<string, Gateway>
  readonly desk: PatientDesk
  readonly claimDesk: ClaimDesk
  readonly tokens: Tokens
  readonly names: Names
  readonly wallets: CustodialWallets
  readonly users: UserSigners
  /** Signs as one of the node's organisations. */
  readonly organisations: (name: string) => Signer | undefined
  readonly url: string
  readonly dataDirectory: string
  readonly version: string
  readonly now: () => number
  /** Hears of errors that nobody foresaw: their names go to the log. */
  readonly onFailure?: (error: unknown) => void
}
