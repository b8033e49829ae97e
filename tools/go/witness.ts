import { createHash } from 'node:crypto'
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { go, goMissing, root } from './toolchain.ts'

const SOURCE = join(root, 'tools', 'witness')
const PARTS = ['go.mod', 'go.sum', 'main.go', 'subtree.go.txt']
/**
 * The witness asks for a commit of this module that not every proxy has, for one function that we do not serve. This
 * one has the consistency proofs, which are what the test is about.
 */
const MERKLE = 'github.com/transparency-dev/merkle@v0.0.3-0.20240919113952-3c979d16ee14'
const BUILD_WITHIN_MS = 280_000

/**
 * Path of OmniWitness, built into `.tools` from the Go proxy if it is not there yet; or why it cannot be had: without Go
 * or the proxy its test is skipped.
 */
export async function buildWitness(): Promise<{ readonly path: string } | { readonly missing: string }> {
  const missing = goMissing()
  if (missing !== undefined) return { missing }
  const version = createHash('sha256').update(MERKLE)
  for (const part of PARTS) version.update(readFileSync(join(SOURCE, part)))
  const folder = join(root, '.tools', 'witness', version.digest('hex').slice(0, 16))
  const path = join(folder, 'omniwitness')
  if (existsSync(path)) return { path }
  mkdirSync(folder, { recursive: true })
  let merkle: string
  try {
    merkle = (JSON.parse(await go(['mod', 'download', '-json', MERKLE], folder, BUILD_WITHIN_MS)) as { Dir: string }).Dir
    copyModule(merkle, join(folder, 'merkle'))
    for (const part of PARTS.filter((each) => !each.endsWith('.txt'))) copyFileSync(join(SOURCE, part), join(folder, part))
    copyFileSync(join(SOURCE, 'subtree.go.txt'), join(folder, 'merkle', 'proof', 'subtree.go'))
    await go(['mod', 'download'], folder, BUILD_WITHIN_MS)
  } catch (error) {
    return { missing: `the Go proxy does not have it: ${(error as Error).message.split('\n').at(-2) ?? ''}` }
  }
  await go(['build', '-trimpath', '-o', `${path}.new`, '.'], folder, BUILD_WITHIN_MS)
  renameSync(`${path}.new`, path)
  return { path }
}

/** Go's module cache is read-only; a copy that is built must not be. */
function copyModule(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true })
  const wanted = new Set(['compact', 'proof', 'rfc6962'])
  cpSync(from, to, {
    recursive: true,
    mode: 0,
    filter: (path) => path === from || wanted.has(basename(path)) || path.endsWith('go.mod') || (path.endsWith('.go') && !path.endsWith('_test.go')),
  })
}
