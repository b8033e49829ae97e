import type { Resource } from '@medplum/fhirtypes'
import { fromHex, toHex, type Did, type Handle, type Message, type ObjectId, type RecordId } from '@chiron/protocol'
import { records } from '@chiron/ledger'
import { signReleaseRequest, type BlobStore, type WalletCopies } from '@chiron/vault'
import type { Incarnation, SeededRandom } from '@chiron/testkit/simulation'
import type { Committed, Engine } from '../../src/engine/engine.ts'
import { sightOfPatients } from '../../src/gateway/access/sight.ts'
import { buildServices } from '../../src/gateway/build-services.ts'
import { openOrder } from '../../src/gateway/custody.ts'
import { planDelete, planWrite, surroundingsIn, type PlannedWrite } from '../../src/gateway/fhir/plan.ts'
import { present } from '../../src/gateway/fhir/present.ts'
import { commit } from '../../src/gateway/fhir/unit.ts'
import { Names } from '../../src/gateway/names.ts'
import type { Reader } from '../../src/gateway/reader.ts'
import { classify } from '../../src/gateway/records/classify.ts'
import type { Services } from '../../src/gateway/services.ts'
import type { KeyholderService } from '../../src/gateway/vault-custodian.ts'
import { Vocabulary } from '../../src/gateway/vocabulary.ts'
import type { LedgerFacts } from '../../src/ledger/ledger-facts.ts'
import { submitMessages, validUntilFrom } from '../../src/ledger/submitter.ts'
import { CustodyEnd } from '../../src/patients/custody-end.ts'
import { textOf } from './checker.ts'
import type { Organisation } from './config.ts'
import { resourceOf, textOfResource, type Intent } from './intents.ts'
import { MemoryIndex } from './memory-index.ts'
import { kemOf, type Party } from './parties.ts'
import type { DiskCustodialWallets } from './stores.ts'
import { serveWallets } from './wallet-copies.ts'
import type { World } from './world.ts'

/** What was promised to a patient's list and is still in memory, by the run that holds it. */
interface Owed {
  readonly patient: string
  readonly reader: Did
  count: number
}

export interface GatewayParts {
  readonly engine: Engine
  readonly facts: LedgerFacts
  readonly keyholders: readonly KeyholderService[]
  readonly blobs: BlobStore
  readonly copies: WalletCopies
}

/** One organisation's gateway while its machine runs: its services, over a plain index, and its users' requests. */
export class GatewayActor {
  readonly organisation: Organisation
  readonly run: Incarnation
  readonly services: Services
  readonly owedRefusals = new Map<string, Owed>()
  readonly owedReports = new Set<string>()
  readonly #world: World
  readonly #recipient: Awaited<ReturnType<typeof kemOf>>

  private constructor(world: World, run: Incarnation, organisation: Organisation, services: Services, recipient: Awaited<ReturnType<typeof kemOf>>) {
    this.#world = world
    this.run = run
    this.organisation = organisation
    this.services = services
    this.#recipient = recipient
  }

  /** Puts the services together as the node does, brings the index up to date, and serves. */
  static async start(world: World, run: Incarnation, organisation: Organisation, parts: GatewayParts): Promise<void> {
    const { cast, disks, checker } = world
    const { engine, facts, keyholders, blobs, copies } = parts
    const vocabulary = new Vocabulary(cast.vocabularyKey)
    const wallets = disks.wallets.get(organisation.did) as DiskCustodialWallets
    const pause = async (): Promise<void> => {
      if (run.random.chance(0.3)) await run.sleep(run.random.fraction() * 2)
      if (!run.alive) await new Promise(() => {})
    }
    const kept = run.random.chance(0.15) ? undefined : disks.indexes.get(organisation.did)
    const index = kept?.reopened(pause) ?? new MemoryIndex(pause)
    disks.indexes.set(organisation.did, index)
    const signatures = world.signatures()
    const recipient = await kemOf(organisation.name)
    const services = buildServices(
      { organisation: { did: organisation.did, name: organisation.name, handle: organisation.handle }, baseUrl: `http://simulation/${organisation.name}/fhir`, idKey: new Uint8Array(32) },
      {
        engine,
        facts,
        signer: organisation,
        blobs,
        keyholders,
        copies,
        recipient,
        index,
        wallets,
        names: new Names({ state: engine.state, users: [] }),
        vocabulary,
        now: run.nowMs,
        random: run.bytes,
        later: (ms, work) => void run.after(ms, 'later', work),
        verify: (key, message, signature) => signatures.verify(key, message, signature),
        keepDetails: async () => await run.machine.disk.step(() => {}),
        onFailure: (error) => world.count(`background ${codeOf(error)}`),
      },
    )
    const gateway = new GatewayActor(world, run, organisation, services, recipient)
    void new CustodyEnd({ engine, vocabulary, wallets, onFailure: (error) => world.count(`custody end ${codeOf(error)}`) }).sweep()
    serveWallets(run, organisation, { engine, blobs, keyholders, copies })
    engine.onBlock((block) => services.upkeep.observe(block))
    for (const { access } of await index.openAccesses()) await index.dropAccess(access)
    if ((await index.status()).height > engine.status().height) checker.fail('-', 'an index is ahead of the ledger')
    await services.upkeep.alone(() => services.upkeep.catchUp())
    run.every(1_000, 'reports', () => void services.reporter.report().catch(() => undefined))
    run.every(30_000, 'expires', () => {
      void services.charts.expire().catch(() => undefined)
      services.upkeep.kick()
    })
    run.assertAlive()
    world.gateways.set(organisation.did, gateway)
    run.ready = true
  }

