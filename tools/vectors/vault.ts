/**
 * Writes `spec/vectors/{envelope-opened,envelope-refused,custody-shares,custody-packages,release-messages,copies-opened}.json`.
 * Deterministic: `node tools/vectors/vault.ts` changes nothing unless a format changed, and a test compares.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { VectorFile } from './plain.ts'
import { formatVectors, vectorFolder } from './protocol.ts'
import { packageVectors, releaseVectors, shareVectors } from './vault-custody.ts'
import { copyVectors } from './vault-copies.ts'
import { openedEnvelopes, refusedEnvelopes } from './vault-envelope.ts'

/** File name → contents. */
export function vaultVectors(): ReadonlyMap<string, VectorFile> {
  return new Map([
    ['envelope-opened.json', openedEnvelopes()],
    ['envelope-refused.json', refusedEnvelopes()],
    ['custody-shares.json', shareVectors()],
    ['custody-packages.json', packageVectors()],
    ['release-messages.json', releaseVectors()],
    ['copies-opened.json', copyVectors()],
  ])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(vectorFolder, { recursive: true })
  for (const [name, file] of vaultVectors()) writeFileSync(join(vectorFolder, name), formatVectors(file))
}
