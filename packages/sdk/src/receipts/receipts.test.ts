import { toBase64url, fromBase64url } from '@chiron/ledger/proofs'
import { expect, test } from 'vitest'
import { receiptFor, trust } from '../../test/member-node.ts'
import { readReceipt, verifyTxReceipt } from './receipts.ts'

const txId = new Uint8Array(32).fill(5) as never

test('a receipt proves its own transaction', () => {
  expect(verifyTxReceipt(readReceipt(receiptFor(txId)), trust, txId)).toMatchObject({ kind: 'tx', txId, head: { chainId: 'chiron-test', height: 1 } })
})

test('and no other', () => {
  expect(() => verifyTxReceipt(readReceipt(receiptFor(txId)), trust, new Uint8Array(32) as never)).toThrow(expect.objectContaining({ code: 'ERR_PROOF_LOG' }))
})

test('a proven refusal is a refusal', () => {
  const receipt = readReceipt(receiptFor(txId, { codespace: 'consent', code: 3 }))
  expect(() => verifyTxReceipt(receipt, trust, txId)).toThrow(expect.objectContaining({ code: 'ERR_SDK_TX_REFUSED', context: { codespace: 'consent', contractCode: 3 } }))
})

test('every flipped bit is noticed', () => {
  const bytes = fromBase64url(receiptFor(txId)) as Uint8Array
  for (let i = 0; i < bytes.length; i += 7) {
    const damaged = bytes.map((byte, at) => (at === i ? byte ^ 4 : byte))
    expect(() => verifyTxReceipt(readReceipt(toBase64url(damaged)), trust, txId)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_(PROOF|SDK)_/) }))
  }
})

test('trust in another signer or chain is not enough', () => {
  const receipt = readReceipt(receiptFor(txId))
  expect(() => verifyTxReceipt(receipt, { ...trust, chainId: 'chiron-other' })).toThrow(expect.objectContaining({ code: 'ERR_PROOF_CHAIN' }))
  expect(() => verifyTxReceipt(receipt, { ...trust, signers: [] })).toThrow(expect.objectContaining({ code: 'ERR_PROOF_SIGNER' }))
})

test.each(['', '=', 'AAAA', receiptFor(txId).slice(4)])('%j is no receipt', (text) => {
  expect(() => readReceipt(text)).toThrow(expect.objectContaining({ code: 'ERR_SDK_RESPONSE' }))
})
