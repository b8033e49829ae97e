import { ProtocolError, toHex } from '@chiron/protocol'
import {
  decodeAccessEntry, parseReceipt, TLOG_PROOF, verifyCheckpoint, verifyReceipt, verifyTlogProof, type Proven, type ProvenCheckpoint, type ProvenLeaf, type Trust,
} from '@chiron/ledger/proofs'
import { SdkError } from '../errors.ts'
import { readReceipt } from '../receipts/receipts.ts'
import { formatTime, type AuditFields } from './rows.ts'
import { parseAuditReceipt, verifyAuditReceipt } from './receipt.ts'
import { verifyRecords } from './verify-export.ts'
import { verifyAuditList, verifyAuditRow, type ProvenList } from './verify-list.ts'

/** What a document proves, in sentences. */
export interface Statement {
  readonly kind: 'receipt' | 'row' | 'list' | 'export' | 'checkpoint' | 'tlog-proof'
  readonly proven: readonly string[]
  /** What one might take it to prove, and it does not. */
  readonly notProven: readonly string[]
}

const SHOWN_ONLY = 'which single items were displayed, and to whom: that is the signed statement of the organisation'

/**
 * Verifies what `chiron verify` is given: a receipt (JSON, or base64url as in a header), a row or its receipt, an access
 * list, an export, a checkpoint or a `.tlog-proof`. `trust` is the verifier's own.
 * @throws ProofError; SdkError `ERR_SDK_AUDIT_FORMAT`, `ERR_SDK_AUDIT_MISMATCH`, `ERR_SDK_AUDIT_INCOMPLETE`
 */
