import { SeededRandom } from '@chiron/testkit/simulation'
import { Acting } from './acting.ts'
import { TERMS_HASHES } from './drawn-terms.ts'
import { awaited, until } from './waiting.ts'
import type { World } from './world.ts'

/**
 * P5, at the very end: somebody replaces the ledger by an old copy of it. While it still has what it remembers of its
 * checkpoints, it signs no other; when that is replaced as well, whoever followed its checkpoints notices.
 */
export async function checkForks(world: World): Promise<void> {
  const { config, checker, ledger, kernel, machines, disks } = world
  if (config.topology !== 'spread' || config.seed % 3 !== 0 || checker.violations.length > 0 || world.seen === undefined) return
  checker.isClosed = true
  world.restoring = true
  for (const machine of world.fallible) if (machine !== machines.get('monitor')) machine.crash()
  const before = disks.checkpoints.read().newest
  ledger.boot()
  await goOn(world, 1)
  if (disks.checkpoints.read().newest !== before) checker.fail('P5', 'a node whose ledger was replaced by an old copy signed another checkpoint')
  if (world.forks === 0) checker.fail('P5', 'a node does not say that its ledger was replaced by an old copy')
  ledger.crash()
  disks.checkpoints.wipe()
  ledger.boot()
  await goOn(world, 2)
  await kernel.run(6 * config.blockMs)
  if (world.alarms === 0) checker.fail('P5', 'nobody noticed that the ledger and its checkpoints were replaced by old copies')
  else world.count('fork noticed')
}

/** The ledger as it is now grows by a transaction of its own. */
async function goOn(world: World, turn: number): Promise<void> {
  const { ledger, cast, kernel, config } = world
  await awaited(world, 'starting with an old copy', until(world, () => ledger.running?.ready === true))
  const [organisation] = cast.organisations
  if (organisation === undefined) return
  const random = new SeededRandom(`fork ${config.seed} ${turn}`)
  for (const hash of TERMS_HASHES.slice(0, turn)) await awaited(world, 'a transaction on an old copy', new Acting(world).sign(random, organisation, { type: 'consent.acceptTerms', salt: random.bytes(16), hash }))
  await kernel.run(6_000)
}
