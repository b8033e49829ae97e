import type { Did } from '@chiron/protocol'
import { custody } from '@chiron/ledger'
import { Keyholder, type Blob, type BlobStore, type KeptCopy, type WalletCopies } from '@chiron/vault'
import type { Incarnation } from '@chiron/testkit/simulation'
import type { EmbeddedEngine } from '../../src/engine/embedded/engine.ts'
import { openEmbeddedEngine } from '../../src/engine/embedded/open.ts'
import type { Engine } from '../../src/engine/engine.ts'
import type { KeyholderService } from '../../src/gateway/vault-custodian.ts'
import { ledgerQueries } from '../../src/keyholder/ledger-queries.ts'
import { LedgerFacts } from '../../src/ledger/ledger-facts.ts'
import { StateMemo } from '../../src/ledger/state-memo.ts'
import { EngineLedgerView } from '../../src/keyholder/ledger-view.ts'
import { submitMessages, validUntilFrom } from '../../src/ledger/submitter.ts'
import { StorageError } from '../../src/storage/errors.ts'
import { FileBlockLog } from '../../src/storage/block-log.ts'
import { textOf } from './checker.ts'
import type { Organisation } from './config.ts'
import { Follower, type FollowerDisk } from './follower.ts'
import { GatewayActor } from './gateway.ts'
import { lie } from './liar.ts'
import { restoreOldest, serveCheckpoints } from './monitor.ts'
import { kemOf, type Party } from './parties.ts'
import { DiskBlockFiles, type DiskStateStore } from './stores.ts'
import type { World } from './world.ts'

const CALL_MS = 4_000
const COMMIT_LOG_MS = 6_000
const SWEEP_MS = 25_000

/** The embedded engine over a machine's disk and clock, watched by the checker. */
export async function openLedger(world: World, run: Incarnation): Promise<EmbeddedEngine> {
  const { genesis, config, checker, disks } = world
  const signatures = world.signatures()
  const { disk } = run.machine
  const engine: EmbeddedEngine = await openEmbeddedEngine(
    // Every second block is executed while the one before is being stored.
    { genesis, blocks: 'blocks', limits: { aheadTxs: 1 } },
    {
      store: disks.state,
      runtime: world.runtime(signatures),
      signer: world.cast.blockSigner,
      signatures,
      clock: run,
      openLog: (options) => new FileBlockLog({ ...options, segmentBytes: config.segmentBytes, files: new DiskBlockFiles(disk) }),
      onHalt: (error) => {
        world.count(`halt ${String((error.cause as { code?: unknown } | undefined)?.code)}`)
        if (run.alive && !(error.cause instanceof StorageError)) checker.fail('-', `the ledger halted although its disk is well: ${textOf(error.cause)}`)
        run.after(5, 'exits', () => run.machine.crashFor(1_500))
      },
      onListenerError: (error) => {
        if (run.alive) checker.fail('-', `a block listener failed: ${String(error)}`)
      },
    },
  )
  run.assertAlive()
  observe(world, engine)
  engine.onBlock(({ header, results }) => {
    if (run.alive) checker.block(header.height, engine.block(header.height) as Uint8Array, () => results)
  })
  return engine
}

function observe({ checker }: World, engine: EmbeddedEngine): void {
  const { height } = engine.status()
  if (checker.isClosed) return
  if (height < checker.height) checker.fail('P4', `the ledger came back at block ${height} of ${checker.height}`)
  for (let at = 1; at <= height; at++) checker.block(at, engine.block(at) as Uint8Array, () => engine.results(at) ?? [])
}

function serveLedger(world: World, run: Incarnation, engine: EmbeddedEngine): void {
  run.services.set('submit', (tx: Uint8Array) => engine.submit(tx))
  run.services.set('fetch', async (height: number) => engine.block(height))
  run.services.set('advance', async () => {
    await engine.advance()
    return engine.status().height
  })
  const followers = world.fallible.filter(({ name }) => world.disks.followers.has(name))
  engine.onBlock(({ header }) => {
    const bytes = engine.block(header.height) as Uint8Array
    for (const follower of followers) {
      world.network.send(run.machine, follower, 'block', () => {
        void follower.running?.services.get('block')?.({ height: header.height, bytes } as never)
      })
    }
  })
}

