import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { RunningNode } from '../src/cli/context.ts'
import { readEnvironment } from '../src/config/env.ts'
import { startNode } from '../src/main.ts'

const ROOT = join(import.meta.dirname, '../../..')
const CHIRON = `${process.execPath} ${join(ROOT, 'apps/node/bin/chiron.mjs')}`

let directory: string
let node: RunningNode

const shell = async (script: string): Promise<string> => {
  const env = { ...readEnvironment(), CHIRON_DATA: join(directory, 'data') }
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], { cwd: directory, env, timeout: 60_000 })
  return stdout
}

/** The lines of the README's tour, for this node. */
function tour(): string {
  const blocks = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)].map(([, lines]) => lines as string)
  const found = blocks.find((lines) => lines.includes('chiron request approve'))
  if (found === undefined) throw new TypeError('the README has no tour')
  return found.replaceAll('npx chiron', CHIRON).replaceAll('http://localhost:8080', node.url)
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'chiron-readme-'))
  node = await startNode({ dataDirectory: join(directory, 'data'), port: 0, sample: false, onProgress: () => undefined })
  const token = (await shell(`${CHIRON} token --org riverside --user physician`)).trim()
  const post = async (type: string, resource: object): Promise<string> => {
    const answer = await fetch(`${node.url}/riverside/fhir/${type}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
      body: JSON.stringify({ resourceType: type, ...resource }),
    })
    expect(answer.status).toBe(201)
    return ((await answer.json()) as { id: string }).id
  }
  const patient = await post('Patient', { name: [{ family: 'Reader' }] })
  const category = [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] }]
  await post('Observation', { status: 'final', category, code: { text: 'glucose' }, subject: { reference: `Patient/${patient}` } })
}, 60_000)
afterAll(async () => {
  await node.close()
  rmSync(directory, { recursive: true, force: true })
})

it('the lines of the README work when pasted', async () => {
  const printed = await shell(tour())
  expect(printed).toContain('"code":"forbidden"')
  expect(printed).toMatch(/"type":"searchset","total":1,/)
  expect(printed).toContain('was shown laboratory (1)')
  expect(printed).toContain('Proven: the list is complete')
  expect(printed.trim().split('\n').at(-1)).toMatch(/^[0-9a-f]{32}$/)
})
