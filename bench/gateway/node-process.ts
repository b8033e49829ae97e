/**
 * A whole node in a process of its own: `node node-process.ts DIRECTORY KEYHOLDERS`. Sample network without sample patients,
 * on a free port, everything on. Says {@link NodeReady} over the IPC channel, profiles when it is told to, and ends when the
 * channel closes.
 */
import { Session } from 'node:inspector/promises'
import { ControlClient } from '../../apps/node/src/cli/control-client.ts'
import { startNode } from '../../apps/node/src/main.ts'
import { openDataDirectory } from '../../apps/node/src/storage/data-directory.ts'

export interface NodeReady {
  readonly url: string
  /** A token of riverside's physician, purpose TREAT. */
  readonly token: string
}

/** What the parent may say: take a CPU profile from now on, or hand over what was taken. */
export type ProfileOrder = 'profile' | 'profiled'

const dataDirectory = process.argv[2] ?? ''
const node = await startNode({ dataDirectory, keyholders: Number(process.argv[3] ?? 1), port: 0, sample: false, onProgress: () => undefined })
const control = new ControlClient({ socketPath: openDataDirectory(dataDirectory).socket, dataDirectory })
const { token } = await control.call('token', { for: 'user', organisation: 'riverside', user: 'physician', purpose: 'TREAT' })
const ready: NodeReady = { url: node.url, token }
process.send?.(ready)
let session: Session | undefined
process.on('message', (order: ProfileOrder) => void (order === 'profile' ? startProfile() : endProfile()))
process.once('disconnect', () => void node.close())

async function startProfile(): Promise<void> {
  session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: 500 })
  await session.post('Profiler.start')
}

async function endProfile(): Promise<void> {
  const answer = await session?.post('Profiler.stop')
  session?.disconnect()
  process.send?.(answer?.profile)
}
