import { createRequire, syncBuiltinESMExports } from 'node:module'
import { SimulationError } from './errors.ts'
import { SeededRandom } from './random.ts'
import { synchronousSubtle } from './subtle.ts'

const crypto = createRequire(import.meta.url)('node:crypto') as Record<string, unknown>

/** What libraries draw from: set anew by every run. */
let libraries = new SeededRandom('none')

/**
 * Makes this process fit for simulations, for good: WebCrypto answers in the same turn, what libraries draw is seeded,
 * and whoever asks the machine for time, randomness or a timer is refused, so that no port can be passed by unseen.
 */
export function sealProcess(): void {
  const random = (n: number): Buffer => Buffer.from(libraries.bytes(n).buffer)
  const refuse = (name: string) => (): never => {
    throw new SimulationError('ERR_SIMULATION_OUTSIDE', `${name} was asked, not a port`)
  }
  const webCrypto = {
    subtle: synchronousSubtle,
    getRandomValues: <T extends Uint8Array>(into: T): T => {
      into.set(libraries.bytes(into.length))
      return into
    },
  }
  Object.defineProperty(globalThis, 'crypto', { value: webCrypto, configurable: true })
  crypto['randomBytes'] = random
  for (const name of ['randomInt', 'randomUUID', 'randomFillSync', 'randomFill']) crypto[name] = refuse(name)
  syncBuiltinESMExports()
  Date.now = refuse('Date.now')
  Math.random = refuse('Math.random')
  for (const name of ['setTimeout', 'setInterval']) Object.defineProperty(globalThis, name, { value: refuse(name), configurable: true })
}

/** What libraries draw from now on: the secret-sharing library takes no port. */
export function seedLibraries(random: SeededRandom): void {
  libraries = random
}
