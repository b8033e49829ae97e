import { ed25519 } from '@noble/curves/ed25519.js'
import {
  concatBytes, custodyBatchRoot, custodyGroupReceiptBytes, custodyReceiptBytes, deriveDid, inclusionPath, leafHash, merkleRoot, sha256, utf8,
  type Did, type Genesis, type Grantee, type Handle, type Message, type MessageOf, type MessageType, type ObjectId, type RecordEntryMessage,
  type RecordId, type RuleTerms, type Tag, type TxId,
} from '@chiron/protocol'
import {
  applicationContracts, CommittedState, ContractError, coversRecord, indexPatient, MemoryStore, Overlay, patientFacts, patientSnapshot, type LedgerEvent,
} from '../src/index.ts'
import { isDeepStrictEqual } from 'node:util'

export const CHAIN_ID = 'contracts-1'
/** What the keys begin with of the facts that say who owns a handle. */
const HANDLES = utf8('id/h/')
export const START_MS = 1_800_000_000_000
export const DAY_MS = 86_400_000

export interface Person {
  readonly did: Did
  /** Ed25519 seed of `signingKey`. */
  readonly secret: Uint8Array
  readonly signingKey: Uint8Array
  readonly agreementKey: Uint8Array
  readonly inception: Uint8Array
  readonly handle: Handle
}

const bytes = (length: number, ...parts: (string | number)[]): Uint8Array => sha256(utf8(parts.join('/'))).subarray(0, length)

export const SALT = bytes(16, 'salt')
const secretFor = (name: string): Uint8Array => bytes(32, 'key', name)
export const keyFor = (name: string): Uint8Array => ed25519.getPublicKey(secretFor(name))
/** Below 2^248, so that it is canonical. */
const agreementFor = (name: string): Uint8Array => concatBytes(bytes(31, 'agreement', name), new Uint8Array(1))
export const handleFor = (name: string): Handle => bytes(32, 'handle', name) as Handle
export const recordFor = (name: string): RecordId => bytes(16, 'record', name) as RecordId
export const tagFor = (name: string): Tag => bytes(8, 'tag', name) as Tag
export const objectFor = (name: string): ObjectId => bytes(16, 'object', name) as ObjectId

const made = new Map<string, Person>()

/** The same identity for the same kind and name. */
export function person(kind: 'organisation' | 'practitioner' | 'patient' | 'device', name: string): Person {
  const known = made.get(`${kind}/${name}`)
  if (known !== undefined) return known
  const signingKey = keyFor(`${kind}/${name}`)
  const inception = bytes(16, 'inception', name)
  const fresh = {
    did: deriveDid(kind, signingKey, inception), secret: secretFor(`${kind}/${name}`), signingKey, agreementKey: agreementFor(name), inception, handle: handleFor(name),
  }
  made.set(`${kind}/${name}`, fresh)
  return fresh
}

export const riverside = person('organisation', 'riverside')
export const lakeside = person('organisation', 'lakeside')
export const outsider = person('organisation', 'outsider')
export const doctor = person('practitioner', 'lakeside doctor')
export const nurse = person('practitioner', 'lakeside nurse')
export const surgeon = person('practitioner', 'riverside surgeon')
export const ada = person('patient', 'ada')
export const ben = person('patient', 'ben')

export const keyholders = (n: number): Genesis['custody']['keyholders'] =>
  Array.from({ length: n }, (_, i) => {
    const { did, signingKey, agreementKey } = person('device', `keyholder ${i}`)
    return { did, signingKey, agreementKey, suite: 'x25519' as const, kemKey: agreementKey }
  })

export function genesisOf(options: { readonly sample?: boolean; readonly keyholders?: number } = {}): Genesis {
  const n = options.keyholders ?? 4
  const member = (org: Person, name: string): Genesis['members'][number] => {
    const { did, signingKey, agreementKey, inception, handle } = org
    return { did, signingKey, agreementKey, inception, handle, name }
  }
  const { did, signingKey, agreementKey, inception } = person('device', 'block signer')
  return {
    chainId: CHAIN_ID,
    timeMs: START_MS,
    sample: options.sample ?? true,
    members: [member(riverside, 'riverside'), member(lakeside, 'lakeside')],
    governance: [riverside.did],
    blockSigner: { did, signingKey, agreementKey, inception },
    custody: { keyholders: keyholders(n), threshold: Math.floor((n - 1) / 3) + 1 },
    parameters: [],
  }
}

