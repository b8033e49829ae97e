import type { KeyObject } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { textOf } from '../byte-text.ts'
import { keyObjectOf, verifyPacked } from './verify-batch.ts'

/** Keys that are kept as OpenSSL wants them. */
const MOST_KEYS = 10_000

const keys = new Map<string, KeyObject>()

function keyOf(publicKey: Uint8Array): KeyObject {
  const text = textOf(publicKey)
  const known = keys.get(text)
  if (known !== undefined) return known
  if (keys.size >= MOST_KEYS) keys.clear()
  const key = keyObjectOf(publicKey)
  keys.set(text, key)
  return key
}

parentPort?.on('message', (packed: Uint8Array) => {
  const valid = verifyPacked(packed, keyOf)
  parentPort?.postMessage(valid, [valid.buffer])
})
