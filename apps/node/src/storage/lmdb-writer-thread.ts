import { parentPort, workerData } from 'node:worker_threads'
import { toWriteError } from './lmdb-errors.ts'
import { openSpaces, writeSpaces } from './lmdb-spaces.ts'
import type { WriterAnswer } from './lmdb-writer.ts'
import { unpackWrites } from './packed-writes.ts'

const path = workerData as string
const opened = openSpaces(path)

parentPort?.on('message', (packed: Uint8Array | undefined) => {
  if (packed === undefined) void close()
  else parentPort?.postMessage(commit(packed), [])
})

function commit(packed: Uint8Array): WriterAnswer {
  try {
    writeSpaces(opened, unpackWrites(packed))
    return undefined
  } catch (cause) {
    const { code, message, context } = toWriteError(cause, path, 'committing to')
    return { code, message, context }
  }
}

async function close(): Promise<void> {
  await opened.root.close()
  parentPort?.close()
}
