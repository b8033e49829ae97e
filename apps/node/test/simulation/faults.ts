import type { SeededRandom } from '@chiron/testkit/simulation'
import type { World } from './world.ts'

const WEIGHTS = { crash: 5, crashAtStep: 6, cut: 3, cutOneWay: 2, clock: 3, full: 2, loss: 1 } as const

/** What goes wrong, drawn from a seed; each fault mends itself after a while. */
export class Faults {
  readonly #world: World
  #count = 0
  #mended = false

  constructor(world: World) {
    this.#world = world
  }

  begin(): void {
    const { kernel, network, fallible, config } = this.#world
    const random = kernel.random.split(`fault ${++this.#count}`)
    const machine = random.pick(fallible)
    const name = random.weighted(WEIGHTS)
    const forMs = random.pick([500, 2_000, 5_000, 12_000])
    this.#world.count(`fault ${name}`)
    switch (name) {
      case 'crash':
        return machine.crashFor(random.between(10, 4_000))
      case 'crashAtStep':
        return this.#crashAtStep(random)
      case 'cut':
        network.cut(machine, random.pick([...this.#world.machines.values()]))
        kernel.after(forMs, 'network heals', () => network.heal())
        return
      case 'cutOneWay':
        network.cutOneWay(machine, random.pick(fallible))
        kernel.after(forMs, 'network heals', () => network.heal())
        return
      case 'clock': {
        const skewMs = config.maxSkewMs === 0 ? 0 : random.between(-config.maxSkewMs, config.maxSkewMs)
        machine.skewMs = skewMs
        kernel.note(`${machine.name} has its clock ${skewMs} ms ahead`)
        return
      }
      case 'full':
        machine.disk.isFull = true
        kernel.after(forMs, `${machine.name} has room again`, () => {
          machine.disk.isFull = false
        })
        return
      case 'loss':
        network.options = { ...network.options, loss: 0.4 }
        kernel.after(forMs, 'network loses less', () => {
          if (!this.#mended) network.options = config.network
        })
    }
  }

  #crashAtStep(random: SeededRandom): void {
    const { kernel, fallible, ledger } = this.#world
    const machine = random.chance(0.4) ? ledger : random.pick(fallible)
    machine.disk.crashAtStep(random.between(1, 12))
    // Power comes back some time after; until the step comes it is on.
    const again = (): void => {
      machine.boot()
    }
    kernel.after(random.between(2_000, 8_000), `${machine.name} gets power`, again)
  }

  /** Everything is well from now on. */
  mend(): void {
    this.#mended = true
    const { network, config, fallible } = this.#world
    network.heal()
    network.options = { ...config.network, loss: 0, straggle: 0, duplicate: 0 }
    for (const machine of fallible) {
      machine.skewMs = 0
      machine.disk.isFull = false
      machine.disk.crashAtStep(Infinity)
      machine.boot()
    }
  }
}
