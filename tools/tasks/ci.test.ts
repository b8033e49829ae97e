import { describe, expect, it } from 'vitest'
import { summarise } from './ci.ts'

const tally = (passed: number, failed: number) => ({ passed, failed, skipped: [] })

describe('the last line of a run', () => {
  it.each([
    ['all well', { typesOk: true, lintOk: true, testExitCode: 0, tally: tally(10, 0) }, { passed: 12, failed: 0 }],
    ['types failed', { typesOk: false, lintOk: true, testExitCode: 0, tally: tally(10, 0) }, { passed: 11, failed: 1 }],
    ['lint and tests failed', { typesOk: true, lintOk: false, testExitCode: 1, tally: tally(10, 3) }, { passed: 11, failed: 4 }],
    ['the run failed outside of tests', { typesOk: true, lintOk: true, testExitCode: 1, tally: tally(10, 0) }, { passed: 12, failed: 1 }],
    ['the run died', { typesOk: true, lintOk: true, testExitCode: 134, tally: undefined }, { passed: 2, failed: 1 }],
    ['the run left no counts', { typesOk: true, lintOk: true, testExitCode: 0, tally: undefined }, { passed: 2, failed: 1 }],
  ])('%s', (_, outcome, expected) => expect(summarise(outcome)).toEqual(expected))
})
