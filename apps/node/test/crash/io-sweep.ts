import { ChildEnded, ChildNode } from './child-node.ts'
import { IoShim, type IoFault, type IoHit, type IoOperation } from './io-shim.ts'
import { Model } from './model.ts'
import { SeededRandom } from './random.ts'
import type { Rig } from './rig.ts'
import { verifyAudit, verifyContents, verifyDeletions, verifyHistories, verifyLedger, verifyReceipts, verifyReplay } from './verify.ts'
import { Workload, type Refusal } from './workload.ts'

/** While the fault may come: in the script, or while the node starts on data that a crash left, or on none. */
export type IoPhase = 'script' | 'start' | 'first start'

export interface IoCase {
  readonly phase: IoPhase
  readonly fault: IoFault
  readonly operations: readonly IoOperation[]
  /** Only calls on paths with this in them count. */
  readonly part?: string
  /** Number of the call that is hit, from 1. */
  readonly at: number
}

/** What a node did when a call failed, or what became of it. */
export interface IoOutcome {
  readonly hit: IoHit | undefined
  /** `crashed`: the fault ended it; `stopped`: it ended itself and said why; `refused`: it did not end, but refused something; `served`: nobody noticed. */
  readonly became: 'crashed' | 'stopped' | 'refused' | 'served'
  readonly refusals: readonly Refusal[]
  readonly output: string
}

const CRASHES: ReadonlySet<IoFault> = new Set(['before', 'within', 'after'])

async function endOf(node: ChildNode, refusals: readonly Refusal[]): Promise<IoOutcome['became']> {
  if (node.hasEnded) {
    const { code, signal } = await node.ended
    if (signal === 'SIGKILL') return 'crashed'
    if (code !== 0) return 'stopped'
  }
  return refusals.length > 0 ? 'refused' : 'served'
}

/**
 * Nodes of which one system call is made to fail, one after another on one data directory. After each case the rig ends
 * the node if it still runs, a node without faults is started, and everything is verified.
 */
export class IoSweep {
  readonly #rig: Rig
  readonly #shim = new IoShim()
  readonly #random: SeededRandom
  readonly #model = new Model()
  readonly #workload: Workload
  #audit: Awaited<ReturnType<typeof verifyAudit>> = []
  #node: ChildNode | undefined

  constructor(rig: Rig, seed: number) {
    this.#rig = rig
    this.#random = new SeededRandom(seed)
    this.#workload = new Workload(this.#model, this.#random)
  }

  /** One case; throws when something acknowledged is lost or half, or the node does not start again. `first start` needs a new directory. */
  async run({ phase, fault, operations, at, part }: IoCase): Promise<IoOutcome> {
    let refusals: readonly Refusal[] = []
    if (phase === 'script') {
      this.#node ??= await this.#prepared()
      this.#shim.arm(fault, operations, at, part)
      refusals = await this.#workload.script(this.#node, 'stop')
    } else {
      if (phase === 'start') {
        this.#node ??= await this.#prepared()
        await this.#workload.script(this.#node, 'stay')
        await this.#rig.crash(this.#node, this.#random)
      }
      this.#shim.arm(fault, operations, at, part)
      this.#node = this.#spawn()
      await this.#node.untilReady().catch((error: unknown) => {
        if (!(error instanceof ChildEnded)) throw error
      })
    }
    const node = this.#node
    const { hit } = this.#shim.state()
    this.#shim.disarm()
    const isStopping = refusals.length === 0 && phase === 'script'
    if ((hit !== undefined && CRASHES.has(fault)) || isStopping) await node.ended
    // Answers once the node has done what it had begun, if it still runs.
    await node.ask('headers', { heights: [] }).catch(() => undefined)
    const became = await endOf(node, refusals)
    const output = await this.#rig.crash(node, this.#random)
    await this.#verify()
    return { hit, became, refusals, output }
  }

  async close(): Promise<void> {
    await this.#node?.kill()
    this.#rig.remove()
    this.#shim.remove()
  }

  #spawn(): ChildNode {
    return ChildNode.spawn(this.#rig.directory, { environment: this.#shim.environment(this.#rig.directory) })
  }

  async #start(): Promise<ChildNode> {
    const node = this.#spawn()
    await node.untilReady()
    return node
  }

  async #prepared(): Promise<ChildNode> {
    const node = await this.#start()
    await this.#workload.prepare(node)
    this.#audit = await verifyAudit(node, this.#model.patients[0] as string, [])
    return node
  }

  async #verify(): Promise<void> {
    this.#node = await this.#start()
    const node = this.#node
    if (this.#model.patients.length === 0) {
      await this.#workload.prepare(node)
    }
    await verifyContents(node, this.#model)
    await verifyDeletions(node, this.#model)
    this.#audit = await verifyAudit(node, this.#model.patients[0] as string, this.#audit)
    await verifyReceipts(node, this.#rig.directory, this.#model)
    await verifyLedger(node)
    await verifyReplay(node)
    await node.ask('rebuild', { organisation: 'riverside' })
    await verifyContents(node, this.#model)
    await verifyHistories(node, this.#model)
  }
}
