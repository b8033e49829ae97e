import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { StartProgress } from '../cli/context.ts'
import { CliError } from '../cli/errors.ts'
import { importOrder } from '../cli/import-documents.ts'
import type { ControlDependencies } from '../control/dependencies.ts'
import { gatewayNamed } from '../control/lookups.ts'
import { adminReader } from '../control/sessions.ts'
import { importDocument } from '../intake/import.ts'

/** Where the sample patients lie in the project: Synthea bundles, gzipped. */
export const SAMPLE_DIRECTORY = fileURLToPath(new URL('../../../../examples/patients', import.meta.url))

/** The organisation that authored the sample. */
const AUTHOR = 'riverside'

/** Loads the sample patients; what is there already is skipped, so that an interrupted first start goes on. */
export async function importSample(dependencies: ControlDependencies, onProgress: (progress: StartProgress) => void): Promise<void> {
  const files = importOrder((await readdir(SAMPLE_DIRECTORY)).filter((name) => name.endsWith('.json.gz')).map((name) => join(SAMPLE_DIRECTORY, name)))
  const gateway = gatewayNamed(dependencies, AUTHOR)
  const reader = await adminReader(dependencies, AUTHOR)
  for (const [index, file] of files.entries()) {
    onProgress({ step: 'loading sample patients', done: index, total: files.length })
    const { refused } = await importDocument(gateway, reader, await promisify(gunzip)(await readFile(file)), () => undefined)
    const [first] = refused
    if (first !== undefined) throw new CliError('ERR_CLI_START', `${basename(file)}: entry ${first.entry} of the sample was refused: ${first.reason}`)
  }
  onProgress({ step: 'loading sample patients', done: files.length, total: files.length })
}
