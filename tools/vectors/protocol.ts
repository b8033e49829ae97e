/**
 * Writes `spec/vectors/{encoding,tx,ids,commitments,tags,block,claims}-*.json`. Deterministic: `node tools/vectors/protocol.ts`
 * changes nothing unless a formula changed, and a test compares.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { claimVectors } from './protocol-claims.ts'
import { blockVectors, commitmentVectors, dayVectors, idVectors, tagVectors } from './protocol-derived.ts'
import { encodingVectors, refusedEncodingVectors } from './protocol-encoding.ts'
import { refusedTxVectors, signedTxVectors } from './protocol-tx.ts'
import type { VectorFile } from './plain.ts'

/** Where the vectors lie. */
export const vectorFolder: string = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'spec', 'vectors')

/** File name → contents. */
export function protocolVectors(): ReadonlyMap<string, VectorFile> {
  return new Map([
    ['encoding-canonical.json', encodingVectors()],
    ['encoding-refused.json', refusedEncodingVectors()],
    ['tx-signed.json', signedTxVectors()],
    ['tx-refused.json', refusedTxVectors()],
    ['ids-derived.json', idVectors()],
    ['tags-derived.json', tagVectors()],
    ['tags-days.json', dayVectors()],
    ['commitments-custody.json', commitmentVectors()],
    ['block-derived.json', blockVectors()],
    ['claims-derived.json', claimVectors()],
  ])
}

export function formatVectors(file: VectorFile): string {
  return `${JSON.stringify(file, null, 2)}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(vectorFolder, { recursive: true })
  for (const [name, file] of protocolVectors()) writeFileSync(join(vectorFolder, name), formatVectors(file))
}
