import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Profiler } from 'node:inspector'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { NodeReady, ProfileOrder } from './node-process.ts'

const PROGRAM = fileURLToPath(new URL('node-process.ts', import.meta.url))

export interface MeasuredNode {
  /** FHIR base of riverside, the hospital. */
  readonly base: string
  readonly token: string
  readonly pid: number
  readonly dataDirectory: string
  /** Profiles the node's main thread from now on; what is returned ends that and gives the profile. */
  profile(): () => Promise<Profiler.Profile>
  /** Ends the node and removes its data. */
  stop(): Promise<void>
}

export interface StartOptions {
  /** Keyholders of the new network; one unless given. */
  readonly keyholders?: number
  /** Arguments of Node itself, such as `--cpu-prof`. */
  readonly execArgv?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** Where the data directory is made: durability costs what that disk costs. */
  readonly parent?: string
}

/** Starts a node as its operator would, in a process of its own over a new data directory. @throws Error when it does not come up */
export async function startNodeProcess(options: StartOptions = {}): Promise<MeasuredNode> {
  const dataDirectory = mkdtempSync(join(options.parent ?? tmpdir(), 'chiron-bench-'))
  const child = fork(PROGRAM, [dataDirectory, String(options.keyholders ?? 1)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [...(options.execArgv ?? [])],
    env: { ...process.env, LOG_LEVEL: 'error', HOST: '127.0.0.1', CHIRON_DATA: '', CHIRON_PUBLIC_URL: '', ...options.environment },
  })
  const exited = once(child, 'exit')
  const ready = await Promise.race([
    once(child, 'message').then(([message]) => message as NodeReady),
    exited.then(([code]) => Promise.reject(new Error(`the node ended with code ${String(code)} before it was ready`))),
  ])
  return {
    base: `${ready.url}/riverside/fhir`,
    token: ready.token,
    pid: child.pid as number,
    dataDirectory,
    profile: () => {
      child.send('profile' satisfies ProfileOrder)
      return async () => {
        child.send('profiled' satisfies ProfileOrder)
        const [profile] = (await once(child, 'message')) as [Profiler.Profile]
        return profile
      }
    },
    stop: async () => {
      if (child.connected) child.disconnect()
      await exited
      rmSync(dataDirectory, { recursive: true, force: true })
    },
  }
}
