import * as v from 'valibot'
import { action, schema } from '@chiron/protocol'
import { delegateOperations } from './delegate-operations.ts'
import { emergencyOperations } from './emergency-operations.ts'
import { endorsementOperations } from './endorsement-operations.ts'
import { orderOperations } from './order-operations.ts'
import { category, forMs, label, objectIdText, operation, patientId, recordReference, strings, txIdText, userName } from './shapes.ts'
import { termsFields } from './terms-fields.ts'

/**
 * The control API: what the `chiron` command asks of the running node, as JSON over HTTP on the Unix socket
 * `$CHIRON_DATA/chiron.sock`. Whoever can open the socket (mode 0600: the node's own user) is the operator.
 */

export * from './shapes.ts'
export { granteeNames, type GranteeNames } from './terms-fields.ts'

/** A bearer token for a user of an organisation, or for a patient. Sample networks only. */
export const tokenRequest = v.variant('for', [
  v.strictObject({ for: v.literal('user'), organisation: schema.memberName, user: userName, purpose: schema.purpose }),
  v.strictObject({ for: v.literal('patient'), patient: patientId, purpose: schema.purpose }),
])
export const tokenResponse = v.strictObject({ token: v.string(), expiresMs: schema.timeMs })

/** Signed by the custodial wallet. */
export const grantRequest = v.strictObject({
  patient: patientId,
  ...termsFields,
  overrides: v.nullable(objectIdText),
  /** Of a denial: it stands in an emergency, too. */
  absolute: v.optional(v.boolean()),
})
export const grantResponse = v.strictObject({ rule: objectIdText, untilMs: v.nullable(schema.timeMs) })

export const revokeRequest = v.strictObject({ patient: patientId, rule: objectIdText })
export const revokeResponse = v.strictObject({ rule: objectIdText, atMs: schema.timeMs })

export const ofPatient = v.strictObject({ patient: patientId })

/** A rule as the patient reads it. `categories`, `labels` and `records` are names where the node can tell them. */
export const ruleRow = v.strictObject({
  rule: objectIdText,
  effect: v.picklist(['permit', 'deny']),
  to: v.string(),
  purposes: strings,
  categories: strings,
  labels: strings,
  records: strings,
  /** What limits it further (days of the data, conditions, obligations), each in a few words. */
  limits: strings,
  actions: strings,
  fromMs: schema.timeMs,
  untilMs: v.nullable(schema.timeMs),
  status: v.picklist(['in-force', 'not-yet', 'ended', 'revoked']),
  /** Made or last changed while somebody else had the patient's key. */
  inCustody: v.boolean(),
})
export type RuleRow = v.InferOutput<typeof ruleRow>
export const rulesResponse = v.strictObject({ rules: v.array(ruleRow) })

/** Labels of one record, by who put them on: its authors, or the patient. `record` is its id on the ledger, in hexadecimal. */
export const labelRow = v.strictObject({ record: objectIdText, given: strings, own: strings })
export type LabelRow = v.InferOutput<typeof labelRow>
/** The patient puts labels on a record, or takes their own off. Signed by the custodial wallet. */
export const labelRequest = v.strictObject({
  patient: patientId,
  record: v.union([recordReference, objectIdText]),
  labels: v.pipe(v.array(label), v.minLength(1)),
  change: v.picklist(['add', 'remove']),
})
export const labelResponse = v.strictObject({ ...labelRow.entries, atMs: schema.timeMs })
/** `name` is `Type/id`, where an index of this node has the record. */
export const labelsResponse = v.strictObject({ labels: v.array(v.strictObject({ ...labelRow.entries, name: v.nullable(v.string()) })) })

/** What a user asks of a patient. `wholeOrganisation`: the rule would be for everybody there, not for the user alone. */
export const askRequest = v.strictObject({
  organisation: schema.memberName,
  user: userName,
  patient: patientId,
  purposes: v.pipe(v.array(schema.purpose), v.minLength(1)),
  categories: v.array(category),
  labels: v.array(label),
  actions: v.pipe(v.array(action), v.minLength(1)),
  forMs,
  wholeOrganisation: v.boolean(),
})
export const askResponse = v.strictObject({ request: objectIdText })

