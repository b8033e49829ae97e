import { expect, test } from 'vitest'
import { leafHash, nodeHash, utf8 } from '@chiron/protocol'
import { verifyEntry } from './lists.ts'

const entry = utf8('entry')
const sibling = leafHash(utf8('sibling'))
const pair = nodeHash(leafHash(entry), sibling)

test('an entry is under the peak over its index', () => {
  expect(verifyEntry({ size: 2, peaks: [pair] }, 0, entry, [sibling])).toBe(true)
  expect(verifyEntry({ size: 2, peaks: [pair] }, 1, entry, [sibling])).toBe(false)
  expect(verifyEntry({ size: 3, peaks: [pair, leafHash(entry)] }, 2, entry, [])).toBe(true)
})

test('no entry is beyond the list, at no whole number, or under a head of another size', () => {
  const head = { size: 2, peaks: [pair] }
  for (const index of [-1, 0.5, 2, 3, Number.NaN]) expect(verifyEntry(head, index, entry, [sibling])).toBe(false)
  expect(verifyEntry({ size: 1, peaks: [pair] }, 0, entry, [sibling])).toBe(false)
  expect(verifyEntry({ size: 2, peaks: [pair, pair] }, 0, entry, [sibling])).toBe(false)
  expect(verifyEntry({ size: 0, peaks: [] }, 0, entry, [])).toBe(false)
})
