/**
 * A whole node in a process of its own: `node node-process.ts DIRECTORY`. Sample network without sample patients, on a free
 * port, everything on. Says {@link NodeReady} over the IPC channel, and ends when the channel closes.
 */
import { ControlClient } from '../../apps/node/src/cli/control-client.ts'
import { startNode } from '../../apps/node/src/main.ts'
import { openDataDirectory } from '../../apps/node/src/storage/data-directory.ts'

export interface NodeReady {
  readonly url: string
  /** A token of riverside's physician, purpose TREAT. */
  readonly token: string
}

const dataDirectory = process.argv[2] ?? ''
const node = await startNode({ dataDirectory, port: 0, sample: false, onProgress: () => undefined })
const control = new ControlClient({ socketPath: openDataDirectory(dataDirectory).socket, dataDirectory })
const { token } = await control.call('token', { for: 'user', organisation: 'riverside', user: 'physician', purpose: 'TREAT' })
const ready: NodeReady = { url: node.url, token }
process.send?.(ready)
process.once('disconnect', () => void node.close())