/** Approves as asked, or narrowed to fewer categories or a shorter time. */
export const approveRequest = v.strictObject({
  request: objectIdText,
  categories: v.optional(v.pipe(v.array(category), v.minLength(1))),
  forMs: v.optional(forMs),
})
export const approveResponse = v.strictObject({ request: objectIdText, rule: objectIdText, untilMs: v.nullable(schema.timeMs) })
export const denyRequest = v.strictObject({ request: objectIdText })
export const denyResponse = v.strictObject({ request: objectIdText })

export const requestRow = v.strictObject({
  request: objectIdText,
  who: v.string(),
  organisation: v.string(),
  purposes: strings,
  categories: strings,
  labels: strings,
  actions: strings,
  forMs,
  askedMs: schema.timeMs,
  status: v.picklist(['open', 'approved', 'denied', 'expired']),
  rule: v.nullable(objectIdText),
})
export type RequestRow = v.InferOutput<typeof requestRow>
export const requestsResponse = v.strictObject({ requests: v.array(requestRow) })

/** Accesses that are open now. */
export const accessRow = v.strictObject({
  access: objectIdText,
  who: v.string(),
  organisation: v.string(),
  purpose: v.string(),
  action: v.string(),
  categories: strings,
  rules: v.array(objectIdText),
  openedMs: schema.timeMs,
  untilMs: schema.timeMs,
})
export type AccessRow = v.InferOutput<typeof accessRow>
export const accessesResponse = v.strictObject({ accesses: v.array(accessRow) })
export const closeAccessRequest = v.strictObject({ patient: patientId, access: objectIdText })
export const closeAccessResponse = v.strictObject({ access: objectIdText, atMs: schema.timeMs })

/** An organisation states that it treats a patient: it may write into the chart for that time. */
export const treatRequest = v.strictObject({ organisation: schema.memberName, patient: patientId, forMs })
export const treatResponse = v.strictObject({ organisation: v.string(), untilMs: schema.timeMs })
/** The patient ends an organisation's treating relationship. */
export const contestRequest = v.strictObject({ organisation: schema.memberName, patient: patientId })
export const contestResponse = v.strictObject({ organisation: v.string(), atMs: schema.timeMs })
export const treatmentRow = v.strictObject({
  organisation: v.string(),
  sinceMs: schema.timeMs,
  untilMs: schema.timeMs,
  status: v.picklist(['in-force', 'ended', 'contested']),
})
export type TreatmentRow = v.InferOutput<typeof treatmentRow>
export const treatmentsResponse = v.strictObject({ treatments: v.array(treatmentRow) })

/**
 * One row of the patient's list: what is shown, and the receipt that proves it. Its meaning is `@chiron/sdk/audit`'s;
 * newest first, and complete.
 */
export const auditRow = v.strictObject({
  who: v.string(),
  organisation: v.string(),
  what: v.string(),
  when: v.string(),
  purpose: v.string(),
  rule: v.string(),
  receipt: v.record(v.string(), v.unknown()),
})
export const auditResponse = v.strictObject({ rows: v.array(auditRow) })

/**
 * `organisation` undefined is the node's first. The body is one FHIR Bundle, resource, or JSON array of resources,
 * `application/fhir+json`, of 256 MiB at most. What an earlier import wrote is skipped: known by organisation and SHA-256
 * of the body, or where clients chose the ids, by its content.
 */
export const importQuery = v.strictObject({ organisation: v.optional(schema.memberName) })

/** Lines of the answer to an import, newline-delimited JSON. The last is `done` or `failed`. */
export const importEvent = v.variant('type', [
  v.strictObject({ type: v.literal('progress'), done: schema.uint, total: schema.uint }),
  /**
   * `skipped`: all of it was here already. `resources`: how many were written; `patients`: canonical ids of those in the
   * document; `refused`: entries (numbered from 1) that were not taken, while all others were.
   */
  v.strictObject({
    type: v.literal('done'),
    status: v.picklist(['imported', 'skipped']),
    resources: schema.uint,
    patients: v.array(patientId),
    refused: v.array(v.strictObject({ entry: schema.uint, type: v.nullable(v.string()), reason: v.string() })),
  }),
  v.strictObject({ type: v.literal('failed'), code: v.string(), message: v.string() }),
])
export type ImportEvent = v.InferOutput<typeof importEvent>

