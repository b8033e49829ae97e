import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const clone = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')

/** A folder or file of shared test data, and why a test that needs it must be skipped, if it must. */
export interface SharedData {
  readonly path: string
  /** Undefined when the data is there, else a reason to give to vitest's `skip`. */
  readonly missing: string | undefined
}

/**
 * Finds `sub` in the folder of shared test data: `CHIRON_SHARED`, or `../shared` beside the clone. A clone is complete
 * without it; tests that need it say so: `it('…', ({ skip }) => { skip(data.missing !== undefined, data.missing) … })`.
 */
export function sharedData(sub: string, folder: string | undefined = process.env['CHIRON_SHARED']): SharedData {
  const path = join(folder === undefined || folder === '' ? join(clone, '..', 'shared') : resolve(folder), sub)
  return { path, missing: existsSync(path) ? undefined : `needs shared test data that is not here: ${sub} (set CHIRON_SHARED)` }
}
