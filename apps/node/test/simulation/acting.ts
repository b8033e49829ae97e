import { encodeCanonical, encodeTx, signingBytes, toHex, type Did, type Handle, type Message, type Tag } from '@chiron/protocol'
import { SimulationError, type SeededRandom } from '@chiron/testkit/simulation'
import type { Committed } from '../../src/engine/engine.ts'
import { EngineError } from '../../src/engine/errors.ts'
import { Vocabulary } from '../../src/gateway/vocabulary.ts'
import type { Organisation } from './config.ts'
import type { GatewayActor } from './gateway.ts'
import type { Model } from './model.ts'
import type { PatientActor } from './patients.ts'
import type { World } from './world.ts'

export const DAY_MS = 86_400_000
const CATEGORIES = ['laboratory', 'vital-signs', 'medications', 'conditions', 'allergies'] as const
const LABELS = ['mental-health', 'substance-use', 'hiv'] as const

/** Who signs a transaction, and with which key. */
export interface TxSigner {
  readonly did: Did
  readonly keyId: string
  sign(message: Uint8Array): Uint8Array
}

/** Does one thing, drawn from randomness of its own. */
export type Action = (random: SeededRandom) => Promise<unknown>

/** What every kind of action needs. */
export class Acting {
  readonly world: World
  readonly vocabulary: Vocabulary

  constructor(world: World) {
    this.world = world
    this.vocabulary = new Vocabulary(world.cast.vocabularyKey)
  }

  get model(): Model {
    return this.world.checker.model()
  }

  /** Time of the newest block. */
  get timeMs(): number {
    const { checker } = this.world
    return checker.timeOf(checker.height)
  }

  patient(random: SeededRandom): PatientActor {
    return random.pick(this.world.patients)
  }

  /** One of those patients to whom it applies, if there is any. */
  patientWho(random: SeededRandom, applies: (patient: PatientActor) => boolean): PatientActor | undefined {
    const found = this.world.patients.filter(applies)
    return found.length === 0 ? undefined : random.pick(found)
  }

  organisation(random: SeededRandom): Organisation {
    return random.pick(this.world.cast.organisations)
  }

  async withGateway(random: SeededRandom, work: (gateway: GatewayActor, organisation: Organisation) => Promise<unknown>): Promise<void> {
    await this.atGateway(this.organisation(random), work)
  }

  async atGateway(organisation: Organisation, work: (gateway: GatewayActor, organisation: Organisation) => Promise<unknown>): Promise<void> {
    const gateway = this.world.gateways.get(organisation.did)
    if (gateway?.isServing !== true) return this.world.count('gateway is down')
    await work(gateway, organisation)
  }

  categories(random: SeededRandom, handle: Handle): Tag[] {
    return random.chance(0.4) ? [] : random.some(CATEGORIES, 0.5).map((name) => this.vocabulary.category(handle, name))
  }

  labels(random: SeededRandom, handle: Handle): Tag[] {
    return random.some(LABELS, 0.3).map((name) => this.vocabulary.label(handle, name))
  }

  /** Signs as a wallet does, and sends it until the ledger answers or its time is over. */
  async sign(random: SeededRandom, signer: TxSigner, message: Message): Promise<Committed> {
    const { network, clients, ledger, genesis, kernel } = this.world
    const validUntil = Math.max(this.timeMs, kernel.nowMs) + random.pick([15_000, 60_000])
    const body = encodeCanonical({ chainId: genesis.chainId, signer: signer.did, keyId: signer.keyId, messages: [message], validUntil })
    const tx = encodeTx(body, signer.sign(signingBytes(body)))
    for (;;) {
      try {
        return await network.call<Committed>(clients, ledger, 'submit', tx, 1_500)
      } catch (error) {
        const again = error instanceof SimulationError || (error instanceof EngineError && error.code !== 'ERR_ENGINE_TX_INVALID')
        if (!again || kernel.nowMs > validUntil) throw error
        await this.sleep(500)
      }
    }
  }

  async sleep(ms: number): Promise<void> {
    const { clients } = this.world
    await (clients.running as NonNullable<typeof clients.running>).sleep(ms)
  }
}

/** How a message changes labels: it replaces them, adds to them, or takes them off. */
export function changeOfLabels(random: SeededRandom): { readonly change?: 'add' | 'remove' } {
  return random.pick([{}, { change: 'add' as const }, { change: 'remove' as const }])
}

/** A UUID. */
export function uuid(random: SeededRandom): string {
  const hex = toHex(random.bytes(16))
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
}
