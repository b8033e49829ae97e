import { openIndexStore } from '../libsql/open.ts'
import { KEY, loadTestDefinitions, observationRow } from './samples.ts'

/** Applies block after block and says which it has applied, until it is killed. Arguments: directory, size of the log in bytes. */
const [directory = '', logLimit = ''] = process.argv.slice(2)
loadTestDefinitions()
const { store } = openIndexStore({ directory, key: KEY, logLimitBytes: Number(logLimit) })
for (let height = (await store.status()).height + 1; ; height++) {
  const upserts = Array.from({ length: 10 }, (_, index) => observationRow(`o${index}`, 'p1', `at-${height}`, { version: String(height), lastUpdatedMs: height }))
  await store.apply({ blocks: { after: height - 1, height }, upserts, erasures: upserts.map(({ record }) => ({ record, version: String(height - 3) })) })
  process.stdout.write(`${height}\n`)
}