/** A stand-in for a signature, which the chain's `verify` accepts. Real ones are checked where keys are. */
export const stubSignature = (publicKey: Uint8Array, message: Uint8Array): Uint8Array => {
  const half = sha256(concatBytes(publicKey, message))
  return concatBytes(half, half)
}

export interface Outcome {
  /** `''` for success, else `codespace/code`. */
  readonly refusal: string
  readonly txId: TxId
  readonly events: readonly LedgerEvent[]
}

/** Applies messages to all contracts, each call one transaction in a block of its own. */
export class ContractChain {
  readonly state: Overlay
  readonly contracts: ReturnType<typeof applicationContracts>
  timeMs = START_MS
  height = 0

  constructor(options: Parameters<typeof genesisOf>[0] = {}, genesis: Genesis = genesisOf(options)) {
    this.contracts = applicationContracts({
      verify: (key, message, signature) => isDeepStrictEqual(Uint8Array.from(signature), Uint8Array.from(stubSignature(key, message))),
    })
    this.state = new Overlay(new CommittedState(new MemoryStore()), 'contract')
    for (const contract of this.contracts) contract.genesis(this.state, genesis)
  }

  submit(signer: Person | Did, ...messages: Message[]): Outcome {
    this.timeMs += 1_000
    this.height += 1
    const block = { chainId: CHAIN_ID, height: this.height, timeMs: this.timeMs }
    const txId = sha256(utf8(`tx ${this.height}`)) as TxId
    const buffer = new Overlay(this.state, 'contract')
    const events: LedgerEvent[] = []
    try {
      messages.forEach((message, messageIndex) => {
        const contract = this.contracts.find((c) => c.handles(message.type))
        if (contract === undefined) throw new TypeError('no contract')
        contract.handle(
          { block, txId, messageIndex, signer: typeof signer === 'string' ? signer : signer.did, state: buffer, emit: (e) => void events.push(e) },
          message,
        )
      })
    } catch (error) {
      if (!(error instanceof ContractError)) throw error
      return { refusal: `${error.codespace}/${error.code}`, txId, events: [] }
    }
    buffer.commitTo(this.state)
    return { refusal: '', txId, events }
  }

  /** As {@link submit}, and fails the test if it is refused. Returns the id of what the first message made. */
  do(signer: Person | Did, ...messages: Message[]): Outcome {
    const outcome = this.submit(signer, ...messages)
    if (outcome.refusal !== '') throw new TypeError(`refused: ${outcome.refusal}`)
    return outcome
  }

  pass(ms: number): void {
    this.timeMs += ms
  }

  /** Whether an access covers a record now. */
  covers(access: ObjectId, record: string): boolean {
    return coversRecord(this.state, access, recordFor(record), this.timeMs)
  }

  /** Every contract's invariants; and the snapshot that is kept of each handle is the one that would be built. */
  checkInvariants(): void {
    for (const contract of this.contracts) contract.invariants(this.state, { chainId: CHAIN_ID, height: this.height, timeMs: this.timeMs })
    for (const [key] of this.state.facts(HANDLES)) {
      const handle = key.subarray(HANDLES.length) as Handle
      const [kept, built] = [patientSnapshot(this.state, handle), indexPatient(patientFacts(this.state, handle))]
      if (!isDeepStrictEqual(kept, built)) throw new TypeError('a kept snapshot is stale')
    }
  }
}

type Fields<T extends MessageType> = Omit<MessageOf<T>, 'type' | 'salt'>

export function msg<T extends MessageType>(type: T, fields: Fields<T>): MessageOf<T> {
  return { type, salt: SALT, ...fields } as unknown as MessageOf<T>
}

export const registerMsg = (kind: 'practitioner' | 'patient' | 'device', who: Person): Message => {
  const { did, signingKey, agreementKey, inception } = who
  return msg('identity.register', { kind, did, signingKey, agreementKey, inception, handle: kind === 'patient' ? who.handle : null })
}

