// Plain JavaScript for any Node from 20 on.
import { delimiter, join } from 'node:path'
import { REQUIRED_MAJOR, bundledNode, majorOf } from '../../apps/node/bin/reexecute.mjs'
import { ensureGenerated } from './generated.mjs'
import { ensureInstalled } from './install.mjs'

/**
 * Installs and generates what is missing, and finds Node 24: the bundled one, else this one if it is new enough.
 * @param {string} root
 * @param {{ install?: boolean }} [options]
 * @returns {Promise<string | undefined>} its path; undefined when something failed, which was said on stderr
 */
export async function makeReady(root, { install = true } = {}) {
  if (install && !(await ensureInstalled(root))) return undefined
  const node = bundledNode(root) ?? (majorOf(process.versions.node) >= REQUIRED_MAJOR ? process.execPath : undefined)
  if (node === undefined) {
    process.stderr.write(
      `chiron: the bundled Node ${REQUIRED_MAJOR} is not installed and this is Node ${process.versions.node}. ` +
        'Were install scripts switched off? Run: npm ci --ignore-scripts=false\n',
    )
    return undefined
  }
  return (await ensureGenerated(root, node)) ? node : undefined
}

/**
 * The environment for a task: `node` and installed commands of this clone come first.
 * @param {string} root
 * @returns {NodeJS.ProcessEnv}
 */
export function taskEnvironment(root) {
  return { ...process.env, PATH: [join(root, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter) }
}