  get isServing(): boolean {
    return this.run.alive
  }

  reader(user: Party, purpose = 'TREAT'): Reader {
    return { did: user.did, purpose, scopes: ['user/*.cruds'], user: 'user' }
  }

  /** Writes resources as one unit; what is acknowledged is noted, with where its shares and ciphertext must be. */
  async write(user: Party, intents: readonly Intent[]): Promise<void> {
    const { services } = this
    const reader = this.reader(user)
    const around = surroundingsIn(services)
    const planned: PlannedWrite[] = []
    for (const intent of intents) planned.push(await this.#plan(reader, intent, around))
    for (const [at, { draft }] of planned.entries()) this.#note(toHex(draft.record), draft.version, intents[at] as Intent)
    const committed = await commit(services, reader, planned)
    if (this.run.alive) this.#acknowledge(planned, intents, committed)
  }

  async #plan(reader: Reader, intent: Intent, around: ReturnType<typeof surroundingsIn>): Promise<PlannedWrite> {
    const { services } = this
    const target = { type: intent.type, id: intent.id }
    const body = resourceOf(intent)
    if (intent.kind === 'delete') return planDelete(services, reader, target, classify({ ...body, id: intent.id } as Resource, services.vocabulary, services.organisation.handle, around))
    const references = new Map(intent.type === 'Patient' ? [[`Patient/${intent.id}`, intent.id]] : [])
    return await planWrite(services, reader, target, body, { references, patients: new Set(references.values()) }, around)
  }

