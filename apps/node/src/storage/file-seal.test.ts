import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FileSeal } from './file-seal.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chiron-seal-'))
  file = join(folder, 'data.mdb')
  writeFileSync(file, new Uint8Array(3_000_000).fill(7))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('holds from close to open, once', () => {
  new FileSeal(file).close()
  new FileSeal(file).open('')
  expect(existsSync(`${file}.sum`)).toBe(false)
  writeFileSync(file, 'changed by a node that crashed')
  new FileSeal(file).open('')
})

it.each([0, 1_500_000, 2_999_999])('finds byte %i changed, each time', (offset) => {
  new FileSeal(file).close()
  const bytes = readFileSync(file)
  bytes[offset] = 8
  writeFileSync(file, bytes)
  for (let time = 0; time < 2; time++) {
    expect(() => new FileSeal(file).open('restore it')).toThrow(expect.objectContaining({ code: 'ERR_STORAGE_CORRUPT', message: `${file} was changed while no node ran: restore it` }))
  }
})

it('finds the file cut, or gone', () => {
  new FileSeal(file).close()
  writeFileSync(file, readFileSync(file).subarray(1))
  expect(() => new FileSeal(file).open('')).toThrow(expect.objectContaining({ code: 'ERR_STORAGE_CORRUPT' }))
  rmSync(file)
  expect(() => new FileSeal(file).open('')).toThrow(expect.objectContaining({ code: 'ERR_STORAGE_CORRUPT' }))
})
