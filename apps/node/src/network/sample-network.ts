import { randomBytes } from 'node:crypto'
import { encodeCanonical, sha256, utf8, concatBytes, type Genesis, type Handle, type Message, type Role } from '@chiron/protocol'
import { identity } from '@chiron/ledger'
import { DEFAULT_KEM_SUITE, deriveKemKeyPair, faultsTolerated, type KemKeyPair } from '@chiron/vault'
import type { Engine } from '../engine/engine.ts'
import type { NamedUser } from '../gateway/names.ts'
import { Identity, Secret, type KeyFiles } from '../keys/index.ts'
import { submitMessages, validUntilFrom } from '../ledger/submitter.ts'

/** Organisations of the sample network: a hospital and a clinic. */
export const SAMPLE_ORGANISATIONS = ['riverside', 'lakeside'] as const

/** Users that every organisation of the sample has, and the role attested to each. */
export const SAMPLE_USERS: Readonly<Record<string, Role>> = { physician: 'physician', nurse: 'nurse', admin: 'organisation-admin' }

const ATTESTED_FOR_MS = 365 * 86_400_000
const RENEWED_BEFORE_MS = 30 * 86_400_000

/** Identities of a node's organisations, users, keyholders and block signer, from its sealed key files. */
export interface NodeIdentities {
  readonly blockSigner: Identity
  readonly organisations: ReadonlyMap<string, Identity>
  readonly keyholders: readonly { readonly name: string; readonly identity: Identity; readonly keys: KemKeyPair }[]
  readonly users: readonly (NamedUser & { readonly identity: Identity })[]
  /** 32 bytes, known to the network's members. */
  readonly vocabularyKey: Uint8Array
}

/** Loads the identities, and makes those that are not there yet. */
export async function loadIdentities(files: KeyFiles, keyholderCount: number): Promise<NodeIdentities> {
  const organisations = new Map(SAMPLE_ORGANISATIONS.map((name) => [name as string, Identity.loadOrCreate(files, `organisation.${name}`, 'organisation')]))
  const keyholders = []
  for (let number = 1; number <= keyholderCount; number++) {
    const name = `keyholder-${number}`
    const keyholder = Identity.loadOrCreate(files, name, 'device')
    keyholders.push({ name, identity: keyholder, keys: await kemKeysOf(keyholder) })
  }
  const users = SAMPLE_ORGANISATIONS.flatMap((organisation) =>
    Object.keys(SAMPLE_USERS).map((user) => {
      const person = Identity.loadOrCreate(files, `user.${organisation}.${user}`, 'practitioner')
      return { did: person.did, organisation, user, identity: person }
    }),
  )
  return { blockSigner: Identity.loadOrCreate(files, 'block-signer', 'device'), organisations, keyholders, users, vocabularyKey: vocabularyKey(files) }
}

/** The key pair to which shares and releases are sealed, derived from the identity's agreement seed. */
export async function kemKeysOf(owner: Identity): Promise<KemKeyPair> {
  return await deriveKemKeyPair(DEFAULT_KEM_SUITE, sha256(concatBytes(utf8('chiron/kem-seed/v1\0'), owner.agreementSeed.reveal())))
}

/** The first state of a sample network on one node. */
export function sampleGenesis(identities: NodeIdentities, timeMs: number): Genesis {
  const members = [...identities.organisations].map(([name, organisation]) => ({
    ...publicPart(organisation),
    name,
    handle: new Uint8Array(randomBytes(32)) as Uint8Array as Handle,
  }))
  return {
    chainId: `chiron-sample-${randomBytes(4).toString('hex')}`,
    timeMs,
    sample: true,
    members,
    governance: members.slice(0, 1).map(({ did }) => did),
    blockSigner: publicPart(identities.blockSigner),
    custody: {
      keyholders: identities.keyholders.map(({ identity: keyholder, keys }) => ({
        did: keyholder.did,
        signingKey: keyholder.publicKey,
        agreementKey: keyholder.agreementKey,
        suite: keys.suite,
        kemKey: keys.publicKey,
      })),
      threshold: faultsTolerated(identities.keyholders.length) + 1,
    },
    parameters: [],
  }
}

function publicPart(owner: Identity) {
  return { did: owner.did, signingKey: owner.publicKey, agreementKey: owner.agreementKey, inception: owner.inception }
}

/** Registers the users that the ledger does not know yet, and renews roles that end soon. */
export async function registerUsers(engine: Engine, identities: NodeIdentities, nowMs: number): Promise<void> {
  for (const [organisation, signer] of identities.organisations) {
    const timeMs = Math.max(engine.status().timeMs, nowMs)
    const messages: Message[] = []
    for (const user of identities.users.filter((candidate) => candidate.organisation === organisation)) {
      if (!identity.isRegistered(engine.state, user.did)) {
        messages.push({ type: 'identity.register', salt: randomBytes(16), kind: 'practitioner', ...publicPart(user.identity), handle: null })
      }
      const attested = identity.attestationsOf(engine.state, user.did, timeMs + RENEWED_BEFORE_MS, signer.did)
      if (attested.length === 0) {
        const role = SAMPLE_USERS[user.user] as Role
        messages.push({ type: 'identity.attest', salt: randomBytes(16), subject: user.did, role, until: timeMs + ATTESTED_FOR_MS })
      }
    }
    if (messages.length > 0) await submitMessages(engine, signer, messages, validUntilFrom(engine, nowMs))
  }
}

function vocabularyKey(files: KeyFiles): Uint8Array {
  const known = files.read('vocabulary')
  if (known !== undefined) return known.reveal()
  const made = new Secret(new Uint8Array(randomBytes(32)))
  files.write('vocabulary', made)
  return made.reveal()
}

export function encodeGenesis(genesis: Genesis): Uint8Array {
  return encodeCanonical(genesis)
}
