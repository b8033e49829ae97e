import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import {
  appHash, custodyBatchRoot, decodeTx, deriveDid, derivedId, encodeCanonical, encodeHeader, encodeTx, headerSigningBytes, keyCommitment, patientTagKey, sha256, tagOf, toHex, utf8,
  type AppState, type Did, type Genesis, type Handle, type Message, type ObjectId, type RecordId, type Tag,
} from '@chiron/protocol'
import { accounts, applicationContracts, createRuntime, MemoryStore, runtimeParameters } from '@chiron/ledger'
import { listReceipt, receiptToJson, toBase64url, type ProofHead, type Trust } from '@chiron/ledger/proofs'
import { sealEnvelope } from '@chiron/vault'
import { AuditNetworkError } from './errors.ts'

const CHAIN_ID = 'audit-1'
const START_MS = 1_800_000_000_000
const DAY_MS = 86_400_000
const salt = sha256(utf8('salt')).subarray(0, 16)
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

function bytes(length: number, text: string): Uint8Array {
  return sha256(utf8(text)).subarray(0, length)
}

function identity(kind: string, name: string) {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, bytes(32, `key ${name}`)]), format: 'der', type: 'pkcs8' })
  const signingKey = new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32))
  const inception = bytes(16, `inception ${name}`)
  const did = deriveDid(kind, signingKey, inception)
  return { did, signingKey, agreementKey: bytes(32, `agreement ${name}`), inception, handle: bytes(32, `handle ${name}`) as Handle, privateKey }
}
type Identity = ReturnType<typeof identity>

const riverside = identity('organisation', 'riverside')
const lakeside = identity('organisation', 'lakeside')
const keyholder = identity('device', 'keyholder')
const signer = identity('device', 'signer')
const physician = identity('practitioner', 'physician')
const ada = identity('patient', 'ada')
const ben = identity('patient', 'ben')

const publicPart = ({ did, signingKey, agreementKey, inception }: Identity) => ({ did, signingKey, agreementKey, inception })

function genesis(): Genesis {
  const { did, signingKey, agreementKey } = keyholder
  const member = (who: Identity, name: string) => ({ ...publicPart(who), name, handle: who.handle })
  return {
    chainId: CHAIN_ID, timeMs: START_MS, sample: true,
    members: [member(riverside, 'riverside'), member(lakeside, 'lakeside')],
    governance: [riverside.did],
    blockSigner: publicPart(signer),
    custody: { keyholders: [{ did, signingKey, agreementKey, suite: 'x25519', kemKey: agreementKey }], threshold: 1 },
    parameters: [],
  }
}

/** The real contracts over a state in memory, one transaction a block, signatures taken for granted. */
export class AuditNetwork {
  readonly reader = new MemoryStore()
  readonly trust: Trust = { chainId: CHAIN_ID, signers: [{ did: signer.did, publicKey: signer.signingKey }] }
  readonly tagKey: Uint8Array = patientTagKey(bytes(32, 'vocabulary'), ada.handle)
  readonly handle: Handle = ada.handle
  readonly signer: Did = signer.did
  readonly other: Handle = ben.handle
  readonly otherTagKey: Uint8Array = patientTagKey(bytes(32, 'vocabulary'), ben.handle)
  readonly people: { readonly physician: Did; readonly ada: Did } = { physician: physician.did, ada: ada.did }
  readonly #runtime = createRuntime({ contracts: applicationContracts({ verify: () => true }), accounts, parameters: runtimeParameters, verify: () => true })
  #app: AppState
  #height = 0
  #timeMs = START_MS
  #written = 0

  constructor() {
    const { app, writes } = this.#runtime.executeGenesis(genesis())
    this.reader.apply(writes)
    this.#app = app
  }

