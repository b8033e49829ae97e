import type { Did, Genesis } from '@chiron/protocol'
import type { Runtime } from '@chiron/ledger'
import { Kernel, Machine, Network, type Incarnation } from '@chiron/testkit/simulation'
import { applicationRuntime } from '../../src/engine/application-runtime.ts'
import { Checker, textOf } from './checker.ts'
import { Vocabulary } from '../../src/gateway/vocabulary.ts'
import { castOf, genesisOf, patientId, START_MS, type Cast, type Config, type Organisation } from './config.ts'
import type { FollowerDisk } from './follower.ts'
import type { GatewayActor } from './gateway.ts'
import type { MemoryIndex } from './memory-index.ts'
import { startMonitor, type SeenCheckpoint } from './monitor.ts'
import { party, SimulatedSignatures } from './parties.ts'
import { PatientActor } from './patients.ts'
import { startGatewayMachine, startKeyholderMachine, startLedgerMachine, startOneNode, startServing } from './programs.ts'
import { DiskBlobStore, DiskCheckpointFile, DiskCustodialWallets, DiskKeyholderStores, DiskStateStore, DiskWalletCopies } from './stores.ts'

/** A write that its client was told of. */
export interface Acknowledged {
  readonly record: string
  readonly version: number
  readonly text: string | undefined
  readonly height: number
}

/** What lies on disks, whoever runs over them. */
export interface Disks {
  readonly state: DiskStateStore
  readonly keyholders: readonly DiskKeyholderStores[]
  readonly blobs: DiskBlobStore
  readonly copies: DiskWalletCopies
  /** Custodial wallets, by organisation. */
  readonly wallets: Map<Did, DiskCustodialWallets>
  readonly checkpoints: DiskCheckpointFile
  readonly followers: Map<string, FollowerDisk>
  readonly indexes: Map<Did, MemoryIndex>
}

/** One seed's network: its machines, what runs on them, and who watches. */
export class World {
  readonly config: Config
  readonly kernel: Kernel
  readonly network: Network
  readonly cast: Cast
  readonly genesis: Genesis
  readonly checker: Checker
  readonly disks: Disks
  readonly machines = new Map<string, Machine>()
  /** Gateways that serve now. */
  readonly gateways = new Map<Did, GatewayActor>()
  readonly acknowledged: Acknowledged[] = []
  /** What was to be written, by record and version: what is read back must be one of them. */
  readonly texts = new Map<string, Set<string | undefined>>()
  readonly outcomes = new Map<string, number>()
  /** Requests that keyholders were sent, for those who send them again. */
  readonly requests: Uint8Array[] = []
  readonly patients: readonly PatientActor[]
  /** The newest checkpoint that the monitor has seen, on its disk. */
  seen: SeenCheckpoint | undefined
  /** The ledger comes back empty, as from an old copy, with or without what it remembers of its checkpoints. */
  restoring = false
  /** How often the monitor, and the node itself, said that history was changed. */
  alarms = 0
  forks = 0
  readonly #checkedSignatures = new Map<string, boolean>()

  private constructor(config: Config, kernel: Kernel, cast: Cast, genesis: Genesis) {
    this.config = config
    this.kernel = kernel
    this.cast = cast
    this.genesis = genesis
    this.network = new Network(kernel, config.network)
    const signatures = this.signatures()
    this.checker = new Checker({
      genesis,
      runtime: this.runtime(signatures),
      verify: (key, message, signature) => signatures.verify(key, message, signature),
      keyOf: keysOf(cast),
      isOwnKey: (did, signingKey) => this.patients.some((patient) => patient.did === did && patient.made(signingKey)),
      maxViewAgeMs: config.topology === 'spread' ? config.maxViewAgeMs : undefined,
    })
    const vocabulary = new Vocabulary(cast.vocabularyKey)
    this.patients = cast.patients.map((first, at) =>
      new PatientActor(patientId(at), vocabulary.patientHandle(patientId(at)), first, { chainId: genesis.chainId, config, newestKey: (did) => this.checker.model().keys.get(did) }))
    this.#makeMachines()
    this.disks = this.#makeDisks()
  }

  static async make(config: Config, seed: string): Promise<World> {
    const kernel = new Kernel({ seed, startMs: START_MS })
    const cast = castOf(config)
    return new World(config, kernel, cast, await genesisOf(config, cast))
  }

  get ledger(): Machine {
    return this.machine(this.config.topology === 'spread' ? 'ledger' : 'node')
  }