/**
 * Everything the patient may have: the newest version of every resource as it was sealed, with what proves each; the
 * access list; and proof of the record list. Its meaning is `@chiron/sdk/audit`'s.
 */
export const exportResponse = v.strictObject({
  format: v.literal('chiron/export/v1'),
  patient: patientId,
  bundle: v.record(v.string(), v.unknown()),
  proofs: v.array(v.strictObject({ index: schema.uint, subjects: strings, envelope: v.string(), key: v.string() })),
  audit: v.array(auditRow),
  records: v.record(v.string(), v.unknown()),
})

/** A one-time code for a patient in custody of an organisation of this node; the answer holds the only copy. */
export const offerClaimRequest = v.strictObject({ patient: patientId, forMs })
export const offerClaimResponse = v.strictObject({ code: v.string(), did: v.string(), untilMs: schema.timeMs })
export const withdrawClaimResponse = v.strictObject({ did: v.string() })

export const indexRow = v.strictObject({
  organisation: v.string(),
  rows: schema.uint,
  height: schema.uint,
  state: v.picklist(['ready', 'rebuilding', 'behind']),
})
export type IndexRow = v.InferOutput<typeof indexRow>
export const indexResponse = v.strictObject({ indexes: v.array(indexRow) })

/** Whose index is made again; undefined: every one of the node. */
export const rebuildRequest = v.strictObject({ organisation: v.optional(schema.memberName) })

/** Lines of the answer to a rebuild, newline-delimited JSON. The last is `done` or `failed`. */
export const rebuildEvent = v.variant('type', [
  v.strictObject({ type: v.literal('progress'), organisation: v.string(), done: schema.uint, total: schema.uint }),
  v.strictObject({ type: v.literal('done'), indexes: v.array(indexRow) }),
  v.strictObject({ type: v.literal('failed'), code: v.string(), message: v.string() }),
])
export type RebuildEvent = v.InferOutput<typeof rebuildEvent>

/** Whose records are compared with the value sets of labels (undefined: of every organisation of the node), and whether they are then labelled. */
export const labelReviewRequest = v.strictObject({ organisation: v.optional(schema.memberName), apply: v.boolean() })
/** Counts alone: of records that lack a label of today's value sets, of each label, of those that were then labelled or refused. */
export const labelReviewRow = v.strictObject({
  organisation: v.string(),
  version: v.string(),
  records: schema.uint,
  lacking: schema.uint,
  labels: v.record(v.string(), schema.uint),
  labelled: schema.uint,
  refused: schema.uint,
  unread: schema.uint,
})
export type LabelReviewRow = v.InferOutput<typeof labelReviewRow>
/** Lines of the answer to a review, newline-delimited JSON. The last is `done` or `failed`. */
export const labelReviewEvent = v.variant('type', [
  v.strictObject({ type: v.literal('progress'), organisation: v.string(), done: schema.uint, total: schema.uint }),
  v.strictObject({ type: v.literal('done'), reviews: v.array(labelReviewRow) }),
  v.strictObject({ type: v.literal('failed'), code: v.string(), message: v.string() }),
])
export type LabelReviewEvent = v.InferOutput<typeof labelReviewEvent>

/** How the log stands with its witnesses. `alarm`: what an operator must look at now. */
const logStatus = v.strictObject({
  origin: v.string(),
  vkey: v.string(),
  size: schema.uint,
  signed: schema.uint,
  published: schema.uint,
  quorum: schema.uint,
  witnesses: v.array(v.strictObject({ name: v.string(), state: v.picklist(['cosigned', 'behind', 'down', 'unaccepted', 'refused']), size: schema.uint, reason: v.nullable(v.string()) })),
  alarm: v.nullable(v.string()),
})

