import type { SeededRandom } from '@chiron/testkit/simulation'
import { mutateJson } from '@chiron/testkit/fuzz'
import { operations } from '../../src/control/api.ts'
import { CANARY, type OddRequest } from '../gateway/odd-requests.ts'

const encoder = new TextEncoder()
const HEX = ['0'.repeat(32), 'f'.repeat(64), 'zz', '']

/** Requests to the operator's socket: right ones for all operations, changed in places. What creates wallets or imports stays out. */
export class OddControl {
  readonly #random: SeededRandom
  readonly #patients: readonly string[]
  readonly #mutate = mutateJson([encoder.encode(CANARY)], [CANARY, 'riverside', 'physician', 'TREAT', 'laboratory', 'hiv', 'read', 'permit', 'deny'])

  constructor(random: SeededRandom, patients: readonly string[]) {
    this.#random = random
    this.#patients = patients
  }

  next(): OddRequest {
    const random = this.#random
    const patient = random.chance(0.9) ? random.pick(this.#patients) : random.pick(['nobody', '', CANARY, '../x'])
    const to = random.pick([{ kind: 'organisation', organisation: 'lakeside' }, { kind: 'role', role: 'nurse' }, { kind: 'person', organisation: 'lakeside', user: 'physician' }, { kind: 'anyone-treating' }])
    const terms = { to, purposes: ['TREAT'], categories: ['laboratory'], labels: [], records: [`Observation/${patient}`], actions: ['read'], forMs: 60_000 }
    const bodies: Readonly<Record<string, object>> = {
      token: random.chance(0.5) ? { for: 'user', organisation: 'riverside', user: 'physician', purpose: 'TREAT' } : { for: 'patient', patient, purpose: 'PATRQT' },
      grant: { patient, effect: random.pick(['permit', 'deny']), ...terms, overrides: null }, revoke: { patient, rule: random.pick(HEX) }, ask: { patient, organisation: 'lakeside', user: 'physician', ...terms },
      approve: { patient, ...terms }, deny: { patient }, closeAccess: { patient }, treat: { patient, organisation: 'lakeside', forMs: 60_000 }, contest: { patient, organisation: 'lakeside' }, offerClaim: { patient: 'nobody', forMs: 60_000 },
      withdrawClaim: { patient: 'nobody' }, export: { patient },
    }
    const name = random.pick(Object.keys(operations) as (keyof typeof operations)[])
    const { method, path } = operations[name]
    const address = path.replace(/:\w+/, () => random.pick(HEX))
    if (random.chance(0.03)) return { method: random.pick(['GET', 'PUT', 'DELETE', 'OPTIONS']), path: random.pick(['/', '/import', '/index/rebuild', '/nothing', '/%zz', `/${'a/'.repeat(2000)}`]), headers: {} }
    if (random.chance(0.02)) return { method: 'POST', path: random.pick(['/import', '/import?organisation=nowhere', '/import?organisation=riverside']), headers: {}, body: random.pick([random.bytes(200), encoder.encode('{"resourceType":"Bundle"}'), encoder.encode('MSH|^~\\&|a')]) }
    if (method === 'GET') return { method, path: `${address}?${new URLSearchParams(random.chance(0.8) ? { patient } : { patient, [CANARY]: '1', tx: random.pick(HEX) })}`, headers: {} }
    const body = encoder.encode(JSON.stringify(bodies[name] ?? {}))
    return { method, path: address, headers: { 'content-type': 'application/json' }, body: random.chance(0.6) ? this.#mutate(body, random, body) : body }
  }
}
