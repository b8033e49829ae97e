import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** Every regular file below a directory, with its path from there. */
export function* filesBelow(directory: string): Iterable<{ readonly path: string; readonly bytes: Buffer }> {
  for (const entry of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const path = join(directory, entry)
    if (lstatSync(path).isFile()) yield { path: relative(directory, path), bytes: readFileSync(path) }
  }
}
