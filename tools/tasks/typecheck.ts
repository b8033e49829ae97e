import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inPackage, root, runNode } from './process.ts'

/** Projects that are checked one by one: sources and, where they have another environment, tests of every workspace. */
export function projects(folder: string): string[] {
  const found = globSync(['packages/*/tsconfig*.json', 'apps/*/tsconfig*.json', 'tools/tsconfig.json', 'examples/tsconfig.json', 'bench/tsconfig.json'], {
    cwd: folder,
  })
  return found.toSorted()
}

/** Workspaces without a project: they would be left unchecked in silence. */
export function unchecked(folder: string): string[] {
  return globSync(['packages/*/package.json', 'apps/*/package.json'], { cwd: folder })
    .map((manifest) => manifest.replace(/\/package\.json$/, ''))
    .filter((workspace) => !existsSync(join(folder, workspace, 'tsconfig.json')))
    .toSorted()
}

/** Checks the types of every workspace; the number of projects with errors. */
export async function typecheck(): Promise<number> {
  let failed = 0
  for (const workspace of unchecked(root)) {
    process.stdout.write(`types: ${workspace} has no tsconfig.json\n`)
    failed += 1
  }
  for (const project of projects(root)) {
    const code = await runNode([inPackage('typescript', 'bin/tsc'), '-p', project, '--pretty', 'false'])
    process.stdout.write(`types: ${project} ${code === 0 ? 'ok' : 'FAILED'}\n`)
    if (code !== 0) failed += 1
  }
  return failed
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = (await typecheck()) === 0 ? 0 : 1
