import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const source = join(import.meta.dirname, '..', 'src')

test('nothing in src needs Node, so that it runs in a browser', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  const needing = files.filter((file) => /from 'node:|\bBuffer\b|\bprocess\./.test(readFileSync(join(source, file), 'utf8')))
  expect(files.length).toBeGreaterThan(20)
  expect(needing).toEqual([])
})
