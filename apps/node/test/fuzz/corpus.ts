import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What of a target's kept inputs is written down: the rest is found again. */
const MAX_KEPT_BYTES = 1536
const MAX_TOTAL_BYTES = 48 * 1024

/** Inputs that earlier runs kept for a target, one in base64 on each line; none if there is no file. */
export function readCorpus(target: string): Uint8Array[] {
  const path = pathOf(target)
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter((line) => line !== '').map(decoded) : []
}

/** Writes the shortest inputs, as many as there is room for. */
export function writeCorpus(target: string, inputs: readonly Uint8Array[]): void {
  let room = MAX_TOTAL_BYTES
  const kept = inputs.filter(({ length }) => length <= MAX_KEPT_BYTES).sort((a, b) => a.length - b.length).filter(({ length }) => (room -= length) >= 0)
  mkdirSync(dirname(pathOf(target)), { recursive: true })
  writeFileSync(pathOf(target), kept.map((input) => `${Buffer.from(input).toString('base64')}\n`).join(''))
}

/** An input that once found something. */
export interface Regression {
  readonly target: string
  readonly found: string
  /** Base64. */
  readonly input: string
}

export function readRegressions(target: string): Uint8Array[] {
  const all = JSON.parse(readFileSync(new URL('regressions.json', import.meta.url), 'utf8')) as readonly Regression[]
  return all.filter((each) => each.target === target).map(({ input }) => decoded(input))
}

function decoded(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'))
}

function pathOf(target: string): string {
  return fileURLToPath(new URL(`corpus/${target}.txt`, import.meta.url))
}