  #note(record: string, version: number, intent: Intent): void {
    const key = `${record}/${version}`
    const texts = this.#world.texts.get(key) ?? new Set()
    texts.add(intent.kind === 'delete' ? undefined : intent.text)
    this.#world.texts.set(key, texts)
  }

  #acknowledge(planned: readonly PlannedWrite[], intents: readonly Intent[], { height }: Committed): void {
    const { checker, acknowledged, config } = this.#world
    const needed = config.keyholders - Math.floor((config.keyholders - 1) / 3)
    for (const [at, { draft }] of planned.entries()) {
      const record = toHex(draft.record)
      const intent = intents[at] as Intent
      acknowledged.push({ record, version: draft.version, text: intent.kind === 'delete' ? undefined : intent.text, height })
      const entry = checker.model().records.get(record)?.find(({ version }) => version === draft.version)
      if (entry === undefined || entry.height !== height) checker.fail('P4', 'a write was acknowledged that is not in the block')
      const holders = this.#world.disks.keyholders.filter(({ shares }) => shares.ofVersion(draft.record, draft.version).length > 0).length
      if (holders < needed) checker.fail('P4', `a write was acknowledged while ${holders} of ${needed} keyholders had its share on disk`)
    }
  }

  /** A user looks at a patient's chart. Gives how many resources were shown; undefined when refused. */
  async read(user: Party, patient: string, purpose = 'TREAT'): Promise<number | undefined> {
    const { services, run } = this
    const { checker, texts } = this.#world
    const askedMs = run.nowMs()
    const reader = this.reader(user, purpose)
    const sight = await sightOfPatients(services, reader, [patient])
    if (sight === undefined) {
      this.#owe(patient, user.did)
      return undefined
    }
    const { rows } = await services.index.everything(patient, sight.visibility, { count: 1_000 })
    const shown = await present(services, reader, sight, rows)
    if (!run.alive) return undefined
    const view = { who: this.organisation.name, height: services.engine.status().height, askedMs, answeredMs: run.nowMs(), trueMs: this.#world.kernel.nowMs }
    for (const [at, row] of rows.entries()) {
      const record = toHex(row.record)
      checker.served(view, { reader: reader.did, organisation: this.organisation.did, purpose: reader.purpose, action: 'read' }, record, row.authored)
      const written = texts.get(`${record}/${row.version}`)
      const text = textOfResource(shown[at] as Resource)
      if (row.form === 0 && text !== undefined && written !== undefined && !written.has(text)) checker.fail('P4', 'a resource came back with another content than was written')
    }
    const subjects = new Set(rows.flatMap(({ record }) => checker.model(view.height).records.get(toHex(record))?.at(-1)?.subjects ?? []))
    for (const [handle, { id }] of sight.accesses) if (subjects.has(handle)) this.owedReports.add(toHex(id))
    return shown.length
  }

  #owe(patient: string, reader: Did): void {
    const handle = toHex(this.services.vocabulary.patientHandle(patient))
    if (!this.#world.checker.model().owners.has(handle)) return
    const key = `${handle}/${reader}`
    const owed = this.owedRefusals.get(key) ?? { patient: handle, reader, count: 0 }
    owed.count += 1
    this.owedRefusals.set(key, owed)
  }

  /** Everything that this organisation authored about patients, read back through keyholders under listed accesses. */
  async readBack(handles: readonly Handle[]): Promise<Map<string, Resource>> {
    const { services, organisation } = this
    const { checker } = this.#world
    const open = await services.access.ensure({ did: organisation.did, purpose: 'HOPERAT' }, handles, false)
    const contents = new Map<string, Resource>()
    for (const [key, access] of open) {
      const versions = [...checker.model().records.values()].filter((known) => known.at(-1)?.author === organisation.did && known.at(-1)?.subjects[0] === key).flat()
      if (versions.length === 0) continue
      const orders = versions.flatMap(({ record, version }) => {
        const found = records.recordVersion(services.engine.state, fromHex(record) as RecordId, version)
        return found === undefined ? [] : [openOrder(found)]
      })
      const opened = await this.#patiently(() => services.custodian.open(access.id, organisation.did, orders))
      for (const [at, { resource }] of opened.entries()) {
        const order = orders[at] as (typeof orders)[number]
        contents.set(`${toHex(order.record)}/${order.version}`, JSON.parse(new TextDecoder().decode(resource)) as Resource)
      }
    }
    return contents
  }

  /** As a client that is told to try again in a moment. */
  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        return await work()
      } catch (error) {
        if (tries >= 30 || codeOf(error) !== 'ERR_GATEWAY_UNAVAILABLE') throw error
        await this.run.sleep(300)
      }
    }
  }

  async submit(messages: readonly Message[], signer: Party = this.organisation): Promise<Committed> {
    return await submitMessages(this.services.engine, signer, messages, validUntilFrom(this.services.engine, this.run.nowMs()))
  }

  /** A release request that the gateway's own program would not make. */
  async forge(random: SeededRandom, parts: { readonly access: ObjectId; readonly reader: Did; readonly records: readonly [RecordId, number][]; readonly gateway?: Party; readonly signer?: Party }): Promise<Uint8Array> {
    const gateway = parts.gateway ?? this.organisation
    const { chainId, timeMs } = this.services.engine.status()
    const { bytes } = await signReleaseRequest(
      {
        v: 1, chainId, access: parts.access, reader: parts.reader, gateway: gateway.did, records: [...parts.records],
        recipient: { suite: this.#recipient.suite, key: this.#recipient.publicKey }, nonce: random.bytes(16), validUntil: timeMs + 60_000,
      },
      (message) => (parts.signer ?? gateway).sign(message),
    )
    return bytes
  }
}

/** Codes by which the parts say what hindered them; an error without one is a defect. */
export function codeOf(error: unknown): string {
  if (error instanceof Error && error.name === 'LedgerRefusal') return `ledger ${error.message.split(':')[0]}`
  if (error instanceof Error && 'code' in error) return String(error.code)
  return `unexpected ${textOf(error)}`
}
