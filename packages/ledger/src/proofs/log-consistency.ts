import * as v from 'valibot'
import { EMPTY_ROOT, equalBytes, verifyConsistency } from '@chiron/protocol'
import { logConsistencyPath } from '../state/log.ts'
import type { KeyValueReader } from '../state/store.ts'
import type { ByteSchemas } from './byte-schemas.ts'
import { defineDocument } from './document.ts'
import { ProofError } from './errors.ts'
import { verifyHead, type ProofHead, type ProvenHead } from './header.ts'
import { headFields, pathOf } from './receipt.ts'
import type { Trust } from './trust.ts'

function consistencyShape(b: ByteSchemas) {
  return v.strictObject({
    format: v.literal('chiron/log-consistency/v1'),
    older: v.strictObject(headFields(b)),
    newer: v.strictObject(headFields(b)),
    path: pathOf(b),
  })
}

/** Proof that the log under an older header is the beginning of the log under a newer one. SPEC-PROOF-10. */
export type LogConsistency = v.InferOutput<ReturnType<typeof consistencyShape>>

const format = defineDocument<LogConsistency>(consistencyShape, 'ERR_PROOF_FORMAT')

/** @throws ProofError `ERR_PROOF_NOT_FOUND` if the older log is the longer one */
export function buildLogConsistency(reader: KeyValueReader, older: ProofHead, newer: ProofHead): LogConsistency {
  const [first, second] = [older.app.logSize, newer.app.logSize]
  if (first > second) throw new ProofError('ERR_PROOF_NOT_FOUND', 'the older log is longer than the newer')
  const path = first === 0 ? [] : logConsistencyPath(reader, first, second)
  const headOf = ({ app, signed }: ProofHead) => ({ app, signed })
  return { format: 'chiron/log-consistency/v1', older: headOf(older), newer: headOf(newer), path }
}

/** @throws ProofError as `verifyHead` for both heads; `ERR_PROOF_CONSISTENCY` */
export function verifyLogConsistency(proof: LogConsistency, trust: Trust): { readonly older: ProvenHead; readonly newer: ProvenHead } {
  const older = verifyHead(proof.older, trust)
  const newer = verifyHead(proof.newer, trust)
  const [a, b] = [older.app, newer.app]
  const holds = a.logSize === 0
    ? proof.path.length === 0 && equalBytes(a.logRoot, EMPTY_ROOT)
    : verifyConsistency(a.logSize, b.logSize, a.logRoot, b.logRoot, proof.path)
  if (!holds || older.height > newer.height) throw new ProofError('ERR_PROOF_CONSISTENCY', 'the newer log does not continue the older')
  return { older, newer }
}

export function encodeLogConsistency(proof: LogConsistency): Uint8Array {
  return format.encode(proof)
}

/** @throws ProofError `ERR_PROOF_FORMAT` */
export function decodeLogConsistency(bytes: Uint8Array): LogConsistency {
  return format.decode(bytes)
}

export function logConsistencyToJson(proof: LogConsistency): unknown {
  return format.toJson(proof)
}

/** @throws ProofError `ERR_PROOF_FORMAT` */
export function parseLogConsistency(json: unknown): LogConsistency {
  return format.fromJson(json)
}
