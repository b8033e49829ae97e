import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto'
import {
  concatBytes, custodyGroupReceiptBytes, custodyReceiptBytes, custodyBatchRoot, deriveDid, encodeCanonical, encodeTx, handleOf, inclusionPath, leafHash, merkleRoot, recordIdOf, sha256, signingBytes, tagOf, patientTagKey, utf8,
  type CustodyReceipt, type Did, type Genesis, type Handle, type Message, type RecordEntryMessage, type Tag,
} from '@chiron/protocol'

export const CHAIN_ID = 'chiron-bench'
const GENESIS_MS = 800_000_000_000
const DAY_MS = 86_400_000
/** A transaction is made shortly before it is sent, and lives as long as it may. */
const LIFETIME_MS = 590_000

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** An identity with a real key. The same name gives the same one, in every process. */
export interface Party {
  readonly did: Did
  readonly signingKey: Uint8Array
  readonly agreementKey: Uint8Array
  readonly inception: Uint8Array
  readonly privateKey: KeyObject
}

const bytesFor = (length: number, text: string): Uint8Array => sha256(utf8(text)).subarray(0, length)
const VOCABULARY = bytesFor(32, 'vocabulary')

export function party(kind: string, name: string): Party {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, bytesFor(32, `key/${kind}/${name}`)]), format: 'der', type: 'pkcs8' })
  const signingKey = new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32))
  const inception = bytesFor(16, `inception/${name}`)
  return { did: deriveDid(kind, signingKey, inception), signingKey, agreementKey: bytesFor(32, `agreement/${name}`), inception, privateKey }
}

export const hospital = party('organisation', 'hospital')
export const clinic = party('organisation', 'clinic')
export const physician = party('practitioner', 'physician')
export const keyholder = party('device', 'keyholder')
export const blockSigner = party('device', 'block signer')

export const patientHandle = (n: number): Handle => handleOf(VOCABULARY, `patient-${n}`)

/** Two organisations, one keyholder, one signer of blocks. */
export function benchGenesis(): Genesis {
  const identityOf = ({ did, signingKey, agreementKey, inception }: Party): { did: Did; signingKey: Uint8Array; agreementKey: Uint8Array; inception: Uint8Array } => ({ did, signingKey, agreementKey, inception })
  const { did, signingKey, agreementKey } = keyholder
  return {
    chainId: CHAIN_ID,
    timeMs: GENESIS_MS,
    sample: true,
    members: [
      { ...identityOf(hospital), name: 'hospital', handle: bytesFor(32, 'handle/hospital') as Handle },
      { ...identityOf(clinic), name: 'clinic', handle: bytesFor(32, 'handle/clinic') as Handle },
    ],
    governance: [hospital.did],
    blockSigner: identityOf(blockSigner),
    custody: { keyholders: [{ did, signingKey, agreementKey, suite: 'x25519', kemKey: agreementKey }], threshold: 1 },
    parameters: [],
  }
}

let salted = 0
/** Nobody else makes the same: the process, and a count. */
function freshSalt(): Uint8Array {
  return bytesFor(16, `salt/${process.pid}/${salted++}`)
}

/** A transaction of one party, really signed. */
export function signedTx(signer: Party, messages: readonly Message[], nowMs: number): Uint8Array {
  const body = encodeCanonical({ chainId: CHAIN_ID, signer: signer.did, keyId: 'k1', messages, validUntil: nowMs + LIFETIME_MS })
  return encodeTx(body, new Uint8Array(sign(null, signingBytes(body), signer.privateKey)))
}

/** The physician with a role and a delegation to the hospital's gateway: what a write by a person needs. */
export function staffTxs(nowMs: number): Uint8Array[] {
  const until = nowMs + 300 * DAY_MS
  return [
    signedTx(hospital, [registration('practitioner', physician, null), { type: 'identity.attest', salt: freshSalt(), subject: physician.did, role: 'physician', until }], nowMs),
    signedTx(physician, [{ type: 'identity.delegate', salt: freshSalt(), to: hospital.did, purposes: [], until }], nowMs),
  ]
}

