import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What of a target's kept inputs is written down, in bytes of its file: the rest is found again. */
const MAX_KEPT_BYTES = 3072
export const MAX_CORPUS_BYTES = 9 * 1024

/** Every file of the corpus, with its target's name and its length in bytes. */
export function corpusFiles(): { readonly target: string; readonly bytes: number }[] {
  const folder = fileURLToPath(new URL('corpus', import.meta.url))
  const names = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.txt')) : []
  return names.map((name) => ({ target: name.slice(0, -'.txt'.length), bytes: statSync(join(folder, name)).size }))
}

/** Inputs that earlier runs kept for a target, one in base64 on each line; none if there is no file. */
export function readCorpus(target: string): Uint8Array[] {
  const path = pathOf(target)
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter((line) => line !== '').map(decoded) : []
}

/** Writes inputs in their order, as many as there is room for. */
export function writeCorpus(target: string, inputs: readonly Uint8Array[]): void {
  let room = MAX_CORPUS_BYTES
  const lines = inputs.map((input) => `${Buffer.from(input).toString('base64')}\n`).filter(({ length }) => length <= MAX_KEPT_BYTES && (room -= length) >= 0)
  if (lines.length === 0) return
  mkdirSync(dirname(pathOf(target)), { recursive: true })
  writeFileSync(pathOf(target), lines.join(''))
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
