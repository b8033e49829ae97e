import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toBase64url } from '@chiron/ledger/proofs'
import { createWallet } from '@chiron/sdk'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ensureDefinitions } from '../../../tools/prepare-definitions.ts'
import { exampleNames } from '../../../tools/tasks/example.ts'
import { root } from '../../../tools/tasks/process.ts'
import type { RunningNode } from '../src/cli/context.ts'
import { startNode } from '../src/main.ts'

const LIMIT_MS = 50_000

/** What each script must have said, line after line; other lines may lie between. */
const SAID: Readonly<Record<string, readonly RegExp[]>> = {
  'write-records': [
    /^ {3}written: Patient\/\S+$/,
    /^ {3}written: Observation\/\S+$/,
    /^ {3}proven: both are in transaction \d+ of the ledger chiron-sample-\S+, as of block \d+, signed by did:chiron:\S+$/,
    /^ {3}Observation\/\S+ is about Patient\/\S+: 13\.5 g\/dL$/,
    /^ {3}refused: Bundle\.entry\[1\]\.resource\.status: /,
    /^ {3}and the first, which was valid, is not there$/,
  ],
  'ask-and-read': [
    /^ {3}403: .*consent\.request/,
    /^ {3}request [0-9a-f]{32}$/,
    /^ {3}physician of lakeside asks to read laboratory and conditions, for TREAT$/,
    /^ {3}rule [0-9a-f]{32}$/,
    /^ {3}Hemoglobin: 13\.5 g\/dL$/,
    /^ {3}Observation\/\S+: not found$/,
    /^ {3}Condition\/\S+: not found$/,
    /^ {3}refused for research/,
  ],
  'see-and-prove': [
    /physician of lakeside: was shown laboratory \(1\)$/,
    /physician of lakeside: opened access to read/,
    /patient: made a rule: permit$/,
    /^ {3}proven: all \d+ entries/,
    /^ {3}refused: ERR_SDK_AUDIT_MISMATCH$/,
    /^ {3}refused: ERR_SDK_AUDIT_INCOMPLETE$/,
    /^Proven: the list is complete up to block \d+ /,
    /^Not proven: /,
  ],
  'end-access': [
    /^ {3}Observation\/\S+ is open$/,
    /\$ npx chiron consent revoke /,
    /^ {3}Observation\?patient=\S+: refused$/,
    /^ {3}Observation\/\S+: not found$/,
    /^ {3}Consent\/[0-9a-f]{32}: inactive; permit lakeside laboratory$/,
    /close: physician of lakeside for TREAT$/,
    /open: physician of lakeside for TREAT$/,
  ],
  'claim-identity': [
    /^ {3}\S{11}…, once, until /,
    /^ {3}the code is mistyped$/,
    /^ {3}did:chiron:\S+: 4 records sealed to the wallet, by a release of 4 keys$/,
    /^ {3}refused: ERR_SDK_FORBIDDEN$/,
    /Patient\/\S+ +1$/,
    /^ {3}Proven: the 5 resources are the newest versions/,
    /patient \(did:chiron:\S+\) .*opened access to read/,
    /took over the identity from riverside/,
    /riverside riverside gave out a code/,
  ],
  'own-wallet': [
    /^ {3}did:chiron:\S+$/,
    /^ {3}restored; /,
    /^ {3}consent\.grant, \d+ bytes, signed by did:chiron:\S+ with k1$/,
    /^ {3}refused \(400\): the signer has no such live key$/,
    /^ {3}refused \(400\): the signature does not verify$/,
  ],
}

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

let folder: string
let data: string
let node: RunningNode

beforeAll(async () => {
  ensureDefinitions()
  vi.stubEnv('LOG_LEVEL', 'error')
  vi.stubEnv('CHIRON_MASTER_KEY_FILE', '')
  folder = mkdtempSync(join(tmpdir(), 'chiron-examples-'))
  data = join(folder, 'data')
  node = await startNode({ dataDirectory: data, port: 0, sample: false, onProgress: () => undefined })
})
afterAll(async () => {
  await node.close()
  rmSync(folder, { recursive: true })
})

function run(file: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { cwd: root, timeout: LIMIT_MS, env: { ...process.env, CHIRON_DATA: data, CHIRON_URL: node.url, ...env } }
    execFile(process.execPath, [file, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr })
    })
  })
}

describe('examples', () => {
  it('are the ones that are listed here and in their README', () => {
    const listed = [...readFileSync(join(root, 'examples/README.md'), 'utf8').matchAll(/^\| \[`([a-z-]+)\.ts`\]\(\1\.ts\)/gm)].map(([, name]) => name)
    expect(listed.toSorted()).toEqual(exampleNames())
    expect(Object.keys(SAID).toSorted()).toEqual(exampleNames())
  })

  it.each(Object.entries(SAID))('%s runs', async (name, expected) => {
    const { code, stdout, stderr } = await run(`examples/${name}.ts`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expectInOrder(stdout, expected)
  })

  it('run by name, at the address that is given, and again', async () => {
    const named = await run('tools/tasks/example.ts', ['write-records', '--url', `${node.url}/`], { CHIRON_URL: 'http://localhost:1' })
    expect(named.stderr).toBe('')
    expect(named.code).toBe(0)
    const unknown = await run('tools/tasks/example.ts', ['no-such'])
    expect(unknown).toMatchObject({ code: 2, stdout: '' })
    expect(unknown.stderr).toContain('ask-and-read, claim-identity, end-access, own-wallet, see-and-prove, write-records')
  })

  it('say that no node is running', async () => {
    const { code, stderr } = await run('examples/ask-and-read.ts', [], { CHIRON_DATA: join(folder, 'nowhere') })
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining('no node is running') })
  })

  it.each(['write-records', 'see-and-prove'])('%s fails when the trust file names another signer', async (name) => {
    const distrustful = join(folder, `trust-${name}`)
    mkdirSync(distrustful)
    symlinkSync(join(data, 'chiron.sock'), join(distrustful, 'chiron.sock'))
    const { chainId } = JSON.parse(readFileSync(join(data, 'trust.json'), 'utf8')) as { chainId: string }
    const { did, signer } = createWallet({ kind: 'organisation' })
    writeFileSync(join(distrustful, 'trust.json'), JSON.stringify({ chainId, signers: [{ did, publicKey: toBase64url(signer.publicKey) }] }))
    const { code, stdout, stderr } = await run(`examples/${name}.ts`, [], { CHIRON_DATA: distrustful })
    expect(code).toBe(1)
    expect(stderr).toContain('ERR_PROOF_')
    expect(stdout).not.toContain('proven: ')
  })
})

function expectInOrder(text: string, expected: readonly RegExp[]): void {
  const lines = text.split('\n')
  let from = 0
  for (const pattern of expected) {
    const at = lines.findIndex((line, index) => index >= from && pattern.test(line))
    if (at === -1) expect.fail(`no line ${pattern} after line ${from} of:\n${text}`)
    from = at + 1
  }
}
