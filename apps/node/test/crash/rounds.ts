import { strictEqual } from 'node:assert/strict'
import { ChildNode } from './child-node.ts'
import { Model } from './model.ts'
import { SeededRandom } from './random.ts'
import type { Rig } from './rig.ts'
import { verifyAudit, verifyContents, verifyDeletions, verifyHistories, verifyLedger, verifyReceipts, verifyReplay } from './verify.ts'
import { Workload } from './workload.ts'

export interface RoundsOptions {
  readonly rounds: number
  readonly seed: number
  /** In every so many rounds all blocks are executed again, the index is made anew from ledger, ciphertext and key shares, and everything compared again. */
  readonly rebuildEvery: number
}

export interface RoundsReport {
  readonly seed: number
  readonly finished: string
  readonly crashes: number
  readonly crashesWhileStarting: number
  readonly acknowledged: number
  readonly cutOff: number
  readonly completed: number
  readonly resources: number
  readonly blocks: number
  readonly openings: number
}

/** Ends a node at random moments under load, again and again on one data directory, and checks it each time. */
export async function crashRounds(rig: Rig, { rounds, seed, rebuildEvery }: RoundsOptions): Promise<RoundsReport> {
  const random = new SeededRandom(seed)
  const { directory } = rig
  const model = new Model()
  const workload = new Workload(model, random)
  const report = { seed, finished: '', crashes: 0, crashesWhileStarting: 0, acknowledged: 0, cutOff: 0, completed: 0, resources: 0, blocks: 0, openings: 0 }
  let node = await ChildNode.start(directory)
  try {
    await workload.prepare(node)
    let audit = await verifyAudit(node, model.patients[0] as string, [])
    for (let round = 1; round <= rounds; round++) {
      report.acknowledged += await crashUnderLoad(rig, node, workload, random)
      report.crashes++
      if (random.integer(5) === 0) {
        const starting = ChildNode.spawn(directory)
        await delay(random.between(100, 1000))
        strictEqual(await rig.crash(starting, random), '', 'what the starting node printed')
        report.crashesWhileStarting++
      }
      node = await ChildNode.start(directory)
      const { resources, cutOff, completed } = await verifyContents(node, model)
      Object.assign(report, { resources, cutOff: report.cutOff + cutOff, completed: report.completed + completed })
      await verifyDeletions(node, model)
      audit = await verifyAudit(node, model.patients[0] as string, audit)
      await verifyReceipts(node, directory, model)
      report.blocks = await verifyLedger(node)
      if (round % rebuildEvery !== 0 && round !== rounds) continue
      await verifyReplay(node)
      await verifyHistories(node, model)
      await node.ask('rebuild', { organisation: 'riverside' })
      await verifyContents(node, model)
      await verifyHistories(node, model)
    }
    report.openings = audit.filter(({ organisation, what }) => organisation === 'lakeside' && what.startsWith('opened access')).length
    await node.stop()
    await rig.crash(node, random)
    node = await ChildNode.start(directory)
    await verifyContents(node, model)
    report.finished = new Date().toISOString()
    return report
  } finally {
    await node.kill()
    rig.remove()
  }
}

/**
 * Resolves with the number of writes that were acknowledged: some at least, however slow the machine. The moment after
 * them is arbitrary on purpose: no event of the node leads to it.
 */
export async function crashUnderLoad(rig: Rig, node: ChildNode, workload: Workload, random: SeededRandom): Promise<number> {
  const running = workload.run(node)
  await Promise.race([running, workload.untilAcknowledged(random.integer(12))])
  await delay(random.between(0, 300))
  workload.endsNow()
  const [acknowledged, output] = await Promise.all([running, rig.crash(node, random)])
  strictEqual(output, '', 'what the node printed')
  return acknowledged
}

async function delay(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}
