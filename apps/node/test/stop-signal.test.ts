import { fork, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chiron-signal-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A process that waits to be stopped, and says so. */
function start(): { child: ChildProcess; ended: Promise<{ output: string; code: number | null }>; ready: Promise<void> } {
  const program = join(folder, 'wait.ts')
  const module = new URL('../src/cli/stop-signal.ts', import.meta.url).href
  writeFileSync(program, `import { stopSignal } from '${module}'\nconst stopped = stopSignal()\nconst alive = setInterval(() => {}, 1000)\nprocess.stdout.write('ready ')\nawait stopped\nif (process.connected) await new Promise((go) => process.once('message', go).once('disconnect', go))\nclearInterval(alive)\nprocess.channel?.unref()\nprocess.stdout.write('stopped')\n`)
  const child = fork(program, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  let output = ''
  let isReady = (): void => {}
  const ready = new Promise<void>((resolve) => (isReady = resolve))
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    if (output.startsWith('ready ')) isReady()
  })
  // Not `close`: it does not come after a disconnect.
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const drained = new Promise<void>((resolve) => child.stdout?.once('close', resolve))
  return { child, ready, ended: Promise.all([exited, drained]).then(([code]) => ({ output, code })) }
}

describe('stopping', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s lets the node finish, also when it comes twice at once', async (signal) => {
    const { child, ready, ended } = start()
    await ready
    child.kill(signal)
    child.kill(signal)
    // Else the first may have ended the process before the second is delivered, which then finds nobody to handle it.
    child.send('go')
    expect(await ended).toEqual({ output: 'ready stopped', code: 0 })
  })

  it('follows the launcher that is gone', async () => {
    const { child, ready, ended } = start()
    await ready
    child.disconnect()
    expect(await ended).toEqual({ output: 'ready stopped', code: 0 })
  })
})
