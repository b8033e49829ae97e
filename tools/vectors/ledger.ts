/**
 * Writes `spec/vectors/{tree,log,lists,proofs}-*.json`. Deterministic: `node tools/vectors/ledger.ts` changes nothing
 * unless a formula changed, and a test compares.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { receiptVectors } from './ledger-receipts.ts'
import { factProofVectors, listVectors, logVectors, treeVectors } from './ledger-state.ts'
import { formatVectors, vectorFolder } from './protocol.ts'
import type { VectorFile } from './plain.ts'

/** File name → contents. */
export function ledgerVectors(): ReadonlyMap<string, VectorFile> {
  return new Map([
    ['tree-roots.json', treeVectors()],
    ['log-transactions.json', logVectors()],
    ['lists-heads.json', listVectors()],
    ['proofs-facts.json', factProofVectors()],
    ['proofs-receipts.json', receiptVectors()],
  ])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(vectorFolder, { recursive: true })
  for (const [name, file] of ledgerVectors()) writeFileSync(join(vectorFolder, name), formatVectors(file))
}