export async function startLedgerMachine(world: World, run: Incarnation): Promise<void> {
  if (world.restoring) restoreOldest(world, run)
  const engine = await openLedger(world, run)
  serveLedger(world, run, engine)
  serveCheckpoints(world, run, engine)
  run.every(world.config.blockMs, 'idle block', () => void engine.advance().catch(() => undefined))
  run.ready = true
}

/** What gateways keep of the state, and forget as commits say. */
function factsOf(store: DiskStateStore): LedgerFacts {
  const memo = new StateMemo(store)
  store.watch = (writes) => memo.forget(writes)
  return new LedgerFacts(memo)
}

/** Ciphertext for everybody. */
export async function startServing(world: World, run: Incarnation): Promise<void> {
  const { blobs } = world.disks
  run.services.set('put', (batch: readonly Blob[]) => blobs.putMany(batch))
  run.services.set('get', (hash: Uint8Array) => blobs.get(hash))
  run.services.set('delete', (hash: Uint8Array) => blobs.delete(hash))
  const { copies } = world.disks
  run.services.set('put copies', ({ owner, kept }: { owner: Did; kept: readonly KeptCopy[] }) => copies.put(owner, kept))
  run.services.set('list copies', (owner: Did) => copies.list(owner))
  run.services.set('delete copies', (ciphertexts: readonly Uint8Array[]) => copies.delete(ciphertexts))
  run.ready = true
}

async function follow(world: World, run: Incarnation): Promise<Follower> {
  const { genesis, network, ledger, config } = world
  const signatures = world.signatures()
  const follower = new Follower({
    run,
    network,
    ledger,
    genesis,
    disk: world.disks.followers.get(run.machine.name) as FollowerDisk,
    runtime: world.checker.sharing(world.runtime(signatures)),
    verify: (key, message, signature) => signatures.verify(key, message, signature),
    maxViewAgeMs: config.maxViewAgeMs,
  })
  await follower.started()
  return follower
}

/** One keyholder, and what it does by itself: says what it released, and sweeps. */
async function openKeyholder(world: World, run: Incarnation, at: number, engine: Engine, facts: LedgerFacts): Promise<KeyholderService> {
  const owner = world.cast.keyholders[at] as Party
  const stores = world.disks.keyholders[at] as World['disks']['keyholders'][number]
  const { store, epochKeys, releaseLog } = stores
  const signatures = world.signatures()
  const sign = async (message: Uint8Array): Promise<Uint8Array> => {
    // Keys may lie in a device that is slow at times: blocks come in between.
    await run.sleep(run.random.fraction() * (run.random.chance(0.15) ? 1_500 : 3))
    return owner.sign(message)
  }
  const keyholder = await Keyholder.open(
    { chainId: world.genesis.chainId, did: owner.did, keys: await kemOf(owner.name) },
    { store, epochKeys, log: releaseLog, view: new EngineLedgerView(engine, ledgerQueries(facts), run.nowMs), sign, random: run.bytes, verify: (key, message, signature) => signatures.verify(key, message, signature) },
  )
  keyholder.verifyReleaseLog()
  run.every(COMMIT_LOG_MS, 'commits its log', () => void commitLog(world, run, engine, owner, keyholder))
  run.every(SWEEP_MS, 'sweeps', () => void keyholder.sweep().catch(() => undefined))
  const lies = world.config.liar && at === 0
  return {
    did: owner.did,
    acceptBatch: async (bytes) => {
      const receipt = await keyholder.acceptBatch(bytes)
      const present = new Set(await stores.keys.list())
      if (run.alive && stores.shares.epochs().some((epoch) => !present.has(epoch))) world.checker.fail('P4', 'a keyholder signed for shares while the key that they lie under was not on its disk')
      return receipt
    },
    release: async (request) => {
      const askedMs = run.nowMs()
      const response = await keyholder.release(request)
      if (!run.alive) return response
      const view = { who: owner.name, height: engine.status().height, askedMs, answeredMs: run.nowMs(), trueMs: world.kernel.nowMs }
      world.checker.released(owner.did, view, request, response)
      return lies ? await lie(world, owner, request, response) : response
    },
  }
}

