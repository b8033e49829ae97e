import { globSync } from 'node:fs'
import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, runNode } from './process.ts'

/** Names of the scripts in `examples/`. */
export function exampleNames(): string[] {
  return globSync('examples/*.ts', { cwd: root })
    .map((file) => basename(file, '.ts'))
    .toSorted()
}

/** Runs one script against a running node; its exit code, or 2 for a name that there is none of. */
export async function example(name: string | undefined, args: readonly string[] = []): Promise<number> {
  const names = exampleNames()
  if (name !== undefined && names.includes(name)) return runNode([`examples/${name}.ts`, ...args])
  process.stderr.write(`usage: npm run example -- NAME [--url URL]\nNAME is one of: ${names.join(', ')}\n`)
  return 2
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [name, ...args] = process.argv.slice(2)
  process.exitCode = await example(name, args)
}
