import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'

const MODULE = pathToFileURL(join(import.meta.dirname, 'last-resort.ts')).href

it.each([
  ['thrown', 'uncaughtException', 'setImmediate(() => { throw new TypeError("Zanzibarovich") })'],
  ['a rejection', 'unhandledRejection', 'Promise.reject(new TypeError("Zanzibarovich"))'],
])('an error that nobody caught (%s) ends the process without its words', (_name, origin, surprise) => {
  const program = `import { endOnSurprise } from ${JSON.stringify(MODULE)}; endOnSurprise(); setInterval(() => {}, 1000); ${surprise}`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', timeout: 20_000 })
  expect(status).toBe(70)
  expect(stdout).toBe('')
  expect(JSON.parse(stderr)).toMatchObject({ level: 'error', event: 'surprise', origin, error: expect.stringMatching(/^TypeError/) })
  expect(stderr).not.toContain('Zanzibarovich')
})