  get clients(): Machine {
    return this.machine('clients')
  }

  /** Who registers, or registered, the patient. */
  custodianOf(patient: PatientActor | undefined): Organisation | undefined {
    const at = patient === undefined ? -1 : this.patients.indexOf(patient)
    return at < 0 ? undefined : this.cast.organisations[at % this.cast.organisations.length]
  }

  machine(name: string): Machine {
    return this.machines.get(name) as Machine
  }

  /** Machines that can fail. */
  get fallible(): Machine[] {
    return [...this.machines.values()].filter((machine) => machine !== this.clients)
  }

  signatures(): SimulatedSignatures {
    return new SimulatedSignatures(this.config.signing, this.#checkedSignatures)
  }

  runtime(signatures: SimulatedSignatures): Runtime {
    return applicationRuntime(signatures, (error) => this.checker.fail('-', `executing failed: ${textOf(error)}`))
  }

  count(outcome: string): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1)
  }

  #makeMachines(): void {
    const { topology, flushMs } = this.config
    const add = (name: string, program: (run: Incarnation) => Promise<void>): void => {
      const machine: Machine = new Machine(this.kernel, {
        name,
        program,
        disk: { flushMs },
        onFailedStart: (error) => {
          this.#failedStart(name, error)
          this.kernel.after(1_000, `${name} is started again`, () => machine.boot())
        },
      })
      this.machines.set(name, machine)
    }
    add('clients', async () => {})
    add('monitor', (run) => startMonitor(this, run))
    if (topology === 'one-node') return add('node', (run) => startOneNode(this, run))
    add('ledger', (run) => startLedgerMachine(this, run))
    add('blobs', (run) => startServing(this, run))
    this.cast.keyholders.forEach((_, at) => add(`keyholder ${at}`, (run) => startKeyholderMachine(this, run, at)))
    this.cast.organisations.forEach((organisation, at) => add(organisation.name, (run) => startGatewayMachine(this, run, at)))
  }

  #makeDisks(): Disks {
    const one = this.config.topology === 'one-node'
    const disk = (name: string) => this.machine(one ? 'node' : name).disk
    const followers = new Map<string, FollowerDisk>()
    if (!one) for (const { name } of this.fallible) if (!['ledger', 'blobs', 'monitor'].includes(name)) followers.set(name, { store: new DiskStateStore(disk(name)), blocks: [] })
    return {
      state: new DiskStateStore(disk('ledger')),
      keyholders: this.cast.keyholders.map((_, at) => new DiskKeyholderStores(disk(`keyholder ${at}`))),
      blobs: new DiskBlobStore(disk('blobs'), () => this.machine(one ? 'node' : 'blobs').nowMs()),
      copies: new DiskWalletCopies(disk('blobs'), (owner) => {
        if (!this.checker.model().isSelfHeld(owner)) this.checker.fail('P1', 'a key was sealed to a wallet before the patient had it')
      }),
      wallets: new Map(this.cast.organisations.map(({ did, name }) => [did, new DiskCustodialWallets(disk(name), (id) => {
        const { did: patient, publicKey, agreementKey, inception } = party('patient', id, this.config.signing)
        return { did: patient, signingKey: publicKey, agreementKey, inception }
      })])),
      checkpoints: new DiskCheckpointFile(disk('ledger')),
      followers,
      indexes: new Map(),
    }
  }

  /** A disk that is full, or a clock that is wrong, may keep a machine from starting; anything else is a defect. */
  #failedStart(name: string, error: unknown): void {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    this.count(`start ${code}`)
    const explained = ['ERR_SIMULATION_CRASHED', 'ERR_SIMULATION_TIMEOUT', 'ERR_STORAGE_FULL', 'ERR_ENGINE_CLOCK', 'ERR_ENGINE_BUSY', 'ERR_ENGINE_HALTED', 'ERR_GATEWAY_UNAVAILABLE', 'ERR_GATEWAY_DAMAGED', 'ENOSPC']
    if (!explained.includes(code)) this.checker.fail('P4', `${name} cannot start again: ${textOf(error)}`)
  }
}

function keysOf({ organisations, keyholders, patients }: Cast): (did: Did) => Uint8Array | undefined {
  const all = [...organisations, ...organisations.flatMap(({ practitioners }) => practitioners), ...keyholders, ...patients]
  const keys = new Map(all.map(({ did, publicKey }) => [did, publicKey]))
  return (did) => keys.get(did)
}
