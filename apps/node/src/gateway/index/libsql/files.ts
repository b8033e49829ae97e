import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { attempt } from './database.ts'

const NAME = /^index-(\d+)\.(?:db|db-wal|db-aside|db-shm|db-journal|manifest|manifest\.tmp)$/

/**
 * Numbers of the index files in a directory, newest first. A cleared index starts under a new number: what is left
 * of the old connection in this process can then not touch its files.
 */
export function generationsIn(directory: string): number[] {
  const numbers = attempt(() => readdirSync(directory)).flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number)
  return [...new Set(numbers)].sort((left, right) => right - left)
}

/** Path of a generation's files, without their endings. */
export function generationBase(directory: string, generation: number): string {
  return join(directory, `index-${generation}`)
}

export function removeGeneration(directory: string, generation: number): void {
  for (const name of attempt(() => readdirSync(directory))) {
    if (NAME.exec(name)?.[1] === String(generation)) attempt(() => rmSync(join(directory, name), { force: true }))
  }
}
