import {
  concatBytes, decodeCanonical, decodeTx, encodeCanonical, equalBytes, fromHex, schema, signedBlock, signingBytes, toHex, utf8,
  type AppState, type DecodedTx, type Did, type Genesis, type Handle, type Message,
} from '@chiron/protocol'
import { CommittedState, type BlockInput, type BlockOutput, type GenesisOutput, type Runtime, type TxResult } from '@chiron/ledger'
import * as v from 'valibot'
import { genesisLink, readBlock, type Link, type VerifySignature } from '../../src/engine/embedded/chain.ts'
import { readEngineHead, readResults } from '../../src/engine/embedded/records.ts'
import { commitGenesis, replayBlock } from '../../src/engine/embedded/replay.ts'
import type { LedgerRuntime } from '../../src/engine/ports.ts'
import { MemoryStateStore } from '../../src/storage/memory-state-store.ts'
import type { StateStore } from '../../src/storage/state-store.ts'
import { MessageChecks } from './message-checks.ts'
import { Model, type Ask } from './model.ts'

export interface Violation {
  /** Which promise, or `-` for what should not happen at all. */
  readonly promise: string
  readonly what: string
}

/** A keyholder's or gateway's view when it did something. */
export interface View {
  readonly who: string
  readonly height: number
  /** By its own clock, when it was asked and when it answered. */
  readonly askedMs: number
  readonly answeredMs: number
  /** True time. */
  readonly trueMs: number
}

export interface SeenRelease extends View {
  readonly keyholder: Did
  readonly request: Uint8Array
  readonly access: string
  readonly records: readonly (readonly [record: string, version: number])[]
}

const bytes = v.instance(Uint8Array)
const signedParts = v.strictObject({ body: bytes, signature: bytes })
const requestParts = v.looseObject({ access: schema.objectId, reader: schema.did, gateway: schema.did, recipient: v.looseObject({ key: bytes }), records: v.array(v.tuple([schema.recordId, v.number()])) })
const responseParts = v.looseObject({ request: schema.hash32, refused: v.array(v.tuple([v.number(), v.string()])) })
const MAX_ACCESS_MS = 12 * 3_600_000

export interface CheckerOptions {
  readonly genesis: Genesis
  /** A runtime of its own: what it gives must equal what the ledger gave. */
  readonly runtime: Runtime
  readonly verify: VerifySignature
  /** The true first key of everybody. */
  readonly keyOf: (did: Did) => Uint8Array | undefined
  /** Whether the wallet of this patient made the key. */
  readonly isOwnKey: (did: Did, signingKey: Uint8Array) => boolean
  /** Undefined where the view is the engine's own. */
  readonly maxViewAgeMs: number | undefined
}

/** Watches what leaves the machines, and compares it with its own model of the ledger. */
export class Checker {
  readonly violations: Violation[] = []
  readonly releases: SeenRelease[] = []
  readonly blocks: Uint8Array[] = []
  readonly times: number[] = []
  readonly #models: Model[] = []
  readonly #options: CheckerOptions
  readonly #store = new MemoryStateStore()
  readonly #executed = new Set<string>()
  readonly #outputs = new Map<string, BlockOutput>()
  readonly #genesis: GenesisOutput
  readonly #messages: MessageChecks
  /** Roots that the log has had, by its size. */
  readonly logRoots = new Map<number, string>()
  #link: Link
  /** Nothing is looked at any more: from here on the ledger is made to lie. */
  isClosed = false
  /** Milliseconds between the commit of what ended an access's cover and a release by a keyholder that had not heard. */
  readonly lags: number[] = []

