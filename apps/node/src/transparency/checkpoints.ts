import { equalBytes } from '@chiron/protocol'
import { logConsistencyPath, logRootAt } from '@chiron/ledger'
import { formatNote, formatVerifierKey, logKeyOf, logOrigin, parseCheckpoint, parseNote, signaturesOf, signCheckpoint, type Checkpoint, type NoteKey } from '@chiron/ledger/proofs'
import type { Random } from '@chiron/vault'
import type { Engine } from '../engine/engine.ts'
import type { BlockSigner } from '../engine/ports.ts'
import type { Later } from '../gateway/later.ts'
import type { CheckpointFile, CheckpointState } from './checkpoint-file.ts'
import type { Witness, WitnessConfig } from './config.ts'
import { TransparencyError } from './errors.ts'
import { addCheckpoint, formatAddCheckpoint, type Fetch, type WitnessAnswer } from './witness-client.ts'

const ANSWER_WITHIN_MS = 10_000
const RETRY_FIRST_MS = 1000
const RETRY_LAST_MS = 300_000

/** How a witness stands. `behind`: it has not been asked about the newest checkpoint yet. */
export type WitnessState = 'cosigned' | 'behind' | 'down' | 'unaccepted' | 'refused'

export interface WitnessStatus {
  readonly name: string
  readonly state: WitnessState
  /** Size that it cosigned last. */
  readonly size: number
  readonly reason: string | null
}

/** What the node can say about its log. */
export interface LogStatus {
  readonly origin: string
  readonly vkey: string
  /** Leaves in the log, under the newest signed checkpoint, and under the newest that may be published. */
  readonly size: number
  readonly signed: number
  readonly published: number
  readonly quorum: number
  readonly witnesses: readonly WitnessStatus[]
  /** What an operator must look at now. */
  readonly alarm: string | null
}

export interface CheckpointDependencies {
  readonly engine: Pick<Engine, 'head' | 'reader' | 'onBlock'>
  readonly signer: BlockSigner
  readonly file: Pick<CheckpointFile, 'read' | 'write'>
  readonly fetch: Fetch
  readonly now: () => number
  readonly later: Later
  readonly random: Random
  /** Hears of what must not be overlooked: refusals, a fork, witnesses that do not know this log. */
  readonly onAlarm: (error: unknown) => void
}

interface Contact {
  readonly witness: Witness
  readonly vkey: string
  failures: number
  notBeforeMs: number
  last: WitnessAnswer | undefined
}

/**
 * Signs the log's checkpoints, has them cosigned, and knows which may be published: the newest that as many witnesses
 * cosigned as the quorum says. All of it is beside the ledger: a witness that is slow, gone or wrong delays no block.
 * A checkpoint is signed only over durable blocks, and only if the log continues what was signed before. SPEC-CKPT-10.
 */
export class Checkpoints {
  readonly origin: string
  readonly key: NoteKey
  readonly #config: WitnessConfig
  readonly #dependencies: CheckpointDependencies
  readonly #contacts: readonly Contact[]
  readonly #closing = new AbortController()
  readonly #unsubscribe: () => void
  readonly #waiting = new Set<() => void>()
  #state: CheckpointState
  #saved = ''
  #forked: TransparencyError | undefined
  /** Whether the log was compared with what was signed before this start. */
  #isCompared: boolean
  #nextMs = 0
  /** When the schedule is looked at next. */
  #wakeMs: number | undefined
  #running: Promise<void> | undefined

  /** @throws TransparencyError `ERR_LOG_STATE` */
  constructor(chainId: string, config: WitnessConfig, dependencies: CheckpointDependencies) {
    this.#config = config
    this.#dependencies = dependencies
    this.origin = logOrigin(chainId)
    this.key = logKeyOf(chainId, dependencies.signer.publicKey)
    this.#state = dependencies.file.read()
    this.#isCompared = this.#state.newest === null
    this.#contacts = config.witnesses.map((witness) => ({ witness, vkey: formatVerifierKey(witness.key), failures: 0, notBeforeMs: 0, last: undefined }))
    this.#unsubscribe = dependencies.engine.onBlock(() => this.#schedule())
    this.#schedule()
  }

  /** The newest checkpoint that may be shown, with its cosignatures. */
  published(): string | undefined {
    return this.#state.published ?? undefined
  }

  /** Leaves under the newest checkpoint that was signed: beyond them nothing of the log is shown. */
  signedSize(): number {
    return this.#state.newest === null ? 0 : checkpointOf(this.#state.newest).size
  }