export async function verifyDocument(text: string, trust: Trust): Promise<Statement> {
  if (text.startsWith(TLOG_PROOF)) return leafStatement(verifyTlogProof(text, trust))
  if (/^[^\n]+\n[0-9]+\n/.test(text)) return checkpointStatement(verifyCheckpoint(text, trust))
  const trimmed = text.trim()
  if (!/^[[{"]/.test(trimmed)) return receiptStatement(verifyReceipt(headerReceipt(trimmed), trust))
  const document = parseJson(trimmed)
  if (typeof document === 'string') return receiptStatement(verifyReceipt(headerReceipt(document), trust))
  if (Array.isArray(document)) return listStatement(verifyAuditList(document, trust))
  if (!isObject(document)) throw unknown()
  if (document['format'] === 'chiron/receipt/v1') return receiptStatement(verifyReceipt(parseReceipt(document), trust))
  if (document['format'] === 'chiron/audit-receipt/v1') return rowStatement(verifyAuditReceipt(parseAuditReceipt(document), trust).fields)
  if (document['format'] === 'chiron/export/v1') return await exportStatement(document, trust)
  if ('receipt' in document && 'who' in document) return rowStatement(verifyAuditRow(document, trust).fields)
  throw unknown()
}

const ONE_HISTORY = 'that nobody was shown another history: no witness is trusted here, name some in the trust file'

function checkpointStatement(checkpoint: ProvenCheckpoint): Statement {
  return { kind: 'checkpoint', proven: checkpointClaims(checkpoint), notProven: checkpoint.witnesses.length === 0 ? [ONE_HISTORY] : [] }
}

function checkpointClaims({ chainId, size, root, witnesses }: ProvenCheckpoint): string[] {
  return [
    `the log of ${chainId} had ${size} leaves with the root ${toHex(root)}, signed by its signer`,
    ...witnesses.map(({ name, timeMs }) => `${name} saw it at ${formatTime(timeMs)}, as the continuation of all it had seen before`),
  ]
}

function leafStatement({ leaf, index, isNewest, checkpoint }: ProvenLeaf): Statement {
  const { proven, notProven } = checkpointStatement(checkpoint)
  if (leaf.kind === 'tx') {
    const result = leaf.code === 0 ? 'took effect' : `was refused (${leaf.codespace} ${leaf.code})`
    return { kind: 'tlog-proof', proven: [`transaction ${toHex(leaf.txId)} is number ${index} of the ledger and ${result}`, ...proven], notProven }
  }
  const after = `after block ${leaf.height} (${formatTime(leaf.timeMs)}) the facts had the root ${toHex(leaf.stateRoot)}`
  return { kind: 'tlog-proof', proven: [isNewest ? `${after}, the newest that the log had` : after, ...proven], notProven: [...(isNewest ? [] : ['that these facts were the newest']), ...notProven] }
}

function headerReceipt(text: string) {
  try {
    return readReceipt(text)
  } catch (cause) {
    throw new SdkError('ERR_SDK_AUDIT_FORMAT', 'neither JSON nor a receipt in base64url', { cause })
  }
}

function receiptStatement(proven: Proven): Statement {
  return { kind: 'receipt', proven: [claim(proven), headClaim(proven.head)], notProven: [] }
}

function claim(proven: Proven): string {
  switch (proven.kind) {
    case 'tx':
      return `transaction ${toHex(proven.txId)} is number ${proven.logIndex} of the ledger and ${proven.code === 0 ? 'took effect' : `was refused (${proven.codespace} ${proven.code})`}`
    case 'entry':
      return `entry ${proven.index} of ${proven.size} in the ${proven.list} list of handle ${toHex(proven.handle)}${proven.list === 'accesses' ? `: ${kindOf(proven.entry)}` : ''}`
    case 'fact':
      return `the ledger holds the fact ${toHex(proven.key)}`
    case 'absence':
      return `the ledger holds no fact ${toHex(proven.key)}`
    case 'list':
      return `the ${proven.list} list of handle ${toHex(proven.handle)} has exactly these ${proven.entries.length} entries`
  }
}

/** A network may have kinds of entries that this program does not know yet. */
function kindOf(entry: Uint8Array): string {
  try {
    return decodeAccessEntry(entry).kind
  } catch (error) {
    if (error instanceof ProtocolError) return 'an entry of a kind that is not known here'
    throw error
  }
}

function headClaim({ chainId, height, timeMs, signer }: Proven['head']): string {
  return `as of block ${height} of ${chainId} (${formatTime(timeMs)}), signed by ${signer}`
}

function rowStatement({ when, who, organisation, what }: AuditFields): Statement {
  return { kind: 'row', proven: [`${when} ${who}${organisation === '' ? '' : ` of ${organisation}`}: ${what}`], notProven: ['that there are no other rows: verify the whole list', SHOWN_ONLY] }
}

function listStatement(list: ProvenList): Statement {
  return { kind: 'list', proven: listClaims(list), notProven: [SHOWN_ONLY] }
}

function listClaims({ rows, lists, height, asOfMs }: ProvenList): string[] {
  return [
    `the list is complete up to block ${height} (${formatTime(asOfMs)}): ${rows.length} rows, nothing missing, nothing added`,
    'every row shows who, organisation, what, when, purpose and rule as the ledger has them',
    ...lists.map(({ handle, size }) => `${size} entries are about the patient with handle ${handle}`),
  ]
}

async function exportStatement(document: Readonly<Record<string, unknown>>, trust: Trust): Promise<Statement> {
  const { audit, records } = document
  if (!Array.isArray(audit)) throw unknown()
  const proven = verifyReceipt(parseReceipt(records), trust)
  if (proven.kind !== 'list' || proven.list !== 'records') throw new SdkError('ERR_SDK_AUDIT_FORMAT', 'the export lacks the proof of its record list')
  const list = verifyAuditList(audit, trust)
  if (!list.lists.some(({ handle }) => handle === toHex(proven.handle))) throw new SdkError('ERR_SDK_AUDIT_MISMATCH', 'the access list and the record list are of different patients')
  const { proven: count, left } = await verifyRecords(document, proven.head.chainId, proven.handle, proven.entries)
  const resources = `the ${count} resources are the newest versions of their records, exactly as they were written`
  const missing = left === 0 ? [] : [`what ${left} further records say: they are on the list and not in the export`]
  return { kind: 'export', proven: [resources, ...listClaims(list), claim(proven), headClaim(proven.head)], notProven: [...missing, SHOWN_ONLY] }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new SdkError('ERR_SDK_AUDIT_FORMAT', 'not JSON', { cause })
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function unknown(): SdkError {
  return new SdkError('ERR_SDK_AUDIT_FORMAT', 'neither a receipt, nor an access list, nor an export')
}
