import { sha256, utf8, type Genesis, type Handle } from '@chiron/protocol'
import { faultsTolerated } from '@chiron/vault'
import type { NetworkOptions, SeededRandom } from '@chiron/testkit/simulation'
import { BLOCK_SIGNER, kemOf, party, type Party, type Signing } from './parties.ts'

export const START_MS = 1_800_000_000_000
/** Where members are; one of them does not say. */
export const COUNTRIES = ['DE', 'US', 'FR'] as const

/** What a seed decides before anything runs. */
export interface Config {
  readonly seed: number
  readonly signing: Signing
  /** `one-node`: everything in one process, as it is run today. `spread`: each part on a machine of its own. */
  readonly topology: 'one-node' | 'spread'
  readonly organisations: number
  readonly practitioners: number
  readonly keyholders: number
  readonly patients: number
  /** Milliseconds between blocks where nothing else makes one. */
  readonly blockMs: number
  readonly maxViewAgeMs: number
  readonly network: NetworkOptions
  readonly flushMs: readonly [number, number]
  /** How long things happen, and how often. */
  readonly activeMs: number
  readonly actionEveryMs: number
  readonly faultEveryMs: number
  readonly maxSkewMs: number
  /** A keyholder that sends wrong shares; at most as many as are tolerated. */
  readonly liar: boolean
  /** Size at which a segment of the block log is followed by the next. */
  readonly segmentBytes: number
}

/** `slow`: minutes with a block every 20 s. `long`: long enough for an emergency that nobody confirms to run out. */
type Pace = 'usual' | 'long' | 'slow'

export function configOf(seed: number, random: SeededRandom, signing?: Signing): Config {
  const topology = random.chance(0.3) ? 'one-node' : 'spread'
  const pace = random.weighted<Pace>({ usual: 14, long: 3, slow: 3 })
  const slow = pace === 'slow'
  const keyholders = random.pick([1, 4, 4])
  return {
    seed,
    signing: signing ?? (seed % 100 === 99 ? 'real' : 'stub'),
    topology,
    organisations: random.between(2, 4),
    practitioners: random.pick([1, 2, 2]),
    keyholders,
    patients: random.between(2, 4),
    blockMs: slow ? 20_000 : 1_000,
    maxViewAgeMs: slow ? 60_000 : 3_000,
    network: {
      delayMs: random.pick([[0.2, 2], [1, 30], [20, 200]] as const),
      loss: random.pick([0, 0, 0.01, 0.08]),
      duplicate: random.pick([0, 0.02, 0.2]),
      straggle: random.pick([0, 0.02, 0.1]),
    },
    flushMs: random.pick([[0.1, 1], [1, 10], [5, 60]] as const),
    activeMs: slow ? random.between(300_000, 900_000) : pace === 'long' ? random.between(75_000, 110_000) : random.between(15_000, 40_000),
    actionEveryMs: slow ? 8_000 : pace === 'long' ? 1_000 : random.between(150, 500),
    faultEveryMs: slow ? 60_000 : pace === 'long' ? 10_000 : random.pick([1_500, 4_000, 10_000]),
    maxSkewMs: random.pick([0, 200, 1_500, 20_000]),
    liar: keyholders === 4 && random.chance(0.3),
    segmentBytes: random.pick([4_096, 65_536, 64 * 1024 * 1024]),
  }
}

export interface Organisation extends Party {
  readonly handle: Handle
  readonly practitioners: readonly Party[]
}

export interface Cast {
  readonly blockSigner: Party
  readonly organisations: readonly Organisation[]
  readonly keyholders: readonly Party[]
  readonly patients: readonly Party[]
  readonly vocabularyKey: Uint8Array
}

export function castOf(config: Config): Cast {
  const { signing } = config
  const names = ['riverside', 'lakeside', 'hillside', 'seaside'].slice(0, config.organisations)
  return {
    blockSigner: party('device', BLOCK_SIGNER, signing),
    organisations: names.map((name) => ({
      ...party('organisation', name, signing),
      handle: sha256(utf8(`handle ${name}`)) as Handle,
      practitioners: Array.from({ length: config.practitioners }, (_, at) => party('practitioner', `${name} ${['physician', 'nurse'][at]}`, signing)),
    })),
    keyholders: Array.from({ length: config.keyholders }, (_, at) => party('device', `keyholder ${at}`, signing)),
    patients: Array.from({ length: config.patients }, (_, at) => party('patient', patientId(at), signing)),
    vocabularyKey: sha256(utf8('vocabulary')),
  }
}

/** Canonical ids of patients are UUIDs. */
export function patientId(at: number): string {
  return `00000000-0000-4000-8000-00000000000${at}`
}

export async function genesisOf(config: Config, cast: Cast): Promise<Genesis> {
  const publicPart = ({ did, publicKey, agreementKey, inception }: Party) => ({ did, signingKey: publicKey, agreementKey, inception })
  return {
    chainId: 'chiron-simulation',
    timeMs: START_MS - 1_000,
    sample: true,
    members: cast.organisations.map((organisation, at) => {
      const jurisdiction = COUNTRIES[at]
      return { ...publicPart(organisation), name: organisation.name, handle: organisation.handle, ...(jurisdiction === undefined ? {} : { jurisdiction }) }
    }),
    governance: [(cast.organisations[0] as Organisation).did],
    blockSigner: publicPart(cast.blockSigner),
    custody: {
      keyholders: await Promise.all(cast.keyholders.map(async (keyholder) => {
        const { suite, publicKey } = await kemOf(keyholder.name)
        return { did: keyholder.did, signingKey: keyholder.publicKey, agreementKey: keyholder.agreementKey, suite, kemKey: publicKey }
      })),
      threshold: faultsTolerated(config.keyholders) + 1,
    },
    parameters: [
      { name: 'emergencyConfirmMs', value: 60_000 },
      { name: 'maxEmergencyMs', value: 3_600_000 },
      ...(config.maxViewAgeMs === 3_000 ? [] : [{ name: 'maxViewAgeMs' as const, value: config.maxViewAgeMs }]),
    ],
  }
}
