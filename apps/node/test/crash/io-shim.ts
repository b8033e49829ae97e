import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('io-shim.c', import.meta.url))

/** What happens to the call that is hit: the process ends, or the call fails. `within` ends it after half of a write. */
export type IoFault = 'before' | 'within' | 'after' | 'EIO' | 'ENOSPC'
/** Calls that are counted: writes and truncations, flushes, changes of names. */
export type IoOperation = 'write' | 'flush' | 'name'

const FAULTS: Readonly<Record<IoFault, readonly [fault: number, error: number]>> = { before: [1, 0], within: [2, 0], after: [3, 0], EIO: [4, 5], ENOSPC: [4, 28] }
const OPERATIONS: Readonly<Record<IoOperation, number>> = { write: 1, flush: 2, name: 4 }
/** `struct control` of `io-shim.c`. */
const CONTROL_BYTES = 512
const PART_AT = 24
const PART_BYTES = 128
const PATH_AT = PART_AT + PART_BYTES

/** The call that was hit. */
export interface IoHit {
  readonly operation: IoOperation
  /** Below the data directory. */
  readonly path: string
}

/** Makes single system calls of a node fail, through a library that is compiled here and loaded before it. */
export class IoShim {
  readonly #root = mkdtempSync(join(tmpdir(), 'chiron-io-'))
  readonly #control = join(this.#root, 'control')
  readonly #library = join(this.#root, 'shim.so')

  /** @throws TypeError with what the compiler said */
  constructor() {
    const { status, stderr, error } = spawnSync('gcc', ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', this.#library, SOURCE, '-ldl'], { encoding: 'utf8' })
    if (status !== 0) {
      this.remove()
      throw new TypeError(`gcc: ${error?.message ?? stderr}`)
    }
    this.#write(Buffer.alloc(CONTROL_BYTES), 'w')
  }

  /** Environment of a node whose data lie in `directory`. */
  environment(directory: string): Record<string, string> {
    return { LD_PRELOAD: this.#library, CHIRON_IO_CONTROL: this.#control, CHIRON_IO_BELOW: directory }
  }

  /** Counts from now on, and hits the call with number `at`, from 1. @param part only paths with this in them count */
  arm(fault: IoFault, operations: readonly IoOperation[], at: number, part = ''): void {
    const control = Buffer.alloc(CONTROL_BYTES)
    const [kind, error] = FAULTS[fault]
    const mask = operations.reduce((sum, operation) => sum | OPERATIONS[operation], 0)
    for (const [index, value] of [0, mask, error, at].entries()) control.writeUInt32LE(value, index * 4)
    control.write(part, PART_AT, PART_BYTES - 1)
    this.#write(control, 'r+')
    control.writeUInt32LE(kind, 0)
    this.#write(control.subarray(0, 4), 'r+')
  }

  disarm(): void {
    this.#write(Buffer.alloc(4), 'r+')
  }

  /** Calls counted since the last `arm`, and the one that was hit. */
  state(): { readonly count: number; readonly hit: IoHit | undefined } {
    const control = Buffer.alloc(CONTROL_BYTES)
    const descriptor = openSync(this.#control, 'r')
    readSync(descriptor, control)
    closeSync(descriptor)
    const mask = control.readUInt32LE(20)
    const operation = (Object.keys(OPERATIONS) as IoOperation[]).find((name) => OPERATIONS[name] === mask)
    const path = control.toString('utf8', PATH_AT, control.indexOf(0, PATH_AT))
    return { count: control.readUInt32LE(16), hit: operation && { operation, path } }
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true })
  }

  /** The file is written in place: a node has it mapped. */
  #write(bytes: Uint8Array, flags: string): void {
    const descriptor = openSync(this.#control, flags)
    writeSync(descriptor, bytes, 0, bytes.length, 0)
    closeSync(descriptor)
  }
}

/** Why no call can be made to fail here; undefined where it can. */
export const shimHindrance: string | undefined = (() => {
  if (process.platform !== 'linux') return 'needs Linux'
  try {
    new IoShim().remove()
    return undefined
  } catch (error) {
    return `needs gcc (${(error as Error).message.split('\n')[0]})`
  }
})()
