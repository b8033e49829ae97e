import { existsSync, readFileSync } from 'node:fs'
import * as v from 'valibot'
import { schema } from '@chiron/protocol'
import { writeFileDurablyInBackground } from '../storage/files.ts'
import { TransparencyError } from './errors.ts'

const uint = schema.uint

const shape = v.strictObject({
  format: v.literal('chiron/checkpoints/v1'),
  /** The newest checkpoint that was signed, with the cosignatures it has. */
  newest: v.nullable(v.string()),
  /** The newest that enough witnesses cosigned. */
  published: v.nullable(v.string()),
  /** By verifier key: the size it cosigned last, and whether it refused since. */
  witnesses: v.record(v.string(), v.strictObject({ size: uint, refused: v.nullable(v.strictObject({ atMs: uint, status: uint, size: uint })) })),
})

/** What must be remembered of checkpoints. The ledger can be replayed; cosignatures cannot. */
export type CheckpointState = v.InferOutput<typeof shape>

/** Keeps {@link CheckpointState} in one file that is replaced as a whole. */
export class CheckpointFile {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** @throws TransparencyError `ERR_LOG_STATE` */
  read(): CheckpointState {
    if (!existsSync(this.#path)) return { format: 'chiron/checkpoints/v1', newest: null, published: null, witnesses: {} }
    try {
      return v.parse(shape, JSON.parse(readFileSync(this.#path, 'utf8')))
    } catch (cause) {
      throw new TransparencyError('ERR_LOG_STATE', 'the file of checkpoints cannot be read: restore it from a backup, or move it away', { cause })
    }
  }

  /** Durable when it resolves. One at a time. @throws StorageError */
  async write(state: CheckpointState): Promise<void> {
    await writeFileDurablyInBackground(this.#path, new TextEncoder().encode(`${JSON.stringify(state, undefined, 2)}\n`))
  }
}
