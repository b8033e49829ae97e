import { fromHex, merkleRoot, toHex, type Handle, type Message, type RecordId } from '@chiron/protocol'
import { seedLibraries, SeededRandom } from '@chiron/testkit/simulation'
import { Vocabulary } from '../../src/gateway/vocabulary.ts'
import { Actions } from './actions.ts'
import { textOf, type Violation } from './checker.ts'
import { configOf, patientId, type Config } from './config.ts'
import { checkLists } from './lists.ts'
import { Faults } from './faults.ts'
import { checkForks } from './forks.ts'
import type { GatewayActor } from './gateway.ts'
import { textOfResource, type Intent } from './intents.ts'
import type { Signing } from './parties.ts'
import { offerClaim } from './patient-actions.ts'
import type { PatientActor } from './patients.ts'
import { awaited, until } from './waiting.ts'
import { checkCopies } from './wallet-copies.ts'
import { World } from './world.ts'

const DAY_MS = 86_400_000

export interface SeedReport {
  readonly seed: number
  readonly config: Config
  readonly trace: string
  readonly violations: readonly Violation[]
  readonly lines: readonly string[]
  readonly steps: number
  readonly simulatedMs: number
  readonly blocks: number
  readonly releases: number
  readonly acknowledged: number
  readonly crashes: number
  readonly lags: readonly number[]
  readonly outcomes: Readonly<Record<string, number>>
}

export interface SeedOptions {
  readonly signing?: Signing
  /** Ends a run at the first violation. */
  readonly stopEarly?: boolean
}

