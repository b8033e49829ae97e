import { leafHash, verifyInclusion } from '@chiron/protocol'
import { decodeLogLeaf, logInclusionPath, readLogLeaf, type LogLeaf } from '../../state/log.ts'
import type { KeyValueReader } from '../../state/store.ts'
import { ProofError } from '../errors.ts'
import type { Trust } from '../trust.ts'
import { fromBase64, toBase64 } from './base64.ts'
import { parseCheckpoint, parseDecimal } from './checkpoint.ts'
import { MAX_NOTE_BYTES, parseNote } from './note.ts'
import { verifyCheckpoint, type ProvenCheckpoint } from './verify-checkpoint.ts'

/** First line of a proof. */
export const TLOG_PROOF = 'c2sp.org/tlog-proof@v1'
const MAX_PATH = 63
/** Bytes of a proof that are not its checkpoint: two lines and a path. */
const MAX_PREAMBLE = 8192

/** A leaf of the log, its place, and the checkpoint that it is under. C2SP tlog-proof. */
export interface TlogProof {
  /** The leaf itself: `extra` in the file. It is proven by the path, so it need not be trusted. */
  readonly leaf: Uint8Array
  readonly index: number
  /** From the leaf's sibling up, 32 bytes each. */
  readonly path: readonly Uint8Array[]
  /** The signed note, with its cosignatures. */
  readonly checkpoint: string
}

/** What a proof proves. */
export interface ProvenLeaf {
  readonly checkpoint: ProvenCheckpoint
  readonly index: number
  readonly leaf: LogLeaf
  /** Whether the leaf is the newest under the checkpoint: a state leaf then holds the newest facts' root that it pins. */
  readonly isNewest: boolean
}

/** The text of a `.tlog-proof` file. SPEC-CKPT-6. */
export function formatTlogProof({ leaf, index, path, checkpoint }: TlogProof): string {
  return `${TLOG_PROOF}\nextra ${toBase64(leaf)}\nindex ${index}\n${path.map((hash) => `${toBase64(hash)}\n`).join('')}\n${checkpoint}`
}

/** Takes a proof apart and verifies nothing. @throws ProofError `ERR_PROOF_FORMAT` */
export function parseTlogProof(text: string): TlogProof {
  const split = text.indexOf('\n\n')
  if (text.length > MAX_NOTE_BYTES + MAX_PREAMBLE || split < 0) throw malformed()
  const [first, extra, place, ...hashes] = text.slice(0, split).split('\n')
  const leaf = fromBase64(/^extra (.+)$/.exec(extra ?? '')?.[1] ?? '')
  const index = parseDecimal(/^index ([0-9]+)$/.exec(place ?? '')?.[1] ?? '')
  const path = hashes.map(fromBase64)
  const isPath = path.length <= MAX_PATH && path.every((hash) => hash?.length === 32)
  if (first !== TLOG_PROOF || leaf === undefined || leaf.length === 0 || index === undefined || !isPath) throw malformed()
  return { leaf, index, path: path as Uint8Array[], checkpoint: text.slice(split + 2) }
}

/**
 * Verifies a proof offline: its checkpoint as {@link verifyCheckpoint}, then that the leaf is in the log at its place.
 * SPEC-CKPT-7. @throws ProofError as {@link verifyCheckpoint}; `ERR_PROOF_LOG`
 */
export function verifyTlogProof(text: string, trust: Trust): ProvenLeaf {
  const proof = parseTlogProof(text)
  const checkpoint = verifyCheckpoint(proof.checkpoint, trust)
  const { leaf, index, path } = proof
  if (!verifyInclusion(checkpoint.root, checkpoint.size, index, leafHash(leaf), path)) throw new ProofError('ERR_PROOF_LOG', 'the leaf is not in the log')
  return { checkpoint, index, leaf: readLeaf(leaf), isNewest: index === checkpoint.size - 1 }
}

/**
 * Proof of leaf `index` under a signed checkpoint of the reader's own log.
 * @throws ProofError `ERR_PROOF_NOT_FOUND` if the checkpoint's log has no such leaf
 */
export function buildTlogProof(reader: KeyValueReader, checkpoint: string, index: number): TlogProof {
  const { size } = parseCheckpoint(parseNote(checkpoint).text)
  const leaf = index < size ? readLogLeaf(reader, index) : undefined
  if (leaf === undefined) throw new ProofError('ERR_PROOF_NOT_FOUND', 'the checkpoint does not reach that far')
  return { leaf, index, path: logInclusionPath(reader, index, size), checkpoint }
}

function readLeaf(bytes: Uint8Array): LogLeaf {
  try {
    return decodeLogLeaf(bytes)
  } catch (cause) {
    throw new ProofError('ERR_PROOF_FORMAT', 'not a leaf of this log', { cause })
  }
}

function malformed(): ProofError {
  return new ProofError('ERR_PROOF_FORMAT', 'not a tlog-proof with the leaf in its extra line')
}
