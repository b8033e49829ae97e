interface Deferred {
  readonly promise: Promise<void>
  resolve(): void
}

/** What a {@link Pipeline} is made of. */
export interface PipelineSteps<Block> {
  /** Makes the next block after `storing`, which is not durable yet; undefined: there is nothing to make, or not yet. */
  make(storing: Block | undefined): Block | undefined
  /** Resolves once the block is durable and told of; false: it is not, and nothing more may be stored. */
  store(block: Block): Promise<boolean>
}

/**
 * Blocks one after the other, of which two are under way at most: while one is being made durable, the next is executed
 * over what it writes. They become durable one by one, so that a crash leaves the log at most one block ahead of the state,
 * as without a pipeline.
 */
export class Pipeline<Block> {
  readonly #steps: PipelineSteps<Block>
  /** Made, while the one before is being stored. */
  #made: Block | undefined
  #storing: Block | undefined
  #isTurning = false
  #isStopped = false
  #step = deferred()

  constructor(steps: PipelineSteps<Block>) {
    this.#steps = steps
  }

  /** Goes on in a moment, so that what comes in one turn goes together. Resolves when a block was stored, or there is none. */
  start(): Promise<void> {
    const { promise } = this.#step
    if (!this.#isTurning) {
      this.#isTurning = true
      queueMicrotask(() => {
        this.#isTurning = false
        this.#turn()
      })
    }
    return promise
  }

  /** Makes and stores no further block; returns the one that was made and will not be stored. */
  stop(): Block | undefined {
    this.#isStopped = true
    const dropped = this.#made
    this.#made = undefined
    return dropped
  }

  /** Resolves when nothing is being stored: after {@link Pipeline.stop}, for good. */
  async rest(): Promise<void> {
    while (this.#storing !== undefined) await this.#step.promise
  }

  #turn(): void {
    while (!this.#isStopped) {
      this.#made ??= this.#steps.make(this.#storing)
      // Making may have stopped it.
      if (this.#made === undefined || this.#storing !== undefined || this.#isStopped) break
      this.#storing = this.#made
      this.#made = undefined
      void this.#store(this.#storing)
    }
    if (this.#storing === undefined) this.#tell()
  }

  async #store(block: Block): Promise<void> {
    const isStored = await this.#steps.store(block)
    this.#storing = undefined
    this.#isStopped ||= !isStored
    this.#tell()
    this.#turn()
  }

  #tell(): void {
    this.#step.resolve()
    this.#step = deferred()
  }
}

function deferred(): Deferred {
  let resolve: Deferred['resolve'] = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
