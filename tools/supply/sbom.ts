import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../tasks/process.ts'

export interface Component {
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly licenses?: readonly { readonly license?: { readonly id?: string; readonly name?: string }; readonly expression?: string }[]
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[]
}

/** A CycloneDX 1.5 bill of materials. */
export interface Sbom {
  readonly bomFormat: string
  readonly specVersion: string
  readonly components: readonly Component[]
}

/** What the lock file installs, as CycloneDX 1.5, made by npm itself. `omitDev`: only what runs in production. */
export function sbom({ omitDev = false } = {}): Sbom {
  const args = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', ...(omitDev ? ['--omit', 'dev'] : [])]
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 2 ** 20 })
  if (status !== 0) throw new TypeError(`npm sbom ended with code ${status}: ${stderr.trim().split('\n').at(-1) ?? ''}`)
  return JSON.parse(stdout) as Sbom
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const path = join(root, 'dist', 'chiron.cdx.json')
  mkdirSync(join(root, 'dist'), { recursive: true })
  const bill = sbom({ omitDev: process.argv.includes('--production') })
  writeFileSync(path, `${JSON.stringify(bill, null, 2)}\n`)
  process.stdout.write(`${path}: ${bill.components.length} components\n`)
}
