import { equalBytes, fromHex, keyCommitment, ProtocolError, schema, sha256, toHex, type Handle } from '@chiron/protocol'
import { decodeRecordEntry, fromBase64url, type RecordEntry } from '@chiron/ledger/proofs'
import { envelopeSalt, openEnvelope, VaultError } from '@chiron/vault'
import * as v from 'valibot'
import { SdkError } from '../errors.ts'

const TOMBSTONE = 1

/**
 * What proves one resource of an export: its place in the patient's record list, the handles of its subjects in the order
 * of the entry, and the sealed envelope with its content key (32 bytes), both base64url. SPEC-AUD-2.
 */
export const exportProof = v.strictObject({ index: schema.uint, subjects: v.array(v.string()), envelope: v.string(), key: v.string() })

const shape = v.object({
  bundle: v.object({ entry: v.optional(v.array(v.object({ resource: v.record(v.string(), v.unknown()) })), []) }),
  proofs: v.array(exportProof),
})

/** How much of a record list an export holds. */
export interface ProvenRecords {
  readonly proven: number
  /** Newest versions on the list that the export does not hold: not open to who made it. */
  readonly left: number
}

/**
 * Checks that every resource of an export is, to the last value, what was sealed at its place in the proven record list,
 * and is the newest version of its record.
 * @throws SdkError `ERR_SDK_AUDIT_FORMAT`, `ERR_SDK_AUDIT_MISMATCH` naming the resource by its position
 */
export async function verifyRecords(document: unknown, chainId: string, handle: Handle, list: readonly Uint8Array[]): Promise<ProvenRecords> {
  const parsed = v.safeParse(shape, document)
  if (!parsed.success) throw new SdkError('ERR_SDK_AUDIT_FORMAT', 'the export lacks its resources or what proves them')
  const { bundle, proofs } = parsed.output
  if (bundle.entry.length !== proofs.length) throw mismatch('the export has another number of resources than of proofs')
  const entries = readable(() => list.map(decodeRecordEntry), 'the record list holds what is not known here: update the program')
  const newest = newestOf(entries)
  const seen = new Set<number>()
  for (const [position, proof] of proofs.entries()) {
    const entry = entries[proof.index]
    if (entry === undefined || seen.has(proof.index)) throw mismatch(`resource ${position + 1} has no place of its own in the record list`)
    if (newest.get(toHex(entry.record)) !== proof.index) throw mismatch(`resource ${position + 1} is not the newest version`)
    seen.add(proof.index)
    const sealed = await openProof(proof, entry, chainId, handle, position)
    if (!isSame(sealed, bundle.entry[position]?.resource)) throw mismatch(`resource ${position + 1} is not what was written`)
  }
  return { proven: proofs.length, left: newest.size - seen.size }
}

/** Place of the newest version of each record that is not deleted. */
function newestOf(entries: readonly RecordEntry[]): Map<string, number> {
  const newest = new Map<string, number>()
  for (const [index, { record, flags }] of entries.entries()) {
    if ((flags & TOMBSTONE) === 0) newest.set(toHex(record), index)
    else newest.delete(toHex(record))
  }
  return newest
}

async function openProof(proof: v.InferOutput<typeof exportProof>, entry: RecordEntry, chainId: string, handle: Handle, position: number): Promise<unknown> {
  const { record, version, author } = entry
  const envelope = fromBase64url(proof.envelope)
  const key = fromBase64url(proof.key)
  const handles = readable(() => proof.subjects.map((subject) => fromHex(subject) as Handle), `the subjects of resource ${position + 1} are not in hexadecimal`)
  const expected = [handle, ...entry.others].map(toHex).toSorted()
  if (envelope === undefined || key === undefined || !equalBytes(sha256(envelope), entry.ciphertext)) throw mismatch(`the envelope of resource ${position + 1} is not the one on the ledger`)
  if (handles.map(toHex).toSorted().join() !== expected.join()) throw mismatch(`resource ${position + 1} is about other patients than the ledger says`)
  try {
    if (!equalBytes(keyCommitment(record, envelopeSalt(envelope), key), entry.keyCommitment)) throw mismatch(`the key of resource ${position + 1} is not the one on the ledger`)
    const { resource } = await openEnvelope(envelope, key, { chainId, record, version, author, subjects: handles })
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(resource)) as unknown
  } catch (cause) {
    // A key or salt of another length is the protocol's to refuse.
    if (cause instanceof VaultError || cause instanceof ProtocolError || cause instanceof SyntaxError || cause instanceof TypeError) throw mismatch(`the envelope of resource ${position + 1} does not open`, cause)
    throw cause
  }
}

/** @throws SdkError `ERR_SDK_AUDIT_FORMAT` for what the protocol cannot read */
function readable<T>(read: () => T, message: string): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof ProtocolError) throw new SdkError('ERR_SDK_AUDIT_FORMAT', message, { cause })
    throw cause
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return a === b
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const left = Object.entries(a)
  const right = b as Record<string, unknown>
  return left.length === Object.keys(right).length && left.every(([name, value]) => Object.hasOwn(right, name) && isSame(value, right[name]))
}

function mismatch(message: string, cause?: unknown): SdkError {
  return new SdkError('ERR_SDK_AUDIT_MISMATCH', message, cause === undefined ? {} : { cause })
}
