#!/usr/bin/env node
// Plain JavaScript for any Node from 20 on: starts the command line under Node 24.
import { fileURLToPath } from 'node:url'
import { REQUIRED_MAJOR, binFolder, bundledNode, majorOf, runInPlace } from './reexecute.mjs'

const HOW = 'In the folder of Chiron run: npm ci'

if (majorOf(process.versions.node) >= REQUIRED_MAJOR) {
  try {
    const { main } = await import('../src/cli/main.ts')
    process.exitCode = await main(process.argv.slice(2))
  } catch (error) {
    if (codeOf(error) !== 'ERR_MODULE_NOT_FOUND') throw error
    fail(`a part of Chiron is not installed (${missing(error)}). ${HOW}`)
  }
} else {
  const node = bundledNode(binFolder)
  if (node === undefined) {
    fail(`Chiron needs Node ${REQUIRED_MAJOR} and brings its own, which is not installed; this is Node ${process.versions.node}. ${HOW}`)
  } else {
    try {
      process.exitCode = await runInPlace(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)])
    } catch (error) {
      fail(`the bundled Node at ${node} does not start (${codeOf(error) ?? 'unknown reason'}). ${HOW}`)
    }
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/** @param {unknown} error */
function missing(error) {
  return /'([^']+)'/.exec(String(error))?.[1] ?? 'unknown'
}

/** @param {string} message */
function fail(message) {
  process.stderr.write(`chiron: ${message}\n`)
  process.exitCode = 1
}
