import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Coverage, type SyntaxNode } from '@chiron/testkit/fuzz'
import { parseAst } from 'rolldown/parseAst'
import type { PlantedChange } from '../simulation/bugs.ts'

const OURS = /\/(?:packages\/(?:protocol|ledger|vault|fhir|sdk)|apps\/node)\/src\/.*\.ts$/

/** Signatures take milliseconds, and most inputs carry the same ones: each is verified once. */
const REMEMBERED: PlantedChange = {
  file: 'packages/protocol/src/signatures.ts',
  find: 'export function verifyEd25519(',
  replace: `const remembered = new Map<string, boolean>()
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = Buffer.concat([publicKey, Uint8Array.of(publicKey.length, signature.length), signature, message]).toString('latin1')
  let known = remembered.get(key)
  if (known === undefined) {
    if (remembered.size > 20_000) remembered.clear()
    remembered.set(key, (known = verifyAnew(publicKey, message, signature)))
  }
  return known
}
function verifyAnew(`,
}

/**
 * Puts counters into the project's modules while they are loaded, and planted bugs before: whatever was imported earlier
 * is without. `left` holds the changes that no module had a place for yet.
 */
export function instrumentModules(changes: readonly PlantedChange[] = []): { readonly coverage: Coverage; readonly left: ReadonlySet<PlantedChange> } {
  const coverage = new Coverage()
  const left = new Set(changes)
  registerHooks({
    load(url, context, next) {
      if (!OURS.test(url)) return next(url, context)
      let source = readFileSync(fileURLToPath(url), 'utf8')
      for (const change of [REMEMBERED, ...changes].filter(({ file }) => url.endsWith(`/${file}`))) {
        if (source.split(change.find).length !== 2) throw new Error(`the text to be replaced does not stand once in ${change.file}`)
        source = source.replace(change.find, () => change.replace)
        left.delete(change)
      }
      const program = parseAst(source, { lang: 'ts' }, url) as unknown as SyntaxNode
      return { format: 'module-typescript', source: coverage.add(url, source, program), shortCircuit: true }
    },
  })
  return { coverage, left }
}
