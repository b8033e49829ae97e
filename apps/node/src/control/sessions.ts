import { network } from '@chiron/ledger'
import type { Did } from '@chiron/protocol'
import { GatewayError } from '../gateway/errors.ts'
import type { Reader } from '../gateway/reader.ts'
import { TOKEN_LIFETIME_S } from '../gateway/tokens.ts'
import { ensureDelegations } from '../ledger/delegations.ts'
import type { Signer } from '../ledger/submitter.ts'
import type { ControlDependencies } from './dependencies.ts'
import { organisationNamed, userNamed } from './lookups.ts'

/** What users of the sample may ask for. */
export const USER_SCOPES = ['user/*.cruds'] as const
const PATIENT_SCOPES = ['patient/*.rs', 'patient/Consent.cu'] as const

/** A token of a user, on a sample network: the user's key lets the organisation's gateway act, on the ledger, first. */
export async function userToken(dependencies: ControlDependencies, organisation: string, user: string, purpose: string) {
  requireSample(dependencies)
  const signer = userNamed(dependencies, organisation, user)
  await ensureDelegations(dependencies.engine, signer, [organisationNamed(dependencies, organisation).did], dependencies.now())
  return await issued(dependencies, { did: signer.did, organisation, user, purpose, scopes: USER_SCOPES })
}

/** A token of a patient, on a sample network, good at every organisation of the node. `patientId` is canonical. */
export async function patientToken(dependencies: ControlDependencies, patientId: string, purpose: string) {
  requireSample(dependencies)
  const signer = await patientSigner(dependencies, patientId)
  await ensureDelegations(dependencies.engine, signer, [...dependencies.gateways.values()].map(({ services }) => services.organisation.did), dependencies.now())
  return await issued(dependencies, { did: signer.did, patientId, purpose, scopes: PATIENT_SCOPES })
}

/** The patient who asks for their own records (HL7 PATRQT), for an export; delegated as for a token. */
export async function patientReader(dependencies: ControlDependencies, patientId: string, organisation: Did): Promise<Reader> {
  const signer = await patientSigner(dependencies, patientId)
  await ensureDelegations(dependencies.engine, signer, [organisation], dependencies.now())
  return { did: signer.did, patientId, purpose: 'PATRQT', scopes: PATIENT_SCOPES }
}

/** An organisation's `admin` as a reader, for imports; delegated as for a token. */
export async function adminReader(dependencies: ControlDependencies, organisation: string): Promise<Reader> {
  const signer = userNamed(dependencies, organisation, 'admin')
  await ensureDelegations(dependencies.engine, signer, [organisationNamed(dependencies, organisation).did], dependencies.now())
  return { did: signer.did, user: 'admin', purpose: 'HOPERAT', scopes: USER_SCOPES }
}

export function requireSample({ engine }: ControlDependencies): void {
  if (!network.isSample(engine.state)) throw new GatewayError('ERR_GATEWAY_SAMPLE_ONLY', 'this works on a sample network only; elsewhere users sign in and patients sign for themselves')
}

async function patientSigner({ wallets }: ControlDependencies, patientId: string): Promise<Signer> {
  const signer = await wallets.signerFor(patientId)
  if (signer === undefined) throw new GatewayError('ERR_GATEWAY_NOT_FOUND', 'this node holds no wallet of the patient')
  return signer
}

async function issued({ tokens, now }: ControlDependencies, subject: Parameters<ControlDependencies['tokens']['issue']>[0]) {
  return { token: await tokens.issue(subject), expiresMs: now() + TOKEN_LIFETIME_S * 1000 }
}
