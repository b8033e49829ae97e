import type { CliEnvironment } from '../config/cli-environment.ts'
import type { ControlClient } from './control-client.ts'
import type { CommandIo } from './io.ts'

/** A node that this process runs. */
export interface RunningNode {
  readonly url: string
  /** Whether the data directory was made by this start. */
  readonly firstStart: boolean
  /** What to print for people once it is up; may be empty. */
  readonly tour: string
  /** Finishes what was acknowledged and lets go of the data directory. */
  close(): Promise<void>
}

/** How far a first start has come, such as `loading patients`. */
export interface StartProgress {
  readonly step: string
  readonly done: number
  readonly total: number
}

export interface StartOptions {
  readonly dataDirectory: string
  readonly port?: number
  readonly onProgress: (progress: StartProgress) => void
}

/** What a command may use. */
export interface CommandContext {
  readonly io: CommandIo
  readonly environment: CliEnvironment
  readonly client: ControlClient
  readonly startNode: (options: StartOptions) => Promise<RunningNode>
  /** Resolves when the process is asked to end. */
  readonly untilStopped: () => Promise<void>
}