  get head(): ProofHead {
    const header = encodeHeader({ chainId: CHAIN_ID, height: this.#height, timeMs: this.#timeMs, previous: new Uint8Array(32), txRoot: new Uint8Array(32), appHash: appHash(this.#app) })
    return { app: this.#app, signed: { header, signer: signer.did, signature: new Uint8Array(sign(null, headerSigningBytes(header), signer.privateKey)) } }
  }

  category(name: string): Tag {
    return tagOf(this.tagKey, 'category', name)
  }

  /** Executes messages that must succeed; the id of what the first one made. */
  do(who: Identity, ...messages: Message[]): ObjectId {
    this.#height += 1
    this.#timeMs += 1000
    const body = encodeCanonical({ chainId: CHAIN_ID, signer: who.did, keyId: 'k1', messages, validUntil: this.#timeMs + 60_000 })
    const tx = decodeTx(encodeTx(body, new Uint8Array(64)))
    const { results, app, writes } = this.#runtime.executeBlock(this.reader, { chainId: CHAIN_ID, height: this.#height, timeMs: this.#timeMs, txs: [tx] })
    const [result] = results
    if (result?.code !== 0) throw new AuditNetworkError(`refused: ${result?.codespace} ${result?.code} ${result?.reason ?? ''}`)
    this.reader.apply(writes)
    this.#app = app
    return derivedId(tx.id, 0)
  }

  /** A life in short: asked, approved, read, reported, revoked (which ends the access), refused. Returns the rule. */
  live(): ObjectId {
    this.register()
    const patient = ada.handle
    const grantee = { kind: 'organisation', did: lakeside.did } as const
    const laboratory = this.category('laboratory')
    const request = this.do(lakeside, { type: 'consent.request', salt, patient, reader: physician.did, grantee, purposes: ['TREAT'], categories: [laboratory], labels: [], actions: ['read'], forMs: DAY_MS })
    const terms = { effect: 'permit', grantee, purposes: ['TREAT'], categories: [laboratory], labels: [], records: [], actions: ['read'], from: 0, until: this.#timeMs + DAY_MS, overrides: null } as const
    const rule = this.do(ada, { type: 'consent.approve', salt, patient, request, terms: { ...terms, purposes: [...terms.purposes], categories: [...terms.categories], labels: [], records: [], actions: [...terms.actions] } })
    const access = this.do(lakeside, { type: 'access.open', salt, openings: [{ patient, reader: physician.did, purpose: 'TREAT', action: 'read' }] })
    this.do(lakeside, { type: 'access.report', salt, reports: [{ patient, access, counts: [{ category: laboratory, count: 4 }], root: bytes(32, 'details') }] })
    this.do(ada, { type: 'consent.revoke', salt, patient, rule })
    this.refuse()
    return rule
  }

  /** Two patients of riverside, a physician of lakeside for whom it speaks. */
  register(): void {
    const until = START_MS + 100 * DAY_MS
    const identityOf = (kind: 'patient' | 'practitioner', who: Identity): Message => ({ type: 'identity.register', salt, kind, ...publicPart(who), handle: kind === 'patient' ? who.handle : null })
    this.do(riverside, identityOf('patient', ada), identityOf('patient', ben))
    this.do(lakeside, identityOf('practitioner', physician))
    this.do(lakeside, { type: 'identity.attest', salt, subject: physician.did, role: 'physician', until })
    this.do(physician, { type: 'identity.delegate', salt, to: lakeside.did, purposes: [], until })
  }

  /** The physician was refused three times; or once somebody whom lakeside may not name, about the other patient. */
  refuse(isNamed = true): void {
    const attempt = isNamed ? { patient: ada.handle, reader: physician.did, count: 3 } : { patient: ben.handle, reader: null, count: 1 }
    this.do(lakeside, { type: 'access.refuse', salt: bytes(16, `salt ${this.#height}`), refusals: [{ ...attempt, purpose: 'TREAT', action: 'read' }] })
  }

  /** Writes a resource of the other patient and gives what proves it in an export. */
  async write(resource: Readonly<Record<string, unknown>>): Promise<{ readonly index: number; readonly subjects: string[]; readonly envelope: string; readonly key: string }> {
    const index = this.#written++
    const record = bytes(16, `record ${index}`) as RecordId
    let drawn = 0
    const random = (length: number): Uint8Array => bytes(length, `drawn ${index} ${drawn++}`)
    const binding = { chainId: CHAIN_ID, record, version: 1, author: riverside.did, subjects: [ben.handle] }
    const sealed = await sealEnvelope({ meta: { type: 'Observation', version: 1 }, resource: utf8(JSON.stringify(resource)) }, binding, random)
    const entry = {
      record, version: 1, flags: 0, subjects: [ben.handle], category: tagOf(this.otherTagKey, 'category', 'laboratory'), labels: [],
      ciphertext: sealed.hash, size: sealed.bytes.length, keyCommitment: keyCommitment(record, sealed.salt, sealed.key), shareRoot: bytes(32, 'shares'),
    }
    const root = custodyBatchRoot([entry])
    this.do(riverside, { type: 'records.put', salt: root.subarray(0, 16), recorder: riverside.did, purpose: 'TREAT', entries: [entry], custodySet: 1, receipts: [{ keyholder: keyholder.did, signature: new Uint8Array(64) }] })
    return { index, subjects: [toHex(ben.handle)], envelope: toBase64url(sealed.bytes), key: toBase64url(sealed.key) }
  }

  /** Proof of a patient's record list, as it stands in an export. */
  recordList(handle: Handle): unknown {
    return receiptToJson(listReceipt(this.reader, this.head, 'records', handle))
  }
}
