import { expect, test } from 'vitest'
import { decodeSignedHeader, encodeHeader, signedBlock } from './block.ts'
import { decodeCanonical, encodeCanonical } from './encoding.ts'
import { formatDid } from './ids.ts'

const header = encodeHeader({ chainId: 'chiron-test', height: 3, timeMs: 7, previous: new Uint8Array(32), txRoot: new Uint8Array(32), appHash: new Uint8Array(32) })
const block = { header, signer: formatDid(new Uint8Array(20)), signature: new Uint8Array(64).fill(5), txs: [new Uint8Array(0), new Uint8Array(300).fill(9), Uint8Array.of(1)] }
const bytes = encodeCanonical(block)

test('the header of a block is what decoding all of it gives', () => {
  const { txs: _txs, ...signed } = block
  expect(decodeSignedHeader(bytes)).toEqual(signed)
  expect(decodeSignedHeader(encodeCanonical({ ...block, txs: [] }))).toEqual(signed)
})

test('no changed byte is taken that decoding all of it refuses', () => {
  const failing = (read: () => unknown): boolean => {
    try {
      read()
      return false
    } catch {
      return true
    }
  }
  let refused = 0
  for (let at = 0; at < bytes.length; at++) {
    for (const bit of [1, 0x20, 0x80]) {
      const changed = bytes.slice()
      changed[at] = (changed[at] as number) ^ bit
      const expected = failing(() => decodeCanonical(signedBlock, changed))
      expect(failing(() => decodeSignedHeader(changed))).toBe(expected)
      if (expected) refused++
    }
    expect(failing(() => decodeSignedHeader(bytes.subarray(0, at)))).toBe(true)
  }
  expect(refused).toBeGreaterThan(30)
  expect(failing(() => decodeSignedHeader(Uint8Array.of(...bytes, 0)))).toBe(true)
})
