import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { canMount, mountTmpfs, unmount } from '../../test/small-disk.ts'
import { openDataDirectory } from './data-directory.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chiron-data-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe('openDataDirectory', () => {
  it('creates the layout for this user only', () => {
    const layout = openDataDirectory(join(directory, 'deep', 'data'))
    for (const path of [layout.root, layout.ledger, layout.state, layout.blocks, layout.blobs, layout.keys]) {
      expect(statSync(path).mode & 0o777).toBe(0o700)
    }
    expect(layout.keyholder('a')).toBe(join(layout.root, 'keyholders', 'a'))
    expect(openDataDirectory(layout.root)).toMatchObject({ root: layout.root })
  })

  it('says so when the path is a file', () => {
    const path = join(directory, 'file')
    writeFileSync(path, '')
    expect(() => openDataDirectory(path)).toThrow(expect.objectContaining({ name: 'StorageError' }))
  })

  it('says what to do when little space is left', () => {
    expect(() => openDataDirectory(directory, Number.MAX_SAFE_INTEGER)).toThrow(expect.objectContaining({ code: 'ERR_STORAGE_FULL', message: expect.stringContaining('free at least') }))
  })

  it.skipIf(!canMount)('notices a read-only file system, also as root (needs root and mount)', () => {
    const path = join(directory, 'ro')
    mkdirSync(path)
    mountTmpfs(path, '2m')
    try {
      execFileSync('mount', ['-o', 'remount,ro', path])
      expect(() => openDataDirectory(path, 0)).toThrow(expect.objectContaining({ code: 'ERR_STORAGE_READ_ONLY', context: expect.objectContaining({ system: 'EROFS' }) }))
    } finally {
      unmount(path)
    }
  })

  it.skipIf(process.getuid?.() !== 0)('notices a directory that this user may not write (needs root, to become another user)', () => {
    const script = `import { openDataDirectory } from ${JSON.stringify(join(import.meta.dirname, 'data-directory.ts'))}
      process.setuid(65534)
      try { openDataDirectory(process.argv[1]); console.log('opened') } catch (error) { console.log(error.code) }`
    const said = spawnSync(process.execPath, ['--input-type=module', '-e', script, directory], { encoding: 'utf8' }).stdout.trim()
    expect(said).toBe('ERR_STORAGE_READ_ONLY')
  })
})
