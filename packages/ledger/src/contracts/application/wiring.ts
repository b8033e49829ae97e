import { verifyEd25519, type Did, type Role } from '@chiron/protocol'
import type { AccountsPort, ParametersPort } from '../../runtime/ports.ts'
import { wire, type WiredContract } from '../../runtime/wiring.ts'
import type { StateReader } from '../../state/reader.ts'
import * as access from '../access/index.ts'
import * as consent from '../consent/index.ts'
import * as custody from '../custody/index.ts'
import * as identity from '../identity/index.ts'
import * as network from '../network/index.ts'
import * as records from '../records/index.ts'
import { rememberFacts } from '../facts-memo.ts'
import { CLINICAL_ROLES } from '../../decide/standing.ts'
import { basisOf } from './basis.ts'
import { writeDecider } from './decisions.ts'
import { isCustodial, isLiveMember, ownerOf } from './snapshot.ts'

export interface ApplicationOptions {
  /** Checks keyholders' receipts and claims. Must accept exactly what `verifyEd25519` of protocol accepts, which is the default. */
  readonly verify?: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean
}

/** Who may sign transactions, and with which key. */
export const accounts: AccountsPort = { signingKey: rememberFacts((did: Did, keyId: string) => `${did} ${keyId}`, identity.signingKey) }

/** Parameters that the runtime follows. */
export const runtimeParameters: ParametersPort = { maxTxLifetimeMs: rememberFacts(() => '', (state) => network.parameter(state, 'maxTxLifetimeMs')) }

/** All contracts with their ports, in the order in which they make the first state. */
export function applicationContracts(options: ApplicationOptions = {}): readonly WiredContract[] {
  const verify = options.verify ?? verifyEd25519
  const custodyPorts: custody.CustodyPorts = {
    isGovernor: network.isGovernor,
    ensureIdentity(effects, keyholder) {
      if (!identity.isRegistered(effects.state, keyholder.did)) {
        identity.registerTrusted(effects, { ...keyholder, kind: 'device', controller: null })
      }
    },
    verify,
  }
  return [
    wire(identity.identityContract, { ...identityPorts, verify }),
    wire(network.networkContract, networkPorts),
    wire(custody.custodyContract, custodyPorts),
    wire(records.recordsContract, {
      isLiveMember,
      ownerOf,
      acceptBatch: (effects, set, root, receipts) => custody.acceptBatch(effects, custodyPorts, set, root, receipts),
      receiptChecks: custody.receiptChecks,
      writeDecider,
      isCustodial,
      list: (effects, handle, entry) => void access.appendEntry(effects.state, handle, { ...entry, timeMs: effects.block.timeMs }),
    }),
    wire(consent.consentContract, consentPorts),
    wire(access.accessContract, accessPorts),
  ]
}

/** As `access.mayNameRefused`: what the contract asks of a report, so that a gateway need not ask in vain. */
export const mayNameRefused = (state: StateReader, refusal: Parameters<typeof access.mayNameRefused>[2], timeMs: number): boolean =>
  access.mayNameRefused(state, accessPorts, refusal, timeMs)

/** Roles in which an organisation orders what no patient decides. */
const AUTHORITY_ROLES: ReadonlySet<Role> = new Set(['regulator', 'public-health'])

const networkPorts: network.NetworkPorts = {
  registerOrganisation(effects, organisation) {
    identity.registerIdentity(effects, { ...organisation, kind: 'organisation', controller: null })
    identity.giveHandle(effects, organisation.did, organisation.handle)
  },
  isRegistered: identity.isRegistered,
}

const accessPorts: access.AccessPorts = {
  isLiveMember,
  handleOwner: identity.handleOwner,
  isPatientHandle: (state, handle) => ownerOf(state, handle)?.kind === 'patient',
  isReaderOf(state, reader, organisation, timeMs) {
    if (identity.identity(state, reader)?.kind !== 'patient') return identity.belongsTo(state, reader, organisation, timeMs)
    return timeMs < (identity.delegation(state, reader, organisation)?.untilMs ?? 0)
  },
  isProfessional: identity.isProfessional,
  isClinician: (state, did, organisation, timeMs) => identity.isProfessional(state, did, organisation, timeMs, CLINICAL_ROLES),
  basisOf,
  maxAccessMs: (state) => network.parameter(state, 'maxAccessMs'),
  emergencyConfirmMs: (state) => network.parameter(state, 'emergencyConfirmMs'),
  maxEmergencyMs: (state) => network.parameter(state, 'maxEmergencyMs'),
}

const consentPorts: consent.ConsentPorts = {
  isLiveMember,
  patientOf(state, handle) {
    const owner = ownerOf(state, handle)
    return owner?.kind === 'patient' ? owner.did : undefined
  },
  isCustodial,
  isPerson(state, did) {
    const kind = identity.identity(state, did)?.kind
    return kind !== undefined && kind !== 'organisation'
  },
  isOrganisation: (state, did) => identity.identity(state, did)?.kind === 'organisation',
  isPatient: (state, did) => identity.identity(state, did)?.kind === 'patient',
  isGovernor: network.isGovernor,
  isAuthority: (state, did, timeMs) =>
    identity.attestationsOf(state, did, timeMs, did).some(({ role, issuer }) => AUTHORITY_ROLES.has(role) && network.isGovernor(state, issuer)),
  belongsTo: identity.belongsTo,
  endAccesses: (effects, handle) => access.endAccesses(effects, accessPorts, handle),
  list: (effects, handle, entry) => void access.appendEntry(effects.state, handle, { ...entry, timeMs: effects.block.timeMs }),
}

const identityPorts: Omit<identity.IdentityPorts, 'verify'> = {
  isLiveMember,
  isGovernor: network.isGovernor,
  startTreatment: (effects, handle, organisation) => consent.startTreatment(effects, consentPorts, handle, organisation),
  endAccesses: (effects, handle) => access.endAccesses(effects, accessPorts, handle),
  list: (effects, handle, entry) => void access.appendEntry(effects.state, handle, { ...entry, timeMs: effects.block.timeMs }),
}
