import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { indexStoreCompliance } from '../testing/compliance.ts'
import { KEY, temporaryDirectory } from '../testing/samples.ts'
import { openIndexStore } from './open.ts'

const root = temporaryDirectory()
afterAll(() => rmSync(root, { recursive: true, force: true }))

let number = 0
indexStoreCompliance('libsql', {
  open: async () => openIndexStore({ directory: join(root, String(++number)), key: KEY }).store,
  reopen: async () => openIndexStore({ directory: join(root, String(number)), key: KEY }).store,
})
