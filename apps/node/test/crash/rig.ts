import { strictEqual } from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChildNode } from './child-node.ts'
import type { SeededRandom } from './random.ts'

/** Where a node's data lie, and how the node is ended without warning. */
export interface Rig {
  /** The data directory. */
  readonly directory: string
  /** Ends the node in the middle of what it does; afterwards the data are as a restarted machine would find them. */
  crash(node: ChildNode, random: SeededRandom): Promise<void>
  remove(): void
}

/** Ends nodes with SIGKILL: what they wrote stays, flushed or not. */
export class KillRig implements Rig {
  readonly directory = mkdtempSync(join(tmpdir(), 'chiron-kill-'))

  async crash(node: ChildNode): Promise<void> {
    const { output } = await node.kill()
    strictEqual(output, '', 'what the node printed')
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}
