import { encodeCanonical, encodeTx, fromHex, signingBytes, toHex, type Did, type Grantee, type Handle, type Message, type ObjectId, type RecordId, type RuleTerms, type Tag } from '@chiron/protocol'
import { SimulationError, type SeededRandom } from '@chiron/testkit/simulation'
import type { Committed } from '../../src/engine/engine.ts'
import { EngineError } from '../../src/engine/errors.ts'
import { Vocabulary } from '../../src/gateway/vocabulary.ts'
import { patientId, type Organisation } from './config.ts'
import { codeOf, type GatewayActor, type Intent } from './gateway.ts'
import type { Party } from './parties.ts'
import type { World } from './world.ts'

const TYPES = ['Observation', 'Observation', 'MedicationRequest', 'Condition', 'AllergyIntolerance', 'Communication'] as const
const SECURITY = ['PSY', 'ETH', 'HIV'] as const
const CATEGORIES = ['laboratory', 'vital-signs', 'medications', 'conditions', 'allergies'] as const
const LABELS = ['mental-health', 'substance-use', 'hiv'] as const
const DAY_MS = 86_400_000

const WEIGHTS = {
  write: 20, amend: 8, remove: 2, read: 24, treat: 3, ask: 4, label: 2,
  grant: 9, deny: 4, revoke: 7, modify: 3, answer: 5, contest: 2, close: 2, labelOwn: 1,
  delegate: 1, forge: 5, again: 4, resend: 3, cheat: 2, fire: 0.5,
} as const
type ActionName = keyof typeof WEIGHTS

/** What people and attackers do, drawn from a seed. Each action has randomness of its own. */
export class Actions {
  readonly #world: World
  readonly #vocabulary: Vocabulary
  #count = 0

  constructor(world: World) {
    this.#world = world
    this.#vocabulary = new Vocabulary(world.cast.vocabularyKey)
  }

