import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '@chiron/protocol'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Trust, Wallet } from '../src/index.ts'
import { aDid, commit, json, receiptFor, trust, type Seen } from './member-node.ts'

const packageFolder = join(import.meta.dirname, '..')
const folder = join(packageFolder, 'test', 'generated')
const examples = [...readFileSync(join(packageFolder, 'README.md'), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1] as string)

/** What the README's nodes answer; patients, as everywhere, are made up. */
function answer(request: Seen): Response {
  const { pathname } = new URL(request.url)
  if (pathname === '/lakeside/fhir/Observation') {
    return json({ resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'forbidden', details: { text: 'ask the patient' } }] }, 403)
  }
  if (pathname === '/riverside/fhir/Observation') return json({ resourceType: 'Observation', id: 'o1' }, 201, { location: '/Observation/o1', 'chiron-receipt': receiptFor(new Uint8Array(32)) })
  if (pathname === '/riverside/chiron/tx') return commit(request).response
  if (pathname === '/riverside/chiron/network') {
    return json({ chainId: trust.chainId, members: [{ name: 'lakeside', did: aDid(1) }], sample: true, blockTimeMs: 1000, height: 1 })
  }
  return json({ handle: toHex(new Uint8Array(32)), did: aDid(2), tagKey: Buffer.alloc(32).toString('base64url') })
}

async function importExample(number: number): Promise<Record<string, unknown>> {
  vi.stubGlobal('fetch', async (url: string, init: object) => answer({ url, ...init } as Seen))
  return (await import(join(folder, `readme-${number}.ts`))) as Record<string, unknown>
}

beforeAll(() => {
  mkdirSync(folder, { recursive: true })
  for (const [number, code] of examples.entries()) writeFileSync(join(folder, `readme-${number}.ts`), code.replaceAll("'@chiron/sdk'", "'../../src/index.ts'"))
})
afterAll(() => {
  vi.unstubAllGlobals()
  rmSync(folder, { recursive: true })
})

test('a clinician without consent is told how to ask', async () => {
  const said = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  await importExample(0)
  expect(said.mock.calls).toEqual([['ask the patient']])
})

test('a patient shares', async () => {
  const { share, wallet } = (await importExample(1)) as { share(wallet: Wallet, trust: Trust): Promise<number>; wallet: Wallet }
  expect(await share(wallet, trust)).toBe(1)
})

test('a hospital writes', async () => {
  const { write } = (await importExample(2)) as { write(trust: Trust): Promise<string> }
  expect(await write(trust)).toBe('/Observation/o1 is in block 1, transaction of 32 bytes')
})

test('every example is run', () => {
  expect(examples).toHaveLength(3)
})
