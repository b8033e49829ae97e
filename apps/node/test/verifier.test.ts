import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeLogLeaf, readLogLeaf } from '@chiron/ledger'
import { trustToJson } from '@chiron/ledger/proofs'
import { toHex } from '@chiron/protocol'
import { go, goMissing } from '../../../tools/go/toolchain.ts'
import { importDocument } from '../src/intake/import.ts'
import { ControlNode } from '../src/control/testing/control-node.ts'

const SPEC = join(import.meta.dirname, '../../../spec')
const BUILD_MS = 240_000
const missing = goMissing()
const work = mkdtempSync(join(tmpdir(), 'chiron-verifier-'))
const program = join(work, 'verifier')

afterAll(() => rmSync(work, { recursive: true, force: true }))

function run(...args: readonly string[]): { readonly code: number | null; readonly out: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  return { code: status, out: `${stdout}${stderr}` }
}

describe.skipIf(missing !== undefined)(`the verifier in Go${missing === undefined ? '' : ` (not run: ${missing})`}`, () => {
  beforeAll(async () => {
    await go(['vet', '.'], join(SPEC, 'verifier'), BUILD_MS)
    await go(['build', '-trimpath', '-o', program, '.'], join(SPEC, 'verifier'), BUILD_MS)
  }, BUILD_MS)

  test('agrees with every vector, and says of each file that it does not check why', () => {
    const { code, out } = run('vectors', join(SPEC, 'vectors'))
    expect(out).toMatch(/^\d{3,} checked, 0 failed$/m)
    expect(code).toBe(0)
    for (const file of readdirSync(join(SPEC, 'vectors'))) expect(out).toMatch(new RegExp(`^${file} +(?:\\d+ cases|not checked: .{10,})$`, 'm'))
  })

  test('fails on a vector that says otherwise, on a file that it does not know and on one that is gone', () => {
    const copy = join(work, 'vectors')
    cpSync(join(SPEC, 'vectors'), copy, { recursive: true })
    const wrong = join(copy, 'proofs-facts.json')
    writeFileSync(wrong, readFileSync(wrong, 'utf8').replace('"valid": true', '"valid": false'))
    writeFileSync(join(copy, 'unheard-of.json'), '{"cases": [{"name": "x"}]}')
    rmSync(join(copy, 'tree-roots.json'))
    const { code, out } = run('vectors', copy)
    expect(code).toBe(1)
    expect(out.match(/FAILED/g)).toHaveLength(3)
  })

  describe('what a node printed', () => {
    let control: ControlNode
    let files: Readonly<Record<string, string>>

    beforeAll(async () => {
      control = await ControlNode.open()
      const resources = [{ resourceType: 'Patient', id: 'p-1', name: [{ family: 'Sample' }] }, { resourceType: 'Observation', id: 'o-1', status: 'final', code: { text: 'x' }, subject: { reference: 'Patient/p-1' } }]
      const done = await importDocument(control.gateway('riverside'), await control.admin('riverside'), new TextEncoder().encode(JSON.stringify(resources)), () => undefined)
      const patient = done.patients[0] as string
      const document = await control.call('export', { patient })
      const { rows } = await control.call('audit', { patient })
      const leaf = decodeLogLeaf(readLogLeaf(control.node.engine.reader, 1) as Uint8Array)
      files = {
        export: JSON.stringify(document),
        list: JSON.stringify(rows),
        receipt: JSON.stringify(document.records),
        checkpoint: (await control.call('checkpoint', {})).checkpoint,
        state: (await control.call('prove', {})).proof,
        transaction: (await control.call('prove', leaf.kind === 'tx' ? { tx: toHex(leaf.txId) } : {})).proof,
      }
      writeFileSync(join(work, 'trust.json'), JSON.stringify(trustToJson(control.trust)))
    }, 60_000)

    afterAll(async () => await control.close())

    const verify = (content: string, trust = join(work, 'trust.json')) => {
      const path = join(work, 'file')
      writeFileSync(path, content)
      return run('verify', '--trust', trust, path)
    }

    test.each(['export', 'list', 'receipt', 'checkpoint', 'state', 'transaction'])('is proven: %s', (name) => {
      expect(verify(files[name] as string)).toMatchObject({ code: 0, out: expect.stringMatching(/^proven: /) })
    })

    test.each(['export', 'list', 'receipt', 'checkpoint', 'state', 'transaction'])('is not proven to who trusts another signer: %s', (name) => {
      const { trust } = control
      const other = join(work, 'other.json')
      writeFileSync(other, JSON.stringify(trustToJson({ ...trust, signers: trust.signers.map((signer) => ({ ...signer, publicKey: control.node.identities.users[0]?.identity.publicKey as Uint8Array })) })))
      expect(verify(files[name] as string, other)).toMatchObject({ code: 1, out: expect.stringMatching(/^not proven: ERR_PROOF_SIGN/) })
    })

    test('is not proven when an entry was left out', () => {
      const receipt = JSON.parse(files['receipt'] as string) as { entries: string[] }
      expect(verify(JSON.stringify({ ...receipt, entries: receipt.entries.slice(1) }))).toMatchObject({ code: 1, out: expect.stringMatching(/^not proven: ERR_PROOF_LIST/) })
    })
  })
})
