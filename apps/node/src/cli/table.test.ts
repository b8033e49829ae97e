import { describe, expect, it } from 'vitest'
import { formatFields, formatTable, formatTime, visible } from './table.ts'

describe('tables', () => {
  it('aligns columns and leaves no space at the end of a line', () => {
    expect(formatTable(['A', 'LONGER'], [['1', 'x'], ['22222', '']])).toBe('A      LONGER\n1      x\n22222')
  })

  it('shows what could drive a terminal or turn text around', () => {
    expect(visible('a\u001b[31m\n\u202eb')).toBe(String.raw`a\u001b[31m\u000a\u202eb`)
    expect(formatTable(['A'], [['x\u0007']])).toBe(String.raw`A
x\u0007`)
  })

  it('aligns fields, and writes an open end out', () => {
    expect(formatFields({ a: 1, long: 'x' })).toBe('a:    1\nlong: x')
    expect([formatTime(null), formatTime(0), formatTime(2 ** 53 - 1)]).toEqual(['no end', '1970-01-01T00:00:00.000Z', '9007199254740991 ms after 1970'])
  })
})
