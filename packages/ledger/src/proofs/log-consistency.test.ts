import { expect, test } from 'vitest'
import { headerSigner } from '../../test/header-signer.ts'
import { CHAIN_ID, commitBlock, toyRuntime, toyStore, toyTx } from '../../test/toy-chain.ts'
import type { AppState } from '@chiron/protocol'
import { appStateOf, readHead, type StateHead } from '../state/head.ts'
import { ProofError } from './errors.ts'
import { buildLogConsistency, decodeLogConsistency, encodeLogConsistency, logConsistencyToJson, parseLogConsistency, verifyLogConsistency } from './log-consistency.ts'

const runtime = toyRuntime()
const store = toyStore()
const signer = headerSigner(CHAIN_ID, 1)
const app = (): AppState => appStateOf(readHead(store) as StateHead)
const heads = [signer.head(app(), 0)]
for (let height = 1; height <= 9; height++) {
  commitBlock(runtime, store, Array.from({ length: height % 4 }, () => toyTx([['write', height]])))
  heads.push(signer.head(app(), height))
}

test('every header continues every older one, and none continues a newer', () => {
  for (const [i, older] of heads.entries()) {
    for (const [j, newer] of heads.entries()) {
      if (older.app.logSize > newer.app.logSize) {
        expect(() => buildLogConsistency(store, older, newer)).toThrow(ProofError)
        continue
      }
      const proof = buildLogConsistency(store, older, newer)
      if (i > j) {
        expect(() => verifyLogConsistency(proof, signer.trust)).toThrow(ProofError)
        continue
      }
      expect(verifyLogConsistency(proof, signer.trust)).toMatchObject({ older: { height: i }, newer: { height: j } })
      expect(decodeLogConsistency(encodeLogConsistency(proof))).toEqual(proof)
      expect(parseLogConsistency(JSON.parse(JSON.stringify(logConsistencyToJson(proof))))).toEqual(proof)
    }
  }
})

test('a log that was changed does not continue', () => {
  const [older, newer] = [heads[3], heads[9]] as [(typeof heads)[0], (typeof heads)[0]]
  const forked = signer.head({ ...older.app, logRoot: older.app.stateRoot }, 3)
  const proof = { ...buildLogConsistency(store, older, newer), older: forked }
  expect(() => verifyLogConsistency(proof, signer.trust)).toThrow(expect.objectContaining({ code: 'ERR_PROOF_CONSISTENCY' }))
})