/** Registers patients [from, to), each with a key of its own. */
export function patientsTx(from: number, to: number, nowMs: number): Uint8Array {
  const numbers = Array.from({ length: to - from }, (_, i) => from + i)
  return signedTx(hospital, numbers.map((n) => registration('patient', party('patient', String(n)), patientHandle(n))), nowMs)
}

function registration(kind: 'practitioner' | 'patient', { did, signingKey, agreementKey, inception }: Party, handle: Handle | null): Message {
  return { type: 'identity.register', salt: freshSalt(), kind, did, signingKey, agreementKey, inception, handle }
}

const laboratory = new Map<number, Tag>()
function categoryOf(patient: number): Tag {
  const known = laboratory.get(patient) ?? tagOf(patientTagKey(VOCABULARY, patientHandle(patient)), 'category', 'laboratory')
  laboratory.set(patient, known)
  return known
}

const handles = new Map<number, Handle>()
function handleAt(patient: number): Handle {
  const known = handles.get(patient) ?? patientHandle(patient)
  handles.set(patient, known)
  return known
}

/** First version of record `number` about one patient. Its hashes are those of no envelope: the ledger sees none. */
function recordEntry(number: number, patient: number): RecordEntryMessage {
  const record = recordIdOf(VOCABULARY, 'Observation', `record-${number}`)
  const ciphertext = sha256(record)
  const keyCommitment = sha256(ciphertext)
  return { record, version: 1, flags: 0, subjects: [handleAt(patient)], category: categoryOf(patient), labels: [], ciphertext, size: 1_000 + (number % 4_000), keyCommitment, shareRoot: sha256(keyCommitment) }
}

/** What one `records.put` is about: records [first, first + count) about one patient. */
export interface Put {
  readonly first: number
  readonly count: number
  readonly patient: number
}

/** One transaction for each put, with the receipts of a keyholder that took them all at the same time. */
export function putTxs(puts: readonly Put[], nowMs: number): Uint8Array[] {
  const batches = puts.map(({ first, count, patient }) => Array.from({ length: count }, (_, i) => recordEntry(first + i, patient)))
  const receipts = receiptsOf(batches.map(custodyBatchRoot))
  return batches.map((entries, i) => signedTx(hospital, [{
    type: 'records.put', salt: freshSalt(), recorder: physician.did, purpose: 'TREAT', entries, custodySet: 1, receipts: [receipts[i] as CustodyReceipt],
  }], nowMs))
}

/** The keyholder's receipts for batches that came at the same time: one signature. */
function receiptsOf(roots: readonly Uint8Array[]): CustodyReceipt[] {
  const [only] = roots
  const message = roots.length === 1 && only !== undefined ? custodyReceiptBytes(CHAIN_ID, 1, only) : custodyGroupReceiptBytes(CHAIN_ID, 1, roots.length, merkleRoot(roots))
  const signed = { keyholder: keyholder.did, signature: new Uint8Array(sign(null, message, keyholder.privateKey)) }
  if (roots.length === 1) return [signed]
  const hashes = roots.map(leafHash)
  return roots.map((_, index) => ({ ...signed, group: { size: roots.length, index, path: inclusionPath(hashes, index) } }))
}

/** Transactions one after the other, each behind its length: how they go from one process to another. */
export function packTxs(txs: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...txs.flatMap((tx) => {
    const length = new Uint8Array(4)
    new DataView(length.buffer).setUint32(0, tx.length)
    return [length, tx]
  }))
}

export function unpackTxs(bytes: Uint8Array): Uint8Array[] {
  const txs: Uint8Array[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + view.getUint32(at)
    txs.push(bytes.subarray(at + 4, end))
    at = end
  }
  return txs
}
