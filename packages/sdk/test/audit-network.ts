import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import {
  appHash, decodeTx, deriveDid, derivedId, encodeCanonical, encodeHeader, encodeTx, headerSigningBytes, patientTagKey, sha256, tagOf, utf8,
  type AppState, type Did, type Genesis, type Handle, type Message, type ObjectId, type Tag,
} from '@chiron/protocol'
import { accounts, applicationContracts, createRuntime, MemoryStore, runtimeParameters } from '@chiron/ledger'
import type { ProofHead, Trust } from '@chiron/ledger/proofs'

const CHAIN_ID = 'audit-1'
const START_MS = 1_800_000_000_000
const DAY_MS = 86_400_000
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
const signer = identity('device', 'signer')
const physician = identity('practitioner', 'physician')
const ada = identity('patient', 'ada')
const ben = identity('patient', 'ben')

const publicPart = ({ did, signingKey, agreementKey, inception }: Identity) => ({ did, signingKey, agreementKey, inception })

function genesis(): Genesis {
  const { did, signingKey, agreementKey } = identity('device', 'keyholder')
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
  readonly people: { readonly physician: Did; readonly ada: Did } = { physician: physician.did, ada: ada.did }
  readonly #runtime = createRuntime({ contracts: applicationContracts(), accounts, parameters: runtimeParameters, verify: () => true })
  #app: AppState
  #height = 0
  #timeMs = START_MS

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
    if (result?.code !== 0) throw new TypeError(`refused: ${result?.codespace} ${result?.code} ${result?.reason ?? ''}`)
    this.reader.apply(writes)
    this.#app = app
    return derivedId(tx.id, 0)
  }

  /** A life in short: asked, approved, read, reported, revoked (which ends the access), refused. Returns the rule. */
  live(): ObjectId {
    const salt = bytes(16, 'salt')
    const until = START_MS + 100 * DAY_MS
    const patient = ada.handle
    const register = (kind: 'patient' | 'practitioner', who: Identity): Message => ({ type: 'identity.register', salt, kind, ...publicPart(who), handle: kind === 'patient' ? who.handle : null })
    this.do(riverside, register('patient', ada), register('patient', ben))
    this.do(lakeside, register('practitioner', physician))
    this.do(lakeside, { type: 'identity.attest', salt, subject: physician.did, role: 'physician', until })
    this.do(physician, { type: 'identity.delegate', salt, to: lakeside.did, purposes: [], until })
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

  refuse(): void {
    this.do(lakeside, { type: 'access.refuse', salt: bytes(16, `salt ${this.#height}`), refusals: [{ patient: ada.handle, reader: physician.did, purpose: 'TREAT', action: 'read', count: 3 }] })
  }
}