/** Registers the usual people: two patients of riverside, staff with roles, delegations to the organisations' gateways. */
export function populate(chain: ContractChain): ContractChain {
  const until = chain.timeMs + 360 * DAY_MS
  chain.do(riverside, registerMsg('patient', ada), registerMsg('patient', ben), registerMsg('practitioner', surgeon))
  chain.do(lakeside, registerMsg('practitioner', doctor), registerMsg('practitioner', nurse))
  chain.do(riverside, msg('identity.attest', { subject: surgeon.did, role: 'physician', until }))
  chain.do(lakeside, msg('identity.attest', { subject: doctor.did, role: 'physician', until }), msg('identity.attest', { subject: nurse.did, role: 'nurse', until }))
  for (const [who, org] of [[surgeon, riverside], [doctor, lakeside], [nurse, lakeside], [ada, riverside], [ben, riverside]] as const) {
    chain.do(who, msg('identity.delegate', { to: org.did, purposes: [], until }))
  }
  return chain
}

export const populated = (options: Parameters<typeof genesisOf>[0] = {}): ContractChain => populate(new ContractChain(options))

export const organisation = (org: Person): Grantee => ({ kind: 'organisation', did: org.did })
export const individual = (who: Person): Grantee => ({ kind: 'person', did: who.did })

export function terms(fields: Partial<RuleTerms> & { readonly grantee: Grantee }): RuleTerms {
  return {
    effect: 'permit', purposes: ['TREAT'], categories: [], labels: [], records: [], actions: ['read'], from: 0, until: null, overrides: null, ...fields,
  }
}

export function entry(name: string, fields: Partial<RecordEntryMessage> = {}): RecordEntryMessage {
  const version = fields.version ?? 1
  return {
    record: recordFor(name), version, flags: 0, subjects: [ada.handle], category: tagFor('laboratory'), labels: [],
    ciphertext: bytes(32, 'ciphertext', name, version), size: 1_000,
    keyCommitment: bytes(32, 'key commitment', name, version), shareRoot: bytes(32, 'shares', name, version),
    ...fields,
  }
}

export function putMsg(entries: RecordEntryMessage[], fields: Partial<Fields<'records.put'>> & { readonly from?: number; readonly receiptCount?: number } = {}): Message {
  const { receiptCount = 3, from = 0, ...rest } = fields
  const root = custodyBatchRoot(entries)
  return msg('records.put', {
    recorder: riverside.did, purpose: 'TREAT', entries, custodySet: 1, receipts: receiptsFor(root, from, receiptCount), ...rest,
  })
}

export function receiptsFor(root: Uint8Array, from: number, count: number, set = 1): MessageOf<'records.put'>['receipts'] {
  return keyholders(from + count).slice(from).map(({ did, signingKey }) => ({
    keyholder: did, signature: stubSignature(signingKey, custodyReceiptBytes(CHAIN_ID, set, root)),
  }))
}

/** Receipts for one of several batches that the keyholders accepted together. */
export function groupReceiptsFor(roots: readonly Uint8Array[], index: number, from: number, count: number): MessageOf<'records.put'>['receipts'] {
  const message = custodyGroupReceiptBytes(CHAIN_ID, 1, roots.length, merkleRoot(roots))
  const group = { size: roots.length, index, path: inclusionPath(roots.map(leafHash), index) }
  return keyholders(from + count).slice(from).map(({ did, signingKey }) => ({ keyholder: did, signature: stubSignature(signingKey, message), group }))
}

export const openMsg = (reader: Person, fields: Partial<MessageOf<'access.open'>['openings'][number]> = {}): Message =>
  msg('access.open', { openings: [{ patient: ada.handle, reader: reader.did, purpose: 'TREAT', action: 'read', ...fields }] })

interface Refusals {
  readonly codespace: string
  readonly codes: Readonly<Record<string, number>>
}

/** Expects refusals by name, and knows in the end which codes were never provoked. */
export function refusalLedger(errors: Refusals): { refused(outcome: Outcome, name: string): void; unprovoked(): string[] } {
  const seen = new Set<string>()
  return {
    refused(outcome, name) {
      const expected = `${errors.codespace}/${errors.codes[name]}`
      if (outcome.refusal !== expected) throw new TypeError(`expected ${name} (${expected}), got ${outcome.refusal || 'success'}`)
      seen.add(name)
    },
    unprovoked: () => Object.keys(errors.codes).filter((name) => !seen.has(name)),
  }
}