async function commitLog(world: World, run: Incarnation, engine: Engine, owner: Party, keyholder: Keyholder): Promise<void> {
  const { size, root } = keyholder.releaseLogHead()
  if (size === 0 || custody.releaseLog(engine.state, owner.did)?.size === size) return
  try {
    await submitMessages(engine, owner, [{ type: 'custody.commitLog', salt: run.bytes(16), root, size }], validUntilFrom(engine, run.nowMs()))
    world.count('commitLog')
  } catch {
    world.count('commitLog refused')
  }
}

export async function startKeyholderMachine(world: World, run: Incarnation, at: number): Promise<void> {
  const engine = await follow(world, run)
  const keyholder = await openKeyholder(world, run, at, engine, factsOf(engine.reader))
  run.services.set('acceptBatch', (bytes: Uint8Array) => keyholder.acceptBatch(bytes))
  run.services.set('release', (bytes: Uint8Array) => keyholder.release(bytes))
  run.ready = true
}

function remoteKeyholder(world: World, run: Incarnation, did: Did, at: number): KeyholderService {
  const there = world.machine(`keyholder ${at}`)
  return {
    did,
    acceptBatch: (bytes) => world.network.call(run.machine, there, 'acceptBatch', bytes, CALL_MS),
    release: (bytes) => {
      world.requests.push(bytes)
      return world.network.call(run.machine, there, 'release', bytes, CALL_MS)
    },
  }
}

function remoteBlobs(world: World, run: Incarnation): BlobStore {
  const there = world.machine('blobs')
  const call = <T>(name: string, request: unknown): Promise<T> => world.network.call<T>(run.machine, there, name, request, CALL_MS)
  return {
    putMany: (batch) => call('put', batch),
    get: (hash) => call('get', hash),
    delete: (hash) => call('delete', hash),
    has: (hash) => world.disks.blobs.has(hash),
    list: () => world.disks.blobs.list(),
  }
}

function remoteCopies(world: World, run: Incarnation): WalletCopies {
  const there = world.machine('blobs')
  return {
    put: (owner, kept) => world.network.call(run.machine, there, 'put copies', { owner, kept }, CALL_MS),
    list: (owner) => world.network.call(run.machine, there, 'list copies', owner, CALL_MS),
    delete: (ciphertexts) => world.network.call(run.machine, there, 'delete copies', ciphertexts, CALL_MS),
  }
}

export async function startGatewayMachine(world: World, run: Incarnation, at: number): Promise<void> {
  const engine = await follow(world, run)
  const keyholders = world.cast.keyholders.map(({ did }, index) => remoteKeyholder(world, run, did, index))
  const facts = factsOf(engine.reader)
  await GatewayActor.start(world, run, world.cast.organisations[at] as Organisation, { engine, facts, keyholders, blobs: remoteBlobs(world, run), copies: remoteCopies(world, run) })
}

/** Ledger, keyholders and gateways in one process. */
export async function startOneNode(world: World, run: Incarnation): Promise<void> {
  const engine = await openLedger(world, run)
  serveLedger(world, run, engine)
  serveCheckpoints(world, run, engine)
  const facts = factsOf(world.disks.state)
  const keyholders: KeyholderService[] = []
  for (const [at] of world.cast.keyholders.entries()) {
    const keyholder = await openKeyholder(world, run, at, engine, facts)
    run.services.set(`release ${at}`, (bytes: Uint8Array) => keyholder.release(bytes))
    keyholders.push({
      ...keyholder,
      release: (bytes) => {
        world.requests.push(bytes)
        return keyholder.release(bytes)
      },
    })
  }
  for (const organisation of world.cast.organisations) await GatewayActor.start(world, run, organisation, { engine, facts, keyholders, blobs: world.disks.blobs, copies: world.disks.copies })
  run.ready = true
}
