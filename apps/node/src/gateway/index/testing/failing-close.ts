import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { IndexError } from '../errors.ts'
import { openIndexStore } from '../libsql/open.ts'
import { KEY, loadTestDefinitions, observationRow } from './samples.ts'

/** Fills an index whose manifest cannot be written, closes it, says with which code that failed, and ends. Argument: its directory. */
const [directory = ''] = process.argv.slice(2)
loadTestDefinitions()
const { store } = openIndexStore({ directory, key: KEY })
for (let height = 1; height <= 3; height++) await store.apply({ blocks: { after: height - 1, height }, upserts: [observationRow(`o${height}`, 'p1', 'x')] })
mkdirSync(join(directory, 'index-1.manifest.tmp'))
const failure = await store.close().catch((error: unknown) => error)
process.stdout.write(failure instanceof IndexError ? failure.code : 'closed')
