import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sharedData } from './shared-data.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chiron-shared-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('shared data', () => {
  it('is found where it is', () => {
    mkdirSync(join(folder, 'data/01'), { recursive: true })
    expect(sharedData('data/01', folder)).toEqual({ path: join(folder, 'data/01'), missing: undefined })
  })

  it('gives a reason to skip where it is not', () => {
    expect(sharedData('data/02', folder).missing).toMatch(/data\/02 .*CHIRON_SHARED/)
  })

  it('lies beside the clone unless told otherwise', () => {
    const clone = join(import.meta.dirname, '..', '..', '..')
    expect(sharedData('data', '').path).toBe(join(clone, '..', 'shared', 'data'))
  })
})
