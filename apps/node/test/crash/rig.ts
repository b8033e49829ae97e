import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChildNode } from './child-node.ts'
import type { SeededRandom } from './random.ts'

/** Where a node's data lie, and how the node is ended without warning. */
export interface Rig {
  /** The data directory. */
  readonly directory: string
  /** Ends the node in the middle of what it does; afterwards the data are as a restarted node would find them. Resolves with what it printed before. */
  crash(node: ChildNode, random: SeededRandom): Promise<string>
  remove(): void
}

/** Ends nodes with SIGKILL: what they wrote stays, flushed or not. */
export class KillRig implements Rig {
  readonly directory = mkdtempSync(join(tmpdir(), 'chiron-kill-'))

  async crash(node: ChildNode): Promise<string> {
    return (await node.kill()).output
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}
