import { equalBytes, toHex, verifyConsistency } from '@chiron/protocol'
import { logConsistencyPath } from '@chiron/ledger'
import { verifyCheckpoint } from '@chiron/ledger/proofs'
import type { Incarnation } from '@chiron/testkit/simulation'
import type { EmbeddedEngine } from '../../src/engine/embedded/engine.ts'
import { Checkpoints } from '../../src/transparency/checkpoints.ts'
import { NO_WITNESSES } from '../../src/transparency/config.ts'
import { codeOf } from './gateway.ts'
import { DiskBlockFiles } from './stores.ts'
import type { World } from './world.ts'

const ASK_MS = 1_500
const CHECKPOINT_MS = 2_000

/** What somebody remembers of the newest checkpoint that was good. */
export interface SeenCheckpoint {
  readonly size: number
  readonly root: Uint8Array
}

/** The node's own checkpoints, and the proofs that a reader of tiles would work out. */
export function serveCheckpoints(world: World, run: Incarnation, engine: EmbeddedEngine): void {
  const checkpoints = new Checkpoints(world.genesis.chainId, { ...NO_WITNESSES, everyMs: CHECKPOINT_MS }, {
    engine,
    signer: world.cast.blockSigner,
    file: world.disks.checkpoints,
    fetch: () => Promise.reject(new TypeError('there are no witnesses')),
    now: run.nowMs,
    later: (ms, work) => void run.after(ms, 'checkpoint', work),
    random: run.bytes,
    onAlarm: (error) => {
      const code = codeOf(error)
      world.count(`checkpoint ${code}`)
      if (code !== 'ERR_LOG_FORKED') return
      world.forks++
      if (!world.restoring) world.checker.fail('P5', 'a ledger that nobody touched does not continue what it signed')
    },
  })
  run.services.set('checkpoint', async () => checkpoints.published())
  run.services.set('consistency', async ({ from, to }: { from: number; to: number }) => logConsistencyPath(engine.reader, from, to))
}

/** Follows the checkpoints from outside, and says when one does not continue the one before. */
export async function startMonitor(world: World, run: Incarnation): Promise<void> {
  let isLooking = false
  run.every(world.config.blockMs * 2, 'asks for a checkpoint', () => {
    if (isLooking) return
    isLooking = true
    look(world, run).catch((error: unknown) => world.count(`monitor ${codeOf(error)}`)).finally(() => {
      isLooking = false
    })
  })
  run.ready = true
}

async function look(world: World, run: Incarnation): Promise<void> {
  const { network, ledger, genesis, checker } = world
  const note = await network.call<string | undefined>(run.machine, ledger, 'checkpoint', undefined, ASK_MS)
  if (note === undefined) return
  const { size, root } = verifyCheckpoint(note, { chainId: genesis.chainId, signers: [{ did: genesis.blockSigner.did, publicKey: genesis.blockSigner.signingKey }] })
  const before = world.seen
  if (before !== undefined && size < before.size) return alarm(world, 'a checkpoint is of less than the one before')
  if (before !== undefined && size > before.size) {
    const path = await network.call<Uint8Array[]>(run.machine, ledger, 'consistency', { from: before.size, to: size }, ASK_MS)
    if (!verifyConsistency(before.size, size, before.root, root, path)) return alarm(world, 'a checkpoint does not continue the one before')
  } else if (before !== undefined && !equalBytes(root, before.root)) return alarm(world, 'two checkpoints of one size differ')
  if (!run.alive) return
  run.machine.disk.commitNow(() => {
    world.seen = { size, root }
  })
  world.count('checkpoint followed')
  if (!checker.isClosed && checker.logRoots.get(size) !== toHex(root)) checker.fail('P5', 'a checkpoint is of a log that no block has')
}

function alarm(world: World, what: string): void {
  world.alarms++
  if (!world.restoring) world.checker.fail('P5', what)
}

/** The disk of the ledger as it was at the very beginning. */
export function restoreOldest({ disks }: World, run: Incarnation): void {
  const files = new DiskBlockFiles(run.machine.disk)
  for (const name of files.names()) files.remove(name)
  disks.state.wipe()
}
