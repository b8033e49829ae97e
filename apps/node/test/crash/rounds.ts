import { strictEqual } from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ChildNode } from './child-node.ts'
import { Model } from './model.ts'
import { SeededRandom } from './random.ts'
import { verifyAudit, verifyContents, verifyDeletions, verifyHistories, verifyLedger } from './verify.ts'
import { Workload } from './workload.ts'

export interface RoundsOptions {
  readonly rounds: number
  readonly seed: number
  /** In every so many rounds the index is made anew from ledger and ciphertext, and everything compared again. */
  readonly rebuildEvery: number
}

export interface RoundsReport {
  readonly seed: number
  readonly kills: number
  readonly killsWhileStarting: number
  readonly acknowledged: number
  readonly cutOff: number
  readonly completed: number
  readonly resources: number
  readonly blocks: number
  readonly openings: number
}

/** Kills a node with SIGKILL at random moments under load, again and again on one data directory, and checks it each time. */
export async function killRounds({ rounds, seed, rebuildEvery }: RoundsOptions): Promise<RoundsReport> {
  const random = new SeededRandom(seed)
  const directory = mkdtempSync(join(tmpdir(), 'chiron-kill-'))
  const model = new Model()
  const workload = new Workload(model, random)
  const report = { seed, kills: 0, killsWhileStarting: 0, acknowledged: 0, cutOff: 0, completed: 0, resources: 0, blocks: 0, openings: 0 }
  let node = await ChildNode.start(directory)
  try {
    await workload.prepare(node)
    let audit = await verifyAudit(node, model.patients[0] as string, [])
    for (let round = 1; round <= rounds; round++) {
      const running = workload.run(node)
      const [acknowledged] = await Promise.all([running, killAfter(node, random.between(50, 1500))])
      report.acknowledged += acknowledged
      report.kills++
      if (random.integer(5) === 0) {
        await killAfter(ChildNode.spawn(directory), random.between(100, 1000))
        report.killsWhileStarting++
      }
      node = await ChildNode.start(directory)
      const { resources, cutOff, completed } = await verifyContents(node, model)
      Object.assign(report, { resources, cutOff: report.cutOff + cutOff, completed: report.completed + completed })
      await verifyDeletions(node, model)
      audit = await verifyAudit(node, model.patients[0] as string, audit)
      report.blocks = await verifyLedger(node)
      if (round % rebuildEvery !== 0) continue
      await verifyHistories(node, model)
      await node.ask('rebuild', { organisation: 'riverside' })
      await verifyContents(node, model)
      await verifyHistories(node, model)
    }
    report.openings = audit.filter(({ organisation, what }) => organisation === 'lakeside' && what.startsWith('opened access')).length
    await node.stop()
    return report
  } finally {
    await node.kill()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The moment is arbitrary on purpose: no event of the node leads to it. */
async function killAfter(node: ChildNode, ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
  const { output } = await node.kill()
  strictEqual(output, '', 'what the node printed')
}