/** The newest published checkpoint of the log, a signed note. */
export const checkpointResponse = v.strictObject({ checkpoint: v.string() })
/** A transaction by its id in hexadecimal; without one the newest facts' root. */
export const proveRequest = v.strictObject({ tx: v.optional(txIdText) })
/** The text of a `.tlog-proof` file. */
export const proveResponse = v.strictObject({ proof: v.string() })

export const statusResponse = v.strictObject({
  version: v.string(),
  url: v.string(),
  dataDirectory: v.string(),
  sample: v.boolean(),
  chainId: v.string(),
  height: schema.uint,
  timeMs: schema.timeMs,
  stateRoot: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  transactions: schema.uint,
  fresh: v.boolean(),
  organisations: v.array(
    v.strictObject({
      name: v.string(), did: v.string(), base: v.string(),
      /** Entries that the ledger refused for good since the node started: patients' lists are without them. */
      unlisted: v.strictObject({ refusals: schema.uint, displays: schema.uint }),
    }),
  ),
  keyholders: v.strictObject({ count: schema.uint, threshold: schema.uint }),
  log: logStatus,
})

const empty = v.strictObject({})

/** Every question with a single answer. The fields of a GET travel in the query, those of a POST as a JSON body. */
export const operations = {
  token: operation('POST', '/token', tokenRequest, tokenResponse),
  grant: operation('POST', '/consent/grant', grantRequest, grantResponse),
  revoke: operation('POST', '/consent/revoke', revokeRequest, revokeResponse),
  rules: operation('GET', '/consent', ofPatient, rulesResponse),
  label: operation('POST', '/label', labelRequest, labelResponse),
  labels: operation('GET', '/label', ofPatient, labelsResponse),
  ask: operation('POST', '/request', askRequest, askResponse),
  approve: operation('POST', '/request/:request/approve', approveRequest, approveResponse),
  deny: operation('POST', '/request/:request/deny', denyRequest, denyResponse),
  requests: operation('GET', '/requests', ofPatient, requestsResponse),
  accesses: operation('GET', '/access', ofPatient, accessesResponse),
  closeAccess: operation('POST', '/access/:access/close', closeAccessRequest, closeAccessResponse),
  treat: operation('POST', '/treatment', treatRequest, treatResponse),
  contest: operation('POST', '/treatment/contest', contestRequest, contestResponse),
  treatments: operation('GET', '/treatment', ofPatient, treatmentsResponse),
  ...delegateOperations,
  ...emergencyOperations,
  ...endorsementOperations,
  ...orderOperations,
  audit: operation('GET', '/audit', ofPatient, auditResponse),
  offerClaim: operation('POST', '/patient/claim-code', offerClaimRequest, offerClaimResponse),
  withdrawClaim: operation('POST', '/patient/withdraw-code', ofPatient, withdrawClaimResponse),
  export: operation('POST', '/export', ofPatient, exportResponse),
  indexes: operation('GET', '/index', empty, indexResponse),
  checkpoint: operation('GET', '/log/checkpoint', empty, checkpointResponse),
  prove: operation('GET', '/log/proof', proveRequest, proveResponse),
  status: operation('GET', '/status', empty, statusResponse),
} as const
export type Operations = typeof operations
export type OperationName = keyof Operations
export type RequestOf<N extends OperationName> = v.InferOutput<Operations[N]['request']>
export type ResponseOf<N extends OperationName> = v.InferOutput<Operations[N]['response']>

/** Import streams: `POST /import`, see {@link importQuery} and {@link importEvent}. */
export const importPath = '/import'

/** A rebuild streams: `POST /index/rebuild` with {@link rebuildRequest} as JSON, see {@link rebuildEvent}. */
export const rebuildPath = '/index/rebuild'

/** A review of labels streams: `POST /label/review` with {@link labelReviewRequest} as JSON, see {@link labelReviewEvent}. */
export const labelReviewPath = '/label/review'

/** Answer with any status from 400 on. `code` is stable; `message` is a sentence for people, with what to do. */
export const controlFailure = v.strictObject({ code: v.string(), message: v.string() })
export type ControlFailure = v.InferOutput<typeof controlFailure>
