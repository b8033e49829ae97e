/** How far jobs are put together. */
export interface GroupLimits<Job> {
  /** Weight of a job, at least 1. */
  readonly weightOf: (job: Job) => number
  /** No group weighs more. A job that alone weighs as much is carried out by itself, at once. */
  readonly maxWeight: number
}

interface Waiting<Job, Result> {
  readonly job: Job
  resolve(result: Result): void
  reject(error: unknown): void
}

/**
 * Group commit: one group is under way at a time, and the jobs that come meanwhile go together in the next, so that what
 * a commit costs whatever its size (a flush, a signature) is paid once for all of them. A job that comes when nothing is
 * under way starts at once: nobody waits for company.
 */
export class GroupCommit<Job, Result> {
  readonly #limits: GroupLimits<Job>
  readonly #commit: (jobs: readonly Job[]) => Promise<readonly PromiseSettledResult<Result>[]>
  #waiting: Waiting<Job, Result>[] = []
  #isRunning = false

  /** @param commit carries out jobs and says how each ended, in their order; when it rejects, all of them failed so */
  constructor(limits: GroupLimits<Job>, commit: (jobs: readonly Job[]) => Promise<readonly PromiseSettledResult<Result>[]>) {
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
    })
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    // Those who are answered by one event of the loop come together.
    await Promise.resolve()
    while (this.#waiting.length > 0) await this.#carryOut(this.#nextGroup())
    this.#isRunning = false
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
