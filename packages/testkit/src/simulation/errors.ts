/** Stable codes of the simulation's own errors. Codes are never renamed or re-used. */
export type SimulationErrorCode =
  /** The machine on which this ran has crashed: whatever sees this is no longer there. */
  | 'ERR_SIMULATION_CRASHED'
  /** No answer came in time. */
  | 'ERR_SIMULATION_TIMEOUT'
  /** Code in the simulation read time, randomness or waited other than through a port. */
  | 'ERR_SIMULATION_OUTSIDE'
  /** More events than a run may have: something goes on for ever. */
  | 'ERR_SIMULATION_RUNAWAY'

export class SimulationError extends Error {
  override readonly name = 'SimulationError'
  readonly code: SimulationErrorCode
  constructor(code: SimulationErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/** What a disk's system calls fail with. */
export class DiskError extends Error {
  override readonly name = 'DiskError'
  readonly code: 'ENOSPC' | 'EIO'
  constructor(code: 'ENOSPC' | 'EIO') {
    super(code === 'ENOSPC' ? 'no space left on device' : 'input/output error')
    this.code = code
  }
}
