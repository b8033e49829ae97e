import type { SeededRandom } from '@chiron/testkit/simulation'
import { Acting } from './acting.ts'
import { attacks } from './attacks.ts'
import { careActions } from './care-actions.ts'
import { consentActions } from './consent-actions.ts'
import { textOf } from './checker.ts'
import { codeOf } from './gateway.ts'
import { patientActions } from './patient-actions.ts'
import type { World } from './world.ts'

const WEIGHTS = {
  write: 20, amend: 8, remove: 2, read: 24, treat: 3, ask: 4, label: 2, delegate: 1, fire: 0.5, acceptTerms: 0.7,
  endorse: 3, breakGlass: 3, confirmEmergency: 3, reviewEmergency: 1.5,
  grant: 10, deny: 5, hide: 1.5, override: 5, revoke: 7, modify: 3, answer: 5, contest: 2, close: 2, labelOwn: 1, contestEmergency: 1,
  offerClaim: 3, claim: 4, rotate: 1.5, copies: 4, delegateWallet: 2,
  forge: 5, again: 4, resend: 3, cheat: 4, oldKey: 2, falseClaim: 1, asPatient: 1,
} as const
type ActionName = keyof typeof WEIGHTS

/** What people and attackers do, drawn from a seed. Each action has randomness of its own. */
export class Actions {
  readonly #world: World
  readonly #all: Readonly<Record<ActionName, (random: SeededRandom) => Promise<unknown>>>
  #count = 0

  constructor(world: World) {
    this.#world = world
    const acting = new Acting(world)
    this.#all = { ...careActions(acting), ...consentActions(acting), ...patientActions(acting), ...attacks(acting) }
  }

  /** Begins one action; it ends when it ends. */
  begin(): void {
    const world = this.#world
    const random = world.kernel.random.split(`action ${++this.#count}`)
    const name = random.weighted(WEIGHTS)
    this.#all[name](random).then(
      () => world.count(name),
      (error: unknown) => this.hindered(name, error),
    )
  }

  /** An action that failed: with a code, as it may, or else by a defect. */
  hindered(name: string, error: unknown): void {
    const code = codeOf(error)
    this.#world.count(`${name}: ${code}`)
    if (code.startsWith('unexpected')) this.#world.checker.fail('-', `${name} failed: ${code}`)
    if (code === 'ERR_GATEWAY_DAMAGED') this.#world.checker.fail('-', `nothing is damaged, and ${name} says: ${textOf(error)}`)
  }
}
