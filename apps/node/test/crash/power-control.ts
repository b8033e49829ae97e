import { AssertionError } from 'node:assert/strict'
import { ChildEnded, ChildNode } from './child-node.ts'
import { Model } from './model.ts'
import type { Flushing } from './node-child.ts'
import { PowerRig } from './power-rig.ts'
import { SeededRandom } from './random.ts'
import { crashUnderLoad } from './rounds.ts'
import { verifyContents } from './verify.ts'
import { Workload } from './workload.ts'

export interface ControlReport {
  readonly flushing: Flushing
  readonly losses: number
  /** In how many of them something acknowledged was gone, or could not be decrypted any more. */
  readonly lost: number
  /** In how many of them the node did not start again, which is not counted as lost. */
  readonly unopened: number
  /** What was found, one line for each that was lost. */
  readonly found: readonly string[]
}

/** Cuts the power of nodes that were opened without due flushing, each with data of its own: shows that the rig sees losses. */
export async function powerControl(flushing: Flushing, { losses, untilLost, seed }: { readonly losses: number; readonly untilLost: boolean; readonly seed: number }): Promise<ControlReport> {
  const random = new SeededRandom(seed)
  const report = { flushing, losses: 0, lost: 0, unopened: 0, found: [] as string[] }
  while (report.losses < losses) {
    report.losses++
    const found = await lossOf(flushing, random)
    if (found === 'unopened') report.unopened++
    else if (found !== undefined) {
      report.lost++
      report.found.push(found)
      if (untilLost) break
    }
  }
  return report
}

/** What one loss of power took. */
async function lossOf(flushing: Flushing, random: SeededRandom): Promise<string | undefined> {
  const rig = new PowerRig()
  const model = new Model()
  const workload = new Workload(model, random)
  let node = await ChildNode.start(rig.directory, { flushing })
  try {
    await workload.prepare(node)
    await crashUnderLoad(rig, node, workload, random)
    node = await ChildNode.start(rig.directory, { flushing })
    await verifyContents(node, model)
    await node.ask('rebuild', { organisation: 'riverside' })
    await verifyContents(node, model)
    return undefined
  } catch (error) {
    if (error instanceof ChildEnded) return /ERR_VAULT_SHARE_ABSENT/.test(error.message) ? 'key shares of records on the ledger are gone' : 'unopened'
    if (error instanceof AssertionError) return error.message.split('\n')[0]
    throw error
  } finally {
    await node.kill()
    rig.remove()
  }
}
