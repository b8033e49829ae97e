import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ensureInstalled, isInstalled, markInstalled } from './install.mjs'

let root: string
let said: string[]
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chiron-install-'))
  writeFileSync(join(root, 'package-lock.json'), '{ "version": 1 }')
  said = []
})
afterEach(() => rmSync(root, { recursive: true }))

const log = (line: string): void => void said.push(line)
const lock = (): string => join(root, '.tools/install.lock')

/** Stands for npm: makes node_modules and counts. */
function npm(code = 0): { run: () => Promise<number>; count: () => number } {
  let count = 0
  return {
    run: async () => {
      count += 1
      rmSync(join(root, 'node_modules'), { recursive: true, force: true })
      mkdirSync(join(root, 'node_modules'))
      return code
    },
    count: () => count,
  }
}

describe('installing', () => {
  it('happens once, and again when the lock file changed or node_modules went', async () => {
    const { run, count } = npm()
    const install = (): Promise<boolean> => ensureInstalled(root, { log, npmCi: run })
    expect([await install(), await install(), count()]).toEqual([true, true, 1])
    writeFileSync(join(root, 'package-lock.json'), '{ "version": 2 }')
    expect([await install(), count()]).toEqual([true, 2])
    rmSync(join(root, 'node_modules'), { recursive: true })
    expect([await install(), count()]).toEqual([true, 3])
    expect(said).toEqual(['installing packages (once)', 'package-lock.json changed: installing packages', 'installing packages (once)'])
  })

  it('is not taken as done when npm fails', async () => {
    const { run, count } = npm(1)
    expect(await ensureInstalled(root, { log, npmCi: run })).toBe(false)
    expect(isInstalled(root)).toBe(false)
    expect(await ensureInstalled(root, { log, npmCi: run })).toBe(false)
    expect(count()).toBe(2)
    expect(said.at(-1)).toMatch(/npm ci failed with code 1/)
  })

  it('is done by one of several processes while the others wait', async () => {
    const { run, count } = npm()
    expect(await Promise.all([1, 2, 3].map(() => ensureInstalled(root, { log, npmCi: run })))).toEqual([true, true, true])
    expect(count()).toBe(1)
    expect(existsSync(lock())).toBe(false)
  })

  it('takes over from a process that died while installing', async () => {
    mkdirSync(join(root, '.tools'))
    writeFileSync(lock(), '999999999')
    const { run, count } = npm()
    expect(await ensureInstalled(root, { log, npmCi: run })).toBe(true)
    expect(count()).toBe(1)
  })

  it('counts an installation by hand once npm has run the prepare script', () => {
    mkdirSync(join(root, 'node_modules'))
    expect(isInstalled(root)).toBe(false)
    markInstalled(root)
    expect(isInstalled(root)).toBe(true)
  })
})
