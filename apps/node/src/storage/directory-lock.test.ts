import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DirectoryLock } from './directory-lock.ts'

let directory: string
const children: ChildProcess[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chiron-lock-'))
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})

const module = join(import.meta.dirname, 'directory-lock.ts')
const holding = `
  import { DirectoryLock } from ${JSON.stringify(module)}
  new DirectoryLock(process.argv[1])
  console.log('held')
  setInterval(() => {}, 1000)`
const trying = `
  import { DirectoryLock } from ${JSON.stringify(module)}
  try { new DirectoryLock(process.argv[1]); console.log('held') }
  catch (error) { console.log(error.code, error.context.pid, error.message) }`

async function holder(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', holding, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  await once(child.stdout as NodeJS.ReadableStream, 'data')
  return child
}

const tryIt = (): string => spawnSync(process.execPath, ['--input-type=module', '-e', trying, directory], { encoding: 'utf8' }).stdout.trim()

describe('DirectoryLock', () => {
  it('tells a second process which one holds the directory', async () => {
    const first = await holder()
    const said = tryIt()
    expect(said).toContain(`ERR_STORAGE_LOCKED ${first.pid}`)
    expect(said).toContain('CHIRON_DATA')
  })

  it('is released by the kernel when its holder is killed', async () => {
    const first = await holder()
    first.kill('SIGKILL')
    await once(first, 'exit')
    expect(tryIt()).toBe('held')
  })

  it('holds against the same process, until it is released', () => {
    const lock = new DirectoryLock(directory)
    expect(() => new DirectoryLock(directory)).toThrow(expect.objectContaining({ code: 'ERR_STORAGE_LOCKED', context: { path: directory, pid: process.pid } }))
    expect(tryIt()).toContain('ERR_STORAGE_LOCKED')
    lock.release()
    new DirectoryLock(directory).release()
  })
})
