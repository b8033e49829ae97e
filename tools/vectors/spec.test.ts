import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const rows = readdirSync(join(root, 'spec'))
  .filter((file) => file.endsWith('.md') && file !== 'README.md')
  .flatMap((file) => readFileSync(join(root, 'spec', file), 'utf8').split('\n'))
  .filter((line) => line.startsWith('| SPEC-'))
const defined = rows.map((line) => line.split('|')[1]?.trim() ?? '')

function sourcesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((item) => {
    if (item.name === 'node_modules' || item.name === 'generated' || item.name === 'data') return []
    const path = join(folder, item.name)
    return item.isDirectory() ? sourcesIn(path) : /\.(ts|md)$/.test(item.name) ? [path] : []
  })
}

test('every number is given once', () => {
  expect(defined.length).toBeGreaterThan(100)
  expect(defined.filter((id, i) => defined.indexOf(id) !== i)).toEqual([])
})

test('every number that the code names is defined', () => {
  const known = new Set(defined)
  const unknown = ['packages', 'apps'].flatMap(sourcesIn).flatMap((file) => {
    const named = readFileSync(join(root, file), 'utf8').match(/SPEC-[A-Z]+-(?:\d+|NET)|SPEC-P\d+/g) ?? []
    return named.filter((id) => !known.has(id)).map((id) => `${id} in ${file}`)
  })
  expect(unknown).toEqual([])
})

test('every place that a requirement names is there', () => {
  const missing = rows.flatMap((line) => [...line.matchAll(/`((?:packages|apps|spec|tools|docs)\/[^`*]+)`/g)].map((match) => match[1] as string).filter((path) => !existsSync(join(root, path))))
  expect(missing).toEqual([])
})
