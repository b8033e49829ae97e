import type { Later } from './later.ts'

/** How far jobs are put together. */
export interface GroupLimits<Job> {
  /** Weight of a job, at least 1. */
  readonly weightOf: (job: Job) => number
  /** No group weighs more. A job that alone weighs as much is carried out by itself, at once. */
  readonly maxWeight: number
  /**
   * How long a group waits at most for those who were there when the one before ended: the ones it answered are likely to
   * ask again at once. In milliseconds. Who is alone does not wait.
   */
  readonly companyMs: number
}

interface Waiting<Job, Result> {
  readonly job: Job
  resolve(result: Result): void
  reject(error: unknown): void
}

/**
 * Group commit: one group is under way at a time, and the jobs that come meanwhile go together in the next, so that what
 * a commit costs whatever its size (a flush, a signature) is paid once for all of them.
 */
export class GroupCommit<Job, Result> {
  readonly #limits: GroupLimits<Job>
  readonly #commit: (jobs: readonly Job[]) => Promise<readonly PromiseSettledResult<Result>[]>
  readonly #later: Later
  #waiting: Waiting<Job, Result>[] = []
  #isRunning = false
  /** Jobs answered by the last group, and those that waited when it ended. */
  #company = 0
  #onCompany: (() => void) | undefined

  /** @param commit carries out jobs and says how each ended, in their order; when it rejects, all of them failed so */
  constructor(limits: GroupLimits<Job>, commit: (jobs: readonly Job[]) => Promise<readonly PromiseSettledResult<Result>[]>, later: Later) {
    this.#later = later
    this.#limits = limits
    this.#commit = commit
  }

  /** Resolves or rejects as the job ended. Jobs begin in the order in which they were added. */
  add(job: Job): Promise<Result> {
    return new Promise((resolve, reject) => {
      const waiting = { job, resolve, reject }
      if (this.#limits.weightOf(job) >= this.#limits.maxWeight) {
        void this.#carryOut([waiting])
        return
      }
      this.#waiting.push(waiting)
      if (!this.#isRunning) void this.#run()
      if (this.#waiting.length >= this.#company) this.#onCompany?.()
    })
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    // Those who are answered by one event of the loop come together.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      await this.#gather()
      const group = this.#nextGroup()
      await this.#carryOut(group)
      this.#company = group.length + this.#waiting.length
    }
    this.#isRunning = false
  }

  async #gather(): Promise<void> {
    if (this.#waiting.length >= this.#company) return
    await new Promise<void>((resolve) => {
      this.#onCompany = resolve
      this.#later(this.#limits.companyMs, resolve)
    })
    this.#onCompany = undefined
  }

  #nextGroup(): Waiting<Job, Result>[] {
    let weight = 0
    let count = 0
    for (const { job } of this.#waiting) {
      weight += this.#limits.weightOf(job)
      if (weight > this.#limits.maxWeight) break
      count++
    }
    return this.#waiting.splice(0, count)
  }

  async #carryOut(group: readonly Waiting<Job, Result>[]): Promise<void> {
    try {
      const outcomes = await this.#commit(group.map(({ job }) => job))
      for (const [index, { resolve, reject }] of group.entries()) {
        const outcome = outcomes[index] as PromiseSettledResult<Result>
        if (outcome.status === 'fulfilled') resolve(outcome.value)
        else reject(outcome.reason)
      }
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }
}
