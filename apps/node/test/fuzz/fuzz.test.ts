import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { BUGS } from './bugs.ts'
import { findingsOf, fuzz } from './child.ts'

/** Seconds for each target. */
const SECONDS = 1

describe('decoders that an attacker reaches', () => {
  it('refuse what is bad in their own words, keep their promises, and are quick about it', async () => {
    const reports = await fuzz(['--seed', 'ordinary', '--seconds', String(SECONDS)])
    expect(findingsOf(reports)).toEqual([])
    for (const { target, executions, covered } of reports) expect([target, executions > 50, covered > 3]).toEqual([target, true, true])
  }, 300_000)

  it.each(BUGS)('lose a planted bug: $name', async ({ name }) => {
    expect(findingsOf(await fuzz(['--bug', name, '--seed', 'bugs', '--executions', '400000', '--seconds', '60']))).toHaveLength(1)
  }, 120_000)

  it.each(BUGS.flatMap(({ name, changes }) => changes.map(({ file, find }) => [name, file, find] as const)))('have a place for %s in %s', (_, file, find) => {
    expect(readFileSync(new URL(`../../../../${file}`, import.meta.url), 'utf8').split(find)).toHaveLength(2)
  })
})