/** Runs one seed: sets up, lets things happen and go wrong, mends everything, and checks what must be there. */
export async function runSeed(seed: number, options: SeedOptions = {}): Promise<SeedReport> {
  const random = new SeededRandom(`seed ${seed}`)
  const config = configOf(seed, random.split('config'), options.signing)
  seedLibraries(random.split('libraries'))
  const world = await World.make(config, `seed ${seed}`)
  const stray = strayRejections(world)
  try {
    await play(world)
  } catch (error) {
    world.checker.fail('-', `the run broke off: ${textOf(error)}`)
  } finally {
    stray()
  }
  const { kernel, checker } = world
  return {
    seed,
    config,
    trace: kernel.trace,
    violations: checker.violations,
    lines: kernel.lines,
    steps: kernel.steps,
    simulatedMs: kernel.elapsedMs,
    blocks: checker.height,
    releases: checker.releases.length,
    acknowledged: world.acknowledged.length,
    crashes: [...world.machines.values()].reduce((sum, machine) => sum + machine.crashes, 0),
    lags: checker.lags,
    outcomes: Object.fromEntries([...world.outcomes].sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}

/** A rejection that nobody hears of is a defect, unless a crash is what it says. */
function strayRejections(world: World): () => void {
  const heard = (error: unknown): void => {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_SIMULATION_CRASHED') return
    world.checker.fail('-', `nobody heard of: ${textOf(error)}`)
  }
  process.on('unhandledRejection', heard)
  return () => void process.off('unhandledRejection', heard)
}

async function play(world: World): Promise<void> {
  const { kernel, config, checker } = world
  for (const machine of world.machines.values()) machine.boot()
  world.network.options = { ...config.network, loss: 0, straggle: 0 }
  await kernel.run(3_000)
  await setUp(world)
  world.network.options = config.network
  const actions = new Actions(world)
  const faults = new Faults(world)
  schedule(world, 'action', config.actionEveryMs, () => actions.begin())
  schedule(world, 'fault', config.faultEveryMs, () => faults.begin())
  for (let left = config.activeMs; left > 0 && checker.violations.length === 0; left -= 1_000) await kernel.run(Math.min(left, 1_000))
  if (checker.violations.length > 0) return
  await finish(world, faults)
}

/** Begins something again and again while the run is active, after gaps drawn from the seed. */
function schedule({ kernel, config }: World, what: string, everyMs: number, begin: () => void): void {
  const random = kernel.random.split(`schedule ${what}`)
  const endMs = kernel.elapsedMs + config.activeMs
  const next = (): void => {
    kernel.after(2 * everyMs * random.fraction(), what, () => {
      if (kernel.elapsedMs >= endMs) return
      begin()
      next()
    })
  }
  next()
}

/** Registers users, and the patients at organisations in turn, of whom some claim at once, before anything goes wrong. */
async function setUp(world: World): Promise<void> {
  const { cast, kernel, config } = world
  const random = kernel.random.split('set up')
  await awaited(world, 'starting', until(world, () => world.gateways.size === cast.organisations.length))
  for (const organisation of cast.organisations) {
    const gateway = world.gateways.get(organisation.did) as GatewayActor
    const timeMs = gateway.services.engine.status().timeMs
    const roles = ['physician', 'nurse'] as const
    const messages = organisation.practitioners.flatMap((user, at) => [
      { type: 'identity.register', salt: random.bytes(16), kind: 'practitioner', did: user.did, signingKey: user.publicKey, agreementKey: user.agreementKey, inception: user.inception, handle: null },
      { type: 'identity.attest', salt: random.bytes(16), subject: user.did, role: roles[at] ?? 'nurse', until: timeMs + 300 * DAY_MS },
    ] as const)
    await awaited(world, 'registering users', gateway.submit(messages))
    for (const user of organisation.practitioners) {
      await awaited(world, 'delegating', gateway.submit([{ type: 'identity.delegate', salt: random.bytes(16), to: organisation.did, purposes: [], until: timeMs + 30 * DAY_MS }], user))
    }
  }
  for (let at = 0; at < config.patients; at++) {
    const organisation = world.custodianOf(world.patients[at]) as (typeof cast.organisations)[number]
    const gateway = world.gateways.get(organisation.did) as GatewayActor
    const intent: Intent = { type: 'Patient', id: patientId(at), patients: [patientId(at)], text: `name ${at}`, kind: 'write', security: [] }
    await awaited(world, 'registering a patient', gateway.write(organisation.practitioners[0] as (typeof organisation.practitioners)[number], [intent]))
    if ((config.seed + at) % 2 === 0) continue
    const patient = world.patients[at] as PatientActor
    await awaited(world, 'delegating', gateway.submit([{ type: 'identity.delegate', salt: random.bytes(16), to: organisation.did, purposes: [], until: gateway.services.engine.status().timeMs + DAY_MS }], patient.first))
    await awaited(world, 'offering a claim', offerClaim(gateway, patient, DAY_MS))
    if (at > 0) await awaited(world, 'claiming', gateway.submit([patient.claimMessage(random, patient.newKeys()) as Message]))
  }
}

/** Mends everything, waits until all is quiet, and checks what can only be seen then. */
async function finish(world: World, faults: Faults): Promise<void> {
  const { checker, cast, config, kernel } = world
  faults.mend()
  const quietMs = config.maxViewAgeMs + 3 * config.blockMs + 8_000
  await kernel.run(quietMs)
  const serving = (): boolean => cast.organisations.every(({ did }) => world.gateways.get(did)?.isServing === true) && world.fallible.every(({ running }) => running?.ready === true)
  await awaited(world, 'coming back', until(world, serving))
  if (!serving()) return checker.fail('P4', `not everything came back: ${world.fallible.filter(({ running }) => running?.ready !== true).map(({ name }) => name).join(', ')}`)
  await kernel.run(5_000)
  const gateways = [...world.gateways.values()]
  await readBack(world, gateways)
  for (const gateway of gateways) await awaited(world, 'reporting', gateway.services.reporter.report())
  for (const gateway of gateways) checkOwed(world, gateway)
  checkLogs(world)
  await awaited(world, 'looking into wallets', checkCopies(world))
  checker.measureLags()
  await reopen(world)
  await checkForks(world)
}

/** Reading everything back makes blocks faster than an index takes them in. */
const FOLLOWED_WITHIN_MS = 1_000

async function isBehind(world: World, { services }: GatewayActor, height: number): Promise<boolean> {
  const rows = await awaited(world, 'looking into the index', services.index.status())
  return rows !== undefined && rows.height < height - 3
}

/** P4: every acknowledged write is in the ledger and opens, through keyholders, to what was written. */
async function readBack(world: World, gateways: readonly GatewayActor[]): Promise<void> {
  const { checker, cast, texts, config } = world
  const vocabulary = new Vocabulary(cast.vocabularyKey)
  const handles = Array.from({ length: config.patients }, (_, at) => vocabulary.patientHandle(patientId(at)))
  const read = new Map<string, string | undefined>()
  for (const gateway of gateways) {
    const contents = await awaited(world, 'reading back', gateway.readBack(handles as Handle[]))
    for (const [key, resource] of contents ?? []) read.set(key, textOfResource(resource))
    const { height } = gateway.services.engine.status()
    if (await isBehind(world, gateway, height)) await world.kernel.run(FOLLOWED_WITHIN_MS)
    if (await isBehind(world, gateway, height)) checker.fail('-', 'an index does not follow the ledger')
  }
  const keys = await Promise.all(world.disks.keyholders.map(async (stores) => new Set(await stores.keys.list())))
  const needed = config.keyholders - Math.floor((config.keyholders - 1) / 3)
  for (const { record, version, text, height } of world.acknowledged) {
    const holders = world.disks.keyholders.filter(({ shares }, at) => shares.ofVersion(fromHex(record) as RecordId, version).some(({ epoch }) => keys[at]?.has(epoch) === true))
    if (holders.length < needed) checker.fail('P4', `of an acknowledged write ${holders.length} of ${needed} keyholders have a share that they can open`)
    const entry = checker.model().records.get(record)?.find((known) => known.version === version)
    if (entry === undefined || entry.height !== height) checker.fail('P4', 'an acknowledged write is not on the ledger')
    else if (!read.has(`${record}/${version}`)) checker.fail('P4', 'an acknowledged write cannot be read back')
    else if (read.get(`${record}/${version}`) !== text) checker.fail('P4', 'an acknowledged write reads otherwise than it was written')
  }
  for (const [key, text] of read) if (texts.get(key)?.has(text) !== true) checker.fail('P4', 'what is on the ledger was never written')
}

/** P3: what a gateway still ran long enough to report is in the lists. */
function checkOwed({ checker }: World, gateway: GatewayActor): void {
  const model = checker.model()
  for (const { patient, reader, count } of gateway.owedRefusals.values()) {
    // Who no longer belongs to the organisation by the time of the report is listed without a name.
    const unnamed = model.dismissed.has(reader) ? (model.refused.get(`${patient}/`) ?? 0) : 0
    if ((model.refused.get(`${patient}/${reader}`) ?? 0) + unnamed < count) checker.fail('P3', 'a refusal is missing in the list of the patient')
  }
  for (const access of gateway.owedReports) if (!model.reported.has(access)) checker.fail('P3', 'what was displayed is missing in the list of the patient')
}

/** P3: keyholders' logs hold every release, and what they committed to is a part of them. */
function checkLogs({ checker, cast, disks }: World): void {
  for (const [at, { did }] of cast.keyholders.entries()) {
    const { log } = disks.keyholders[at] as (typeof disks.keyholders)[number]
    const entries = [...log.entries(0, log.frontier().size)]
    const texts = entries.map(toHex)
    for (const { keyholder, request, records } of checker.releases) {
      if (keyholder !== did) continue
      const listed = texts.some((entry) => entry.includes(toHex(request)) && records.every(([record]) => entry.includes(record)))
      if (!listed) checker.fail('P3', 'a release is missing in the log of the keyholder')
    }
    for (const { size, root } of checker.model().logs.get(did) ?? []) {
      if (size > entries.length || toHex(merkleRoot(entries.slice(0, size))) !== root) checker.fail('P3', 'a keyholder committed to another log than it has')
    }
  }
}

/** The ledger, started from its disk alone, has the same head; from its blocks alone, too. And its lists are provable. */
async function reopen(world: World): Promise<void> {
  const { checker, disks, kernel, ledger } = world
  ledger.crash()
  await kernel.run(100)
  const before = checker.height
  for (const wiped of world.config.seed % 5 === 0 ? [false, true] : [false]) {
    if (wiped) disks.state.wipe()
    ledger.boot()
    await awaited(world, 'starting the ledger again', until(world, () => ledger.running?.ready === true))
    if (checker.height < before) checker.fail('P4', 'blocks are gone after a restart')
    if (wiped) continue
    if (world.config.seed % 5 === 0) ledger.crash()
    await kernel.run(100)
  }
  if (ledger.running !== undefined) checkLists(world)
}