  constructor(options: CheckerOptions) {
    this.#options = options
    this.#link = genesisLink(options.genesis)
    this.#genesis = options.runtime.executeGenesis(options.genesis)
    commitGenesis(options.genesis, this.#store, this.sharing(options.runtime))
    this.#messages = new MessageChecks(options, (promise, what) => this.fail(promise, what))
    this.#models.push(firstModel(options.genesis))
    this.times.push(options.genesis.timeMs)
    this.#noteLog()
  }

  get height(): number {
    return this.blocks.length
  }

  /** The model after a block; the newest unless told. */
  model(height = this.height): Model {
    return this.#models[height] as Model
  }

  timeOf(height: number): number {
    return this.times[height] as number
  }

  fail(promise: string, what: string): void {
    if (this.violations.length < 20) this.violations.push({ promise, what })
  }

  /** The ledger says that this block is durable. */
  block(height: number, encoded: Uint8Array, resultsOf: () => readonly TxResult[]): void {
    if (this.isClosed) return
    const known = this.blocks[height - 1]
    if (known !== undefined) {
      if (!equalBytes(known, encoded)) this.fail('P4', `block ${height} is another than was announced`)
      return
    }
    if (height !== this.height + 1) return this.fail('P4', `block ${height} follows block ${this.height}: blocks were lost`)
    const { block, header } = readBlock(encoded, height)
    const results = resultsOf()
    this.#executeAgain(encoded, height, results)
    const empty = block.txs.length === 0
    const model = empty ? this.model() : this.model().clone()
    this.blocks.push(encoded.slice())
    this.times.push(header.timeMs)
    this.#models.push(model)
    this.#noteLog()
    if (empty) return
    model.height = height
    for (const [index, tx] of block.txs.entries()) this.#transaction(model, tx, results[index] as TxResult, header.timeMs)
    model.timeMs = header.timeMs
    this.#compareState(model)
  }

  /** P8: another state, the same block, the same roots and results. */
  #executeAgain(encoded: Uint8Array, height: number, results: readonly TxResult[]): void {
    const { genesis, runtime, verify } = this.#options
    try {
      this.#link = replayBlock(this.#link, encoded, genesis, this.#store, { runtime: this.#recording(runtime), verify }).link
      const again = readResults(this.#store, height) ?? []
      if (!equalBytes(comparable(again), comparable(results))) this.fail('P8', `block ${height} gives other results when executed again`)
    } catch (error) {
      this.fail('P8', `block ${height} cannot be executed again: ${textOf(error)}`)
      // What follows cannot be linked any more.
      throw error
    }
  }

  #recording(runtime: Runtime): LedgerRuntime {
    return {
      ...runtime,
      executeBlock: (reader, block) => {
        const output = runtime.executeBlock(reader, block)
        this.#outputs.set(nameOf(readEngineHead(this.#store)?.app, block), output)
        return output
      },
    }
  }

  /**
   * A runtime for those who follow: what the checker executed itself on the same roots it hands out again, which saves
   * nine tenths of the work; anything else is executed.
   */
  sharing(runtime: Runtime): Runtime {
    return {
      ...runtime,
      executeGenesis: () => this.#genesis,
      executeBlock: (reader, block) => {
        const app = readEngineHead(reader as StateStore)?.app
        return this.#outputs.get(nameOf(app, block)) ?? runtime.executeBlock(reader, block)
      },
    }
  }

  #transaction(model: Model, encoded: Uint8Array, result: TxResult, timeMs: number): void {
    if (result.code !== 0) return
    const tx = decodeTx(encoded)
    const id = toHex(tx.id)
    if (this.#executed.has(id)) this.fail('-', 'a transaction took effect twice')
    this.#executed.add(id)
    if (!this.#isSignedBySigner(model, tx)) this.fail('P1', 'a transaction took effect that its signer did not sign')
    if (tx.body.validUntil <= timeMs) this.fail('-', 'a transaction took effect after its end')
    model.apply(tx, result, timeMs, (message) => this.#messages.check(model, tx.body.signer, message, timeMs))
    for (const { type, attributes } of result.events) {
      if (type !== 'access.opened') continue
      const ask = attributes as unknown as Ask & { readonly untilMs: number }
      const patient = toHex(attributes['handle'] as Uint8Array)
      if (!model.permitsOpening(ask, patient, timeMs)) this.fail('P1', 'an access was opened that consent does not permit')
      if (ask.untilMs > timeMs + MAX_ACCESS_MS) this.fail('P2', 'an access lasts longer than 12 hours')
      else if (ask.untilMs > timeMs && !model.permitsOpening(ask, patient, ask.untilMs - 1, timeMs)) this.fail('P2', 'an access outlasts its basis')
    }
    for (const message of tx.body.messages) {
      for (const patient of narrowedBy(model, message)) this.#bases(model, patient, message, timeMs)
    }
  }

  /** By the newest key of the model, the first of which is the true one. */
  #isSignedBySigner(model: Model, { body, bodyBytes, signature }: DecodedTx): boolean {
    const key = model.keys.get(body.signer)
    const { keyOf, verify } = this.#options
    const truly = key?.number === 1 ? keyOf(body.signer) : key?.signing
    return key !== undefined && truly !== undefined && body.keyId === `k${key.number}` && verify(truly, signingBytes(bodyBytes), signature)
  }

  #noteLog(): void {
    const app = readEngineHead(this.#store)?.app
    if (app !== undefined) this.logRoots.set(app.logSize, toHex(app.logRoot))
  }

  /** SPEC-CON-5: in the block of the change nothing stays open without a basis, or for longer than it. */
  #bases(model: Model, patient: string, message: Message, timeMs: number): void {
    for (const access of model.accesses.values()) {
      if (access.patient !== patient || !access.open || timeMs >= access.untilMs) continue
      if (!model.permitsOpening(access, patient, timeMs)) this.fail('P2', `an access stayed open after ${message.type} took its basis`)
      else if (!model.permitsOpening(access, patient, access.untilMs - 1, timeMs)) this.fail('P2', `an access outlasts what ${message.type} left of its basis`)
    }
  }