  /**
   * A published checkpoint of at least `size` leaves, which is asked for now if there is none.
   * @throws TransparencyError `ERR_LOG_NOT_WITNESSED` when the witnesses do not come by in time, `ERR_LOG_FORKED`
   */
  async covering(size: number, withinMs = ANSWER_WITHIN_MS): Promise<string> {
    const found = (): string | undefined => (this.#state.published !== null && checkpointOf(this.#state.published).size >= size ? this.#state.published : undefined)
    if (found() !== undefined) return found() as string
    for (const contact of this.#contacts) contact.notBeforeMs = 0
    this.#nextMs = 0
    await new Promise<void>((resolve) => {
      const waiting = this.#waiting
      function done(): void {
        waiting.delete(look)
        resolve()
      }
      const look = (): void => {
        if (found() !== undefined || this.#forked !== undefined || this.#closing.signal.aborted) done()
      }
      this.#dependencies.later(withinMs, done)
      waiting.add(look)
      this.#schedule()
    })
    const checkpoint = found()
    if (checkpoint !== undefined) return checkpoint
    throw this.#forked ?? new TransparencyError('ERR_LOG_NOT_WITNESSED', 'too few witnesses have cosigned so far; chiron status says which, try again later', { context: { size } })
  }

  status(): LogStatus {
    const witnesses = this.#contacts.map((contact) => this.#statusOf(contact))
    const refusing = witnesses.filter(({ state }) => state === 'refused')
    const refusal = refusing.length === 0 ? null : `${refusing.map(({ name }) => name).join(', ')} refused: this log is not the one that was cosigned before. Somebody changed the ledger or restored an old copy: stop relying on it and find out`
    return {
      origin: this.origin,
      vkey: formatVerifierKey(this.key),
      size: this.#dependencies.engine.head().app.logSize,
      signed: this.signedSize(),
      published: this.#state.published === null ? 0 : checkpointOf(this.#state.published).size,
      quorum: this.#config.quorum,
      witnesses,
      alarm: this.#forked?.message ?? refusal,
    }
  }

  async close(): Promise<void> {
    this.#unsubscribe()
    this.#closing.abort()
    await this.#running
    for (const look of this.#waiting) look()
  }

  #schedule(): void {
    const due = this.#isIdle() ? this.#dueMs() : undefined
    if (due === undefined || (this.#wakeMs !== undefined && this.#wakeMs <= due)) return
    this.#wakeMs = due
    this.#dependencies.later(Math.max(0, due - this.#dependencies.now()), () => {
      if (this.#wakeMs !== due) return
      this.#wakeMs = undefined
      this.#wake()
    })
  }

  #wake(): void {
    const due = this.#isIdle() ? this.#dueMs() : undefined
    if (due === undefined || due > this.#dependencies.now()) return this.#schedule()
    this.#running = this.#round().finally(() => {
      this.#running = undefined
      for (const look of this.#waiting) look()
      this.#schedule()
    })
  }

  #isIdle(): boolean {
    return this.#running === undefined && this.#forked === undefined && !this.#closing.signal.aborted
  }

  /** When something is to be done next: a checkpoint of a log that grew, or a witness that has not cosigned the newest. */
  #dueMs(): number | undefined {
    if (!this.#isCompared) return 0
    const isGrown = this.#dependencies.engine.head().app.logSize > this.signedSize()
    const retries = this.#contacts.filter((contact) => this.#isBehind(contact)).map(({ notBeforeMs }) => notBeforeMs)
    const due = [...(isGrown ? [this.#nextMs] : []), ...retries]
    return due.length === 0 ? undefined : Math.min(...due)
  }

  async #round(): Promise<void> {
    try {
      const newest = this.#sign()
      if (newest === null) return
      const due = this.#contacts.filter((contact) => isBehind(contact, newest) && contact.notBeforeMs <= this.#dependencies.now())
      // What a witness sees is remembered before; with nobody to ask it is kept once, as published.
      if (due.length > 0) await this.#save({ ...this.#state, newest })
      const lines = await Promise.all(due.map(async (contact) => await this.#ask(contact, newest)))
      await this.#keep(newest + lines.join(''))
    } catch (error) {
      this.#nextMs = this.#dependencies.now() + RETRY_LAST_MS
      for (const contact of this.#contacts) contact.notBeforeMs = this.#nextMs
      if (error instanceof TransparencyError && error.code === 'ERR_LOG_FORKED') this.#forked = error
      this.#dependencies.onAlarm(error)
    }
  }

  /** The newest checkpoint: of the log as it is, if it grew and the time has come; never one that does not continue what was signed. */
  #sign(): string | null {
    const { engine, signer } = this.#dependencies
    const { logSize, logRoot } = engine.head().app
    const signed = this.#state.newest === null ? undefined : checkpointOf(this.#state.newest)
    if (signed !== undefined) this.#assertContinues(signed, logSize)
    this.#isCompared = true
    if (logSize === (signed?.size ?? 0) || this.#dependencies.now() < this.#nextMs) return this.#state.newest
    const newest = signCheckpoint({ origin: this.origin, size: logSize, root: logRoot }, this.key, (message) => signer.sign(message))
    this.#nextMs = this.#dependencies.now() + this.#config.everyMs
    return newest
  }

  #assertContinues({ origin, size, root }: Checkpoint, logSize: number): void {
    const continues = origin === this.origin && size <= logSize && equalBytes(logRootAt(this.#dependencies.engine.reader, size), root)
    if (continues) return
    throw new TransparencyError('ERR_LOG_FORKED', `the ledger is not the continuation of the checkpoint of ${size} leaves that this node signed: an old copy was restored, or it was changed. No checkpoint is signed any more`, { context: { size } })
  }

  /** Asks one witness, and once more if it names another size; its signature line, or nothing. */
  async #ask(contact: Contact, newest: string): Promise<string> {
    const { size } = checkpointOf(newest)
    let answer = await this.#send(contact, this.#sizeAt(contact), newest)
    if (answer.kind === 'conflict' && answer.size <= size) {
      this.#remember(contact, { size: answer.size })
      answer = await this.#send(contact, answer.size, newest)
    }
    // A witness that has seen more than there is: this ledger is an old copy of itself.
    if (answer.kind === 'conflict' && answer.size > this.#dependencies.engine.head().app.logSize) answer = { kind: 'refused', status: 409 }
    return this.#settle(contact, answer, size)
  }

  #settle(contact: Contact, answer: WitnessAnswer, size: number): string {
    const { now, onAlarm } = this.#dependencies
    const before = contact.last?.kind
    contact.last = answer
    if (answer.kind === 'cosigned') {
      contact.failures = 0
      contact.notBeforeMs = 0
      this.#remember(contact, { size, refused: null })
      return answer.line
    }
    contact.failures++
    const wait = Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** (contact.failures - 1))
    contact.notBeforeMs = now() + Math.floor((wait / 2) * (1 + (this.#dependencies.random(1)[0] ?? 0) / 256))
    const context = { witness: contact.witness.key.name, size }
    if (answer.kind === 'refused') {
      contact.notBeforeMs = now() + RETRY_LAST_MS
      this.#remember(contact, { refused: { atMs: now(), status: answer.status, size } })
      onAlarm(new TransparencyError('ERR_LOG_REFUSED', 'a witness refused a checkpoint: the log is not the one that it cosigned before', { context: { ...context, status: answer.status } }))
    }
    if (answer.kind === 'unaccepted' && before !== 'unaccepted') onAlarm(new TransparencyError('ERR_LOG_UNACCEPTED', "a witness does not accept this log: give its operator the log's verifier key", { context: { ...context, status: answer.status } }))
    return ''
  }

  async #send(contact: Contact, oldSize: number, newest: string): Promise<WitnessAnswer> {
    const { size } = checkpointOf(newest)
    const path = oldSize === 0 ? [] : logConsistencyPath(this.#dependencies.engine.reader, oldSize, size)
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)])
    const own = withoutCosignatures(newest)
    return await addCheckpoint(contact.witness.url, contact.witness.key, formatAddCheckpoint(oldSize, path, own), own, this.#dependencies.fetch, signal)
  }

  async #keep(newest: string): Promise<void> {
    const isPublished = this.#contacts.filter((contact) => !isBehind(contact, newest)).length >= this.#config.quorum
    await this.#save({ ...this.#state, newest, ...(isPublished ? { published: newest } : {}) })
  }

  /** Nothing is shown before it is durable. */
  async #save(state: CheckpointState): Promise<void> {
    const text = JSON.stringify(state)
    if (text === this.#saved) return
    await this.#dependencies.file.write(state)
    this.#saved = text
    this.#state = state
  }

  #remember(contact: Contact, change: Partial<CheckpointState['witnesses'][string]>): void {
    const known = this.#state.witnesses[contact.vkey] ?? { size: 0, refused: null }
    this.#state = { ...this.#state, witnesses: { ...this.#state.witnesses, [contact.vkey]: { ...known, ...change } } }
  }

  #sizeAt({ vkey }: Contact): number {
    return this.#state.witnesses[vkey]?.size ?? 0
  }

  /** Whether the newest checkpoint lacks this witness's cosignature. */
  #isBehind(contact: Contact): boolean {
    return this.#state.newest !== null && isBehind(contact, this.#state.newest)
  }

  #statusOf(contact: Contact): WitnessStatus {
    const { last } = contact
    const known = this.#state.witnesses[contact.vkey]
    const refused = known?.refused ?? null
    const name = contact.witness.key.name
    const size = known?.size ?? 0
    if (refused !== null) return { name, state: 'refused', size, reason: `HTTP ${refused.status} to a log of ${refused.size}` }
    if (!this.#isBehind(contact)) return { name, state: 'cosigned', size, reason: null }
    if (last?.kind === 'down') return { name, state: 'down', size, reason: last.reason }
    if (last?.kind === 'unaccepted') return { name, state: 'unaccepted', size, reason: `HTTP ${last.status}` }
    return { name, state: 'behind', size, reason: null }
  }
}

function isBehind({ witness }: Contact, checkpoint: string): boolean {
  return signaturesOf(witness.key, parseNote(checkpoint).signatures).length === 0
}

/** The note as the log signed it: its own signature is the first. */
function withoutCosignatures(note: string): string {
  const { text, signatures } = parseNote(note)
  return formatNote({ text, signatures: signatures.slice(0, 1) })
}

function checkpointOf(note: string): Checkpoint {
  return parseCheckpoint(parseNote(note).text)
}
