import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Restart } from './result.ts'

/** Opens a directory in new processes: after an orderly close, and after the one before was killed. */
export async function restart(directory: string): Promise<Restart> {
  const first = await openInChild(directory)
  const second = await openInChild(directory)
  return { afterCloseMs: first.totalMs, afterCloseOpenMs: first.openMs, afterKillMs: second.totalMs, afterKillOpenMs: second.openMs }
}

async function openInChild(directory: string): Promise<{ totalMs: number; openMs: number }> {
  const started = performance.now()
  const child = fork(join(import.meta.dirname, 'restart-process.ts'), [directory], { execArgv: [] })
  const [openMs] = (await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [undefined])])) as [number | undefined]
  if (openMs === undefined) throw new Error('the ledger did not open again')
  const totalMs = performance.now() - started
  child.kill('SIGKILL')
  await once(child, 'exit')
  return { totalMs, openMs }
}