  #compareState(model: Model): void {
    const state = new CommittedState(this.#store)
    try {
      if (model.height % 4 === 0) this.#options.runtime.checkInvariants(this.#store)
    } catch (error) {
      this.fail('-', `an invariant of a contract is broken: ${textOf(error)}`)
    }
    for (const [patient, owner] of model.owners) {
      if (model.kinds.get(owner)?.kind !== 'patient') continue
      const handle = fromHex(patient) as Handle
      const versions = [...model.records.values()].flat().filter(({ subjects }) => subjects.includes(patient)).length
      if (state.listSize('records', handle) !== versions) this.fail('P4', `a chart has ${state.listSize('records', handle)} entries where ${versions} were put`)
      if (state.listSize('accesses', handle) !== (model.entries.get(patient) ?? 0)) this.fail('P3', `a list has ${state.listSize('accesses', handle)} entries where ${model.entries.get(patient) ?? 0} things happened`)
    }
  }

  /** Whether a view may be relied upon, by the definition. */
  #isFresh({ height, answeredMs }: View): boolean {
    const { maxViewAgeMs } = this.#options
    return maxViewAgeMs === undefined || Math.abs(answeredMs - this.timeOf(height)) <= maxViewAgeMs
  }

  /** A keyholder's answer to a release request leaves it. */
  released(keyholder: Did, view: View, requestBytes: Uint8Array, responseBytes: Uint8Array): void {
    const { body, signature } = decodeCanonical(signedParts, requestBytes)
    const request = decodeCanonical(requestParts, body)
    const response = decodeCanonical(responseParts, decodeCanonical(signedParts, responseBytes).body)
    const refused = new Set(response.refused.map(([position]) => position))
    const records = request.records.flatMap(([record, version], at): (readonly [string, number])[] => (refused.has(at) ? [] : [[toHex(record), version]]))
    if (records.length === 0) return
    const id = toHex(request.access)
    this.releases.push({ ...view, keyholder, request: response.request, access: id, records })
    const model = this.model(view.height)
    const key = model.keys.get(request.gateway)
    if (key === undefined || !this.#options.verify(key.signing, concatBytes(utf8('chiron/release-request/v1\0'), body), signature)) this.fail('P1', 'a share was released to a request that the gateway did not sign')
    if (!model.members.has(request.gateway) && (key === undefined || !model.isSelfHeld(request.gateway) || !equalBytes(key.agreement, request.recipient.key))) this.fail('P1', 'a share was released to somebody else than a member or the wallet of the patient')
    const access = model.accesses.get(id)
    if (access === undefined) return this.fail('P1', 'a share was released for an access that is not committed')
    if (access.reader !== request.reader || access.organisation !== request.gateway) this.fail('P1', "a share was released to somebody else than the access's reader")
    const blockMs = this.timeOf(view.height)
    const laterMs = Math.max(blockMs, Math.min(view.askedMs, view.answeredMs))
    for (const [record] of records) {
      if (!model.covers(id, record, blockMs)) this.fail('P1', 'a share was released that the access does not cover at the height of the keyholder')
      else if (!model.covers(id, record, laterMs)) this.fail('P2', 'a share was released after the end, as the clock had it')
    }
    if (!this.#isFresh(view)) this.fail('P2', `a share was released by a keyholder whose view is ${view.answeredMs - blockMs} ms old`)
  }

  /** A gateway shows a row to a reader. `purpose` and reader as in the token. */
  served(view: View, ask: Ask, record: string, authored: boolean): void {
    const model = this.model(view.height)
    const blockMs = this.timeOf(view.height)
    const laterMs = Math.max(blockMs, Math.min(view.askedMs, view.answeredMs))
    if (!model.permits(ask, record, blockMs)) this.fail('P2', 'a gateway showed what consent does not cover')
    else if (!model.permits(ask, record, laterMs)) this.fail('P2', 'a gateway showed what consent did cover, until the clock passed the end')
    if (!authored && !this.#isFresh(view)) this.fail('P2', 'a gateway showed what others authored while its view was not fresh')
    for (const patient of model.records.get(record)?.at(-1)?.subjects ?? []) {
      const listed = [...model.accesses.values()].some((access) => access.patient === patient && access.reader === ask.reader && access.organisation === ask.organisation && access.purpose === ask.purpose)
      if (!listed) this.fail('P3', 'a gateway showed something without an access in the list of the patient')
    }
  }

  /** After everything: how long releases came after what should have stopped them. P2 with bounded age. */
  measureLags(): void {
    const { maxViewAgeMs } = this.#options
    for (const release of this.releases) {
      for (const [record] of release.records) {
        for (let height = release.height + 1; height <= this.height; height++) {
          if (this.model(height) === this.model(height - 1)) continue
          if (this.model(height).covers(release.access, record, this.timeOf(height))) continue
          const lagMs = release.trueMs - this.timeOf(height)
          if (lagMs > 0) this.lags.push(lagMs)
          if (maxViewAgeMs !== undefined && release.answeredMs > this.timeOf(height) + maxViewAgeMs) this.fail('P2', `a share was released ${lagMs} ms after what ended the cover`)
          break
        }
      }
    }
  }

  /** Transactions of the blocks, for those who want to send one again. */
  transactions(): Uint8Array[] {
    return this.blocks.slice(-20).flatMap((encoded) => decodeCanonical(signedBlock, encoded).txs)
  }

  state(): CommittedState {
    return new CommittedState(this.#store)
  }
}

function firstModel({ members, blockSigner, custody, parameters }: Genesis): Model {
  const model = new Model()
  for (const { did, handle, jurisdiction } of members) {
    model.members.add(did)
    model.kinds.set(did, { kind: 'organisation', controller: null, suspended: false })
    model.owners.set(toHex(handle), did)
    if (jurisdiction !== undefined) model.jurisdictions.set(did, jurisdiction)
  }
  for (const { did, signingKey, agreementKey } of [...members, blockSigner, ...custody.keyholders]) model.keys.set(did, { number: 1, signing: signingKey, agreement: agreementKey })
  const parameter = (name: string): number | undefined => parameters.find((each) => each.name === name)?.value
  model.emergencyMs = [parameter('emergencyConfirmMs') ?? model.emergencyMs[0], parameter('maxEmergencyMs') ?? model.emergencyMs[1]]
  return model
}

/** Whose accesses may have lost their basis by a message. */
function narrowedBy(model: Model, message: Message): readonly string[] {
  switch (message.type) {
    case 'consent.revoke':
    case 'consent.modify':
    case 'consent.contestTreatment':
    case 'access.contestEmergency':
      return [toHex(message.patient)]
    case 'consent.grant':
      return message.terms.effect === 'deny' ? [toHex(message.patient)] : []
    case 'access.reviewEmergency':
      return message.outcome === 'unjustified' ? [toHex(message.patient)] : []
    case 'identity.claim':
      return model.handlesOf(message.did)
    default:
      return []
  }
}

/** The same roots before, and the same block. */
function nameOf(app: AppState | undefined, { height, timeMs, txs }: BlockInput): string {
  return [app === undefined ? '' : toHex(app.stateRoot), app?.logSize, height, timeMs, ...txs.map(({ id, signature }) => `${toHex(id)}${toHex(signature)}`)].join('/')
}

function comparable(results: readonly TxResult[]): Uint8Array {
  return encodeCanonical(results.map(({ txId, codespace, code, logIndex, events }) => ({ txId, codespace, code, logIndex, events: [...events] })))
}

export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : ` < ${textOf(error.cause)}`
  if ('code' in error) return `${error.name} ${String(error.code)}: ${error.message}${cause}`
  return error.name === 'LedgerRefusal' ? `LedgerRefusal ${error.message}` : (error.stack ?? error.message)
}

