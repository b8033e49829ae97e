import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { BUGS } from './bugs.ts'
import { findingsOf, fuzz } from './child.ts'
import { corpusFiles, MAX_CORPUS_BYTES } from './corpus.ts'

/** Seconds for each target. */
const SECONDS = 1

describe('decoders that an attacker reaches', () => {
  it('refuse what is bad in their own words, keep their promises, and are quick about it', async () => {
    const reports = await fuzz(['--seed', 'ordinary', '--seconds', String(SECONDS)])
    expect(findingsOf(reports)).toEqual([])
    for (const { target, executions, covered } of reports) expect([target, executions > 50, covered > 3]).toEqual([target, true, true])
  }, 300_000)

  it('have a corpus that stays small, each file for one of them', async () => {
    const files = corpusFiles()
    expect(files.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(300 * 1024)
    expect(files.filter(({ bytes }) => bytes > MAX_CORPUS_BYTES)).toEqual([])
    const names = new Set((await fuzz(['--seed', 'names', '--executions', '0'])).map(({ target }) => target))
    expect(files.map(({ target }) => target).filter((target) => !names.has(target))).toEqual([])
    expect(files.length).toBeGreaterThan(names.size / 2)
  }, 120_000)

  it.each(BUGS)('lose a planted bug: $name', async ({ name }) => {
    expect(findingsOf(await fuzz(['--bug', name, '--seed', 'bugs', '--executions', '400000', '--seconds', '60']))).toHaveLength(1)
  }, 120_000)

  it.each(BUGS.flatMap(({ name, changes }) => changes.map(({ file, find }) => [name, file, find] as const)))('have a place for %s in %s', (_, file, find) => {
    expect(readFileSync(new URL(`../../../../${file}`, import.meta.url), 'utf8').split(find)).toHaveLength(2)
  })
})