  /** Begins one action; it ends when it ends. */
  begin(): void {
    const world = this.#world
    const random = world.kernel.random.split(`action ${++this.#count}`)
    const name = random.weighted(WEIGHTS)
    this.#do(name, random).then(
      () => world.count(name),
      (error: unknown) => this.hindered(name, error),
    )
  }

  /** An action that failed: with a code, as it may, or else by a defect. */
  hindered(name: string, error: unknown): void {
    const code = codeOf(error)
    this.#world.count(`${name}: ${code}`)
    if (code.startsWith('unexpected')) this.#world.checker.fail('-', `${name} failed: ${code}`)
  }

  #do(name: ActionName, random: SeededRandom): Promise<unknown> {
    switch (name) {
      case 'write': return this.#write(random)
      case 'amend': return this.#amend(random, 'write')
      case 'remove': return this.#amend(random, 'delete')
      case 'read': return this.#read(random)
      case 'treat': return this.#withGateway(random, (gateway) => gateway.submit([{ type: 'consent.registerTreatment', salt: random.bytes(16), patient: this.#patient(random).handle, until: this.#timeMs + random.pick([60_000, DAY_MS]) }]))
      case 'ask': return this.#ask(random)
      case 'label': return this.#label(random)
      case 'grant': return this.#rule(random, 'permit')
      case 'deny': return this.#rule(random, 'deny')
      case 'revoke': return this.#revoke(random)
      case 'modify': return this.#modify(random)
      case 'answer': return this.#answer(random)
      case 'contest': return this.#contest(random)
      case 'close': return this.#close(random)
      case 'labelOwn': return this.#labelOwn(random)
      case 'delegate': return this.#delegate(random)
      case 'forge': return this.#forge(random)
      case 'again': return this.#again(random)
      case 'resend': return this.#resend(random)
      case 'cheat': return this.#cheat(random)
      case 'fire': return this.#fire(random)
    }
  }

  get #timeMs(): number {
    const { checker } = this.#world
    return checker.timeOf(checker.height)
  }

  #patient(random: SeededRandom): { readonly id: string; readonly party: Party; readonly handle: Handle } {
    const at = random.below(this.#world.cast.patients.length)
    const id = patientId(at)
    return { id, party: this.#world.cast.patients[at] as Party, handle: this.#vocabulary.patientHandle(id) }
  }

  #organisation(random: SeededRandom): Organisation {
    return random.pick(this.#world.cast.organisations)
  }

  async #withGateway(random: SeededRandom, work: (gateway: GatewayActor, organisation: Organisation) => Promise<unknown>): Promise<void> {
    const organisation = this.#organisation(random)
    const gateway = this.#world.gateways.get(organisation.did)
    if (gateway?.isServing !== true) return this.#world.count('gateway is down')
    await work(gateway, organisation)
  }

  #intent(random: SeededRandom, patients: readonly string[], changes: Partial<Intent> = {}): Intent {
    const several = patients.length > 1
    const hex = toHex(random.bytes(16))
    const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
    const security = random.chance(0.2) ? [random.pick(SECURITY)] : []
    return { type: several ? 'Communication' : random.pick(TYPES), id, patients, text: `text ${hex}`, kind: 'write', security, ...changes }
  }

  async #write(random: SeededRandom): Promise<void> {
    await this.#withGateway(random, async (gateway, organisation) => {
      const first = this.#patient(random)
      const other = this.#patient(random)
      const patients = random.chance(0.3) && other.id !== first.id ? [first.id, other.id] : [first.id]
      const intents = Array.from({ length: random.pick([1, 1, 2, 4]) }, () => this.#intent(random, patients))
      await gateway.write(random.pick(organisation.practitioners), intents)
    })
  }

  /** Two of these at once meet, and one of them must lose. */
  async #amend(random: SeededRandom, kind: 'write' | 'delete'): Promise<void> {
    await this.#withGateway(random, async (gateway, organisation) => {
      const rows = [...this.#world.texts.keys()].map((key) => key.split('/')[0] as string)
      if (rows.length === 0) return
      const record = random.pick(rows)
      const [row] = await gateway.services.index.rowsOf({ record: fromHex(record) })
      if (row?.json === undefined) return
      const patients = this.#world.cast.patients.map((_, at) => patientId(at)).filter((id) => row.json?.includes(`Patient/${id}`) === true || row.id === id)
      const intent = this.#intent(random, patients, { type: row.type, id: row.id, kind })
      await gateway.write(random.pick(organisation.practitioners), random.chance(0.3) ? [intent, this.#intent(random, patients)] : [intent])
    })
  }

  async #read(random: SeededRandom): Promise<void> {
    await this.#withGateway(random, async (gateway, organisation) => {
      const shown = await gateway.read(random.pick(organisation.practitioners), this.#patient(random).id)
      this.#world.count(shown === undefined ? 'read refused' : shown === 0 ? 'read nothing' : 'read something')
    })
  }

  async #ask(random: SeededRandom): Promise<void> {
    await this.#withGateway(random, async (gateway, organisation) => {
      const reader = random.pick(organisation.practitioners)
      const { handle } = this.#patient(random)
      const grantee: Grantee = random.chance(0.5) ? { kind: 'person', did: reader.did } : { kind: 'organisation', did: organisation.did }
      await gateway.submit([{
        type: 'consent.request', salt: random.bytes(16), patient: handle, reader: reader.did, grantee, purposes: ['TREAT'],
        categories: this.#categories(random, handle), labels: this.#labels(random, handle), actions: ['read'], forMs: random.pick([5_000, 60_000, DAY_MS]),
      }])
    })
  }

  async #label(random: SeededRandom): Promise<void> {
    await this.#withGateway(random, async (gateway, organisation) => {
      const own = [...this.#world.checker.model().records.values()].filter((versions) => versions.at(-1)?.author === organisation.did)
      if (own.length === 0) return
      const head = random.pick(own).at(-1)
      if (head === undefined) return
      const subject = fromHex(random.pick(head.subjects)) as Handle
      await gateway.submit([{ type: 'records.label', salt: random.bytes(16), record: fromHex(head.record) as RecordId, subject, labels: this.#labels(random, subject), ...changeOf(random) }])
    })
  }

  async #labelOwn(random: SeededRandom): Promise<void> {
    const { handle, party } = this.#patient(random)
    const own = [...this.#world.checker.model().records.values()].filter((versions) => versions.at(-1)?.subjects.includes(toHex(handle)))
    if (own.length === 0) return
    const record = fromHex(random.pick(own)[0]?.record ?? '') as RecordId
    await this.#sign(random, party, { type: 'records.label', salt: random.bytes(16), record, subject: handle, labels: this.#labels(random, handle), ...changeOf(random) })
  }

  #categories(random: SeededRandom, handle: Handle): Tag[] {
    return random.chance(0.4) ? [] : random.some(CATEGORIES, 0.5).map((name) => this.#vocabulary.category(handle, name))
  }

  #labels(random: SeededRandom, handle: Handle): Tag[] {
    return random.some(LABELS, 0.3).map((name) => this.#vocabulary.label(handle, name))
  }

  #terms(random: SeededRandom, handle: Handle, effect: 'permit' | 'deny'): RuleTerms {
    const organisation = this.#organisation(random)
    const grantee = random.weighted({ person: 4, organisation: 5, role: 2, treating: 2 })
    const from = this.#timeMs + (random.chance(0.15) ? random.between(0, 8_000) : 0)
    const records = [...this.#world.checker.model().records.keys()]
    return {
      effect,
      grantee:
        grantee === 'person' ? { kind: 'person', did: random.pick(organisation.practitioners).did }
        : grantee === 'organisation' ? { kind: 'organisation', did: organisation.did }
        : grantee === 'role' ? { kind: 'role', role: random.pick(['physician', 'nurse']) }
        : { kind: 'anyone-treating' },
      purposes: random.chance(0.7) ? [] : ['TREAT'],
      categories: this.#categories(random, handle),
      labels: effect === 'permit' || random.chance(0.3) ? this.#labels(random, handle) : [],
      records: records.length > 0 && random.chance(0.15) ? [fromHex(random.pick(records)) as RecordId] : [],
      actions: random.chance(0.2) ? ['read', 'write'] : ['read'],
      from,
      until: random.chance(0.5) ? null : from + random.pick([1_500, 6_000, 20_000, DAY_MS]),
      overrides: null,
    }
  }

  async #rule(random: SeededRandom, effect: 'permit' | 'deny'): Promise<void> {
    const { handle, party } = this.#patient(random)
    await this.#sign(random, party, { type: 'consent.grant', salt: random.bytes(16), patient: handle, terms: this.#terms(random, handle, effect) })
  }

  #ruleOf(random: SeededRandom): { readonly party: Party; readonly handle: Handle; readonly rule: ObjectId; readonly effect: 'permit' | 'deny' } | undefined {
    const { handle, party } = this.#patient(random)
    const rules = [...this.#world.checker.model().rules.values()].filter(({ patient }) => patient === toHex(handle))
    if (rules.length === 0) return undefined
    const { id, terms } = random.pick(rules)
    return { handle, party, rule: fromHex(id) as ObjectId, effect: terms.effect }
  }

  async #revoke(random: SeededRandom): Promise<void> {
    const found = this.#ruleOf(random)
    if (found !== undefined) await this.#sign(random, found.party, { type: 'consent.revoke', salt: random.bytes(16), patient: found.handle, rule: found.rule })
  }

  async #modify(random: SeededRandom): Promise<void> {
    const found = this.#ruleOf(random)
    if (found !== undefined) await this.#sign(random, found.party, { type: 'consent.modify', salt: random.bytes(16), patient: found.handle, rule: found.rule, terms: this.#terms(random, found.handle, found.effect) })
  }

  async #answer(random: SeededRandom): Promise<void> {
    const { handle, party } = this.#patient(random)
    const asked = [...this.#world.checker.model().requests].filter(([, { patient }]) => patient === toHex(handle))
    if (asked.length === 0) return
    const [id, { message }] = random.pick(asked)
    const request = fromHex(id) as ObjectId
    if (random.chance(0.25)) return void (await this.#sign(random, party, { type: 'consent.deny', salt: random.bytes(16), patient: handle, request }))
    const from = this.#timeMs
    const { grantee, purposes, categories, labels, actions, forMs } = message
    const terms: RuleTerms = { effect: 'permit', grantee, purposes, categories, labels, records: [], actions, from, until: from + forMs, overrides: null }
    await this.#sign(random, party, { type: 'consent.approve', salt: random.bytes(16), patient: handle, request, terms })
  }

  async #contest(random: SeededRandom): Promise<void> {
    const { handle, party } = this.#patient(random)
    await this.#sign(random, party, { type: 'consent.contestTreatment', salt: random.bytes(16), patient: handle, organisation: this.#organisation(random).did })
  }

  async #close(random: SeededRandom): Promise<void> {
    const { handle, party } = this.#patient(random)
    const open = [...this.#world.checker.model().accesses.values()].filter((access) => access.open && access.patient === toHex(handle))
    if (open.length === 0) return
    await this.#sign(random, party, { type: 'access.close', salt: random.bytes(16), patient: handle, access: fromHex(random.pick(open).id) as ObjectId })
  }

  async #delegate(random: SeededRandom): Promise<void> {
    await this.#withGateway(random, async (gateway, organisation) => {
      const user = random.pick(organisation.practitioners)
      const message: Message = random.chance(0.3)
        ? { type: 'identity.revokeDelegation', salt: random.bytes(16), to: organisation.did }
        : { type: 'identity.delegate', salt: random.bytes(16), to: organisation.did, purposes: [], until: this.#timeMs + 30 * DAY_MS }
      await gateway.submit([message], user)
    })
  }

  /** An organisation takes a role back and gives it anew: what rested on it ends in between. */
  async #fire(random: SeededRandom): Promise<void> {
    await this.#withGateway(random, async (gateway, organisation) => {
      const user = random.pick(organisation.practitioners)
      const attestation = this.#world.checker.model().attestations.find(({ subject }) => subject === user.did)
      if (attestation !== undefined) await gateway.submit([{ type: 'identity.revokeAttestation', salt: random.bytes(16), attestation: fromHex(attestation.id) as ObjectId }])
      else await gateway.submit([{ type: 'identity.attest', salt: random.bytes(16), subject: user.did, role: 'physician', until: this.#timeMs + 200 * DAY_MS }])
    })
  }

  /** A gateway's key in wrong hands: asks keyholders for what its own program would not, or in another's name. */
  async #forge(random: SeededRandom): Promise<void> {
    await this.#withGateway(random, async (gateway, organisation) => {
      const model = this.#world.checker.model()
      const accesses = [...model.accesses.values()]
      const records = [...model.records.values()].flatMap((versions) => versions.map(({ record, version }): [RecordId, number] => [fromHex(record) as RecordId, version]))
      if (accesses.length === 0 || records.length === 0) return
      const mine = accesses.filter((access) => access.organisation === organisation.did)
      const access = random.pick(random.chance(0.6) && mine.length > 0 ? mine : accesses)
      const way = random.weighted({ plain: 3, otherReader: 1, otherGateway: 1, otherSigner: 1 })
      const other = random.pick(this.#world.cast.organisations)
      const request = await gateway.forge(random, {
        access: fromHex(access.id) as ObjectId,
        reader: way === 'otherReader' ? random.pick(other.practitioners).did : access.reader,
        records: random.some(records, Math.min(1, 4 / records.length)).slice(0, 20).concat([random.pick(records)]),
        ...(way === 'otherGateway' ? { gateway: other } : {}),
        ...(way === 'otherSigner' ? { gateway: this.#world.cast.organisations.find(({ did }) => did === access.organisation) as Party, signer: other } : {}),
      })
      this.#world.requests.push(request)
      await this.#askKeyholder(random, request)
    })
  }

  /** Somebody sends an old release request again. */
  async #again(random: SeededRandom): Promise<void> {
    const { requests } = this.#world
    if (requests.length > 0) await this.#askKeyholder(random, random.pick(requests.slice(-30)))
  }

  async #askKeyholder(random: SeededRandom, request: Uint8Array): Promise<void> {
    const { config, network, clients } = this.#world
    const at = random.below(config.keyholders)
    const spread = config.topology === 'spread'
    await network.call(clients, this.#world.machine(spread ? `keyholder ${at}` : 'node'), spread ? 'release' : `release ${at}`, request, 4_000)
  }

  /** Somebody sends an old transaction again. */
  async #resend(random: SeededRandom): Promise<void> {
    const old = this.#world.checker.transactions()
    if (old.length === 0) return
    try {
      await this.#world.network.call(this.#world.clients, this.#world.ledger, 'submit', random.pick(old), 2_000)
    } catch (error) {
      if (error instanceof EngineError && error.code === 'ERR_ENGINE_TX_INVALID') this.#world.checker.fail('P4', 'who sends a committed transaction again is told that it is not valid')
      throw error
    }
  }

  /** An organisation's key in wrong hands: transactions that no contract may take. */
  async #cheat(random: SeededRandom): Promise<void> {
    const organisation = this.#organisation(random)
    const { handle } = this.#patient(random)
    const bytes = (n: number): Uint8Array => random.bytes(n)
    const way = random.weighted({ receipts: 2, rule: 1, open: 1, owner: 2 })
    const entry = {
      record: bytes(16) as RecordId, version: 1, flags: 0, subjects: [handle], category: this.#vocabulary.category(handle, 'laboratory'), labels: [],
      ciphertext: bytes(32), size: 400, keyCommitment: bytes(32), shareRoot: bytes(32),
    }
    const message: Message =
      way === 'receipts'
        ? { type: 'records.put', salt: bytes(16), recorder: organisation.did, purpose: 'TREAT', entries: [entry], custodySet: 1, receipts: this.#world.cast.keyholders.map(({ did }) => ({ keyholder: did, signature: bytes(64) })) }
        : way === 'rule' || way === 'owner'
          ? { type: 'consent.grant', salt: bytes(16), patient: handle, terms: this.#terms(random, handle, 'permit') }
          : { type: 'access.open', salt: bytes(16), openings: [{ patient: handle, reader: organisation.did, purpose: random.pick(['TREAT', 'HRESCH']), action: 'read' }] }
    await this.#sign(random, way === 'owner' ? { did: this.#patient(random).party.did, sign: (bytes) => organisation.sign(bytes) } : organisation, message)
  }

  /** Signs as a wallet does, and sends it until the ledger answers or its time is over. */
  async #sign(random: SeededRandom, signer: { readonly did: Did; sign(message: Uint8Array): Uint8Array }, message: Message): Promise<Committed> {
    const { network, clients, ledger, genesis, kernel } = this.#world
    const validUntil = Math.max(this.#timeMs, kernel.nowMs) + random.pick([15_000, 60_000])
    const body = encodeCanonical({ chainId: genesis.chainId, signer: signer.did, keyId: 'k1', messages: [message], validUntil })
    const tx = encodeTx(body, signer.sign(signingBytes(body)))
    for (;;) {
      try {
        return await network.call<Committed>(clients, ledger, 'submit', tx, 1_500)
      } catch (error) {
        const again = error instanceof SimulationError || (error instanceof EngineError && error.code !== 'ERR_ENGINE_TX_INVALID')
        if (!again || kernel.nowMs > validUntil) throw error
        await (clients.running as NonNullable<typeof clients.running>).sleep(500)
      }
    }
  }
}

/** How a message changes labels: it replaces them, adds to them, or takes them off. */
function changeOf(random: SeededRandom): { readonly change?: 'add' | 'remove' } {
  return random.pick([{}, { change: 'add' as const }, { change: 'remove' as const }])
}
