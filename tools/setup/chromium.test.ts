import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ensureChromium, findChromium, HOW_TO_GET_CHROMIUM } from './chromium.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chiron-chromium-'))
  vi.stubEnv('PATH', folder)
  vi.stubEnv('CHIRON_CHROMIUM', '')
})
afterEach(() => rmSync(folder, { recursive: true }))

function put(name: string, mode = 0o755): string {
  const path = join(folder, name)
  writeFileSync(path, '')
  chmodSync(path, mode)
  return path
}

test('the named one comes first, then what can be run on the path', () => {
  expect(findChromium()).toBeUndefined()
  put('chromium', 0o644)
  expect(findChromium()).toBeUndefined()
  const chrome = put('google-chrome')
  expect(findChromium()).toBe(chrome)
  const chromium = put('chromium-browser')
  expect(findChromium()).toBe(chromium)
  expect(findChromium({ CHIRON_CHROMIUM: '/opt/own' })).toBe('/opt/own')
})

test('a missing one is installed by root, after an update where that is needed; others are told how', async () => {
  const lines: string[] = []
  const calls: string[] = []
  const uid = vi.spyOn(process as { getuid(): number }, 'getuid')
  uid.mockReturnValue(1000)
  const run = async (command: string, args: readonly string[]): Promise<number> => {
    calls.push([command, ...args].join(' '))
    if (calls.length === 3) put('chromium')
    return calls.length === 1 ? 100 : 0
  }
  expect(await ensureChromium((line) => lines.push(line), run)).toBeUndefined()
  expect([calls, lines]).toEqual([[], [HOW_TO_GET_CHROMIUM]])
  uid.mockReturnValue(0)
  expect(await ensureChromium((line) => lines.push(line), run)).toBe(join(folder, 'chromium'))
  expect(calls.map((call) => call.split(' ')[1])).toEqual(['install', 'update', 'install'])
  expect(await ensureChromium((line) => lines.push(line), run)).toBe(join(folder, 'chromium'))
  expect(calls).toHaveLength(3)
})
