import { accessReviewEmergency, decodeCanonical, didBytes, emergencyReason, encodeCanonical, formatDid, ProtocolError, schema } from '@chiron/protocol'
import * as v from 'valibot'
import { CLOSE_REASONS, type AccessEntry, type CloseReason } from './entries.ts'

const did20 = schema.bytesOf(20)
const time = schema.timeMs
const id = schema.objectId
const tier = v.picklist(['0', '1', '2', '3a', '3b', '4', '5', '6', '7', '8', '9', '10'])
const reason = v.picklist(Object.values(CLOSE_REASONS))
const effect = v.picklist(['permit', 'deny'])
const { outcome } = accessReviewEmergency.entries

/** What follows the kind and the block time. SPEC-ACC-1 fixes the numbers, which are never reused. */
const KINDS = {
  open: kind('open', 1, v.strictTuple([id, did20, did20, schema.purpose, schema.action, time, tier, v.array(id)]),
    (e) => [e.access, didBytes(e.reader), didBytes(e.organisation), e.purpose, e.action, e.untilMs, e.tier, [...e.rules]],
    ([access, reader, organisation, purpose, action, untilMs, tier, rules]) => ({
      access, reader: formatDid(reader), organisation: formatDid(organisation), purpose, action, untilMs, tier, rules,
    })),
  close: kind('close', 2, v.strictTuple([id, reason, time]),
    (e) => [e.access, CLOSE_REASONS[e.reason], e.endedMs],
    ([access, number, endedMs]) => ({ access, reason: reasonOf(number), endedMs })),
  refusal: kind('refusal', 3, v.strictTuple([v.nullable(did20), did20, schema.purpose, schema.action, schema.uint]),
    (e) => [e.reader === null ? null : didBytes(e.reader), didBytes(e.organisation), e.purpose, e.action, e.count],
    ([reader, organisation, purpose, action, count]) => ({
      reader: reader === null ? null : formatDid(reader), organisation: formatDid(organisation), purpose, action, count,
    })),
  report: kind('report', 4, v.strictTuple([id, v.array(v.strictTuple([schema.tag, schema.uint])), schema.hash32]),
    (e) => [e.access, e.counts.map(({ category, count }) => [category, count] as [typeof category, number]), e.root],
    ([access, counts, root]) => ({ access, counts: counts.map(([category, count]) => ({ category, count })), root })),
  grant: kind('grant', 5, v.strictTuple([id, effect, schema.hash32]),
    (e) => [e.rule, e.effect, e.terms],
    ([rule, effect, terms]) => ({ rule, effect, terms })),
  modify: kind('modify', 6, v.strictTuple([id, effect, schema.hash32]),
    (e) => [e.rule, e.effect, e.terms],
    ([rule, effect, terms]) => ({ rule, effect, terms })),
  revoke: kind('revoke', 7, v.strictTuple([id]), (e) => [e.rule], ([rule]) => ({ rule })),
  request: kind('request', 8, v.strictTuple([id, did20, did20]),
    (e) => [e.request, didBytes(e.reader), didBytes(e.organisation)],
    ([request, reader, organisation]) => ({ request, reader: formatDid(reader), organisation: formatDid(organisation) })),
  answer: kind('answer', 9, v.strictTuple([id, v.nullable(id)]), (e) => [e.request, e.rule], ([request, rule]) => ({ request, rule })),
  treatment: kind('treatment', 10, v.strictTuple([did20, time]),
    (e) => [didBytes(e.organisation), e.untilMs],
    ([organisation, untilMs]) => ({ organisation: formatDid(organisation), untilMs })),
  contest: kind('contest', 11, v.strictTuple([did20]),
    (e) => [didBytes(e.organisation)],
    ([organisation]) => ({ organisation: formatDid(organisation) })),
  'claim-offer': kind('claim-offer', 20, v.strictTuple([did20, time]),
    (e) => [didBytes(e.organisation), e.untilMs],
    ([organisation, untilMs]) => ({ organisation: formatDid(organisation), untilMs })),
  claim: kind('claim', 21, v.strictTuple([did20, did20]),
    (e) => [didBytes(e.organisation), didBytes(e.custodian)],
    ([organisation, custodian]) => ({ organisation: formatDid(organisation), custodian: formatDid(custodian) })),
  order: kind('order', 12, v.strictTuple([id, did20, effect, schema.hash32, schema.hash32]),
    (e) => [e.order, didBytes(e.authority), e.effect, e.terms, e.basis],
    ([order, authority, effect, terms, basis]) => ({ order, authority: formatDid(authority), effect, terms, basis })),
  lift: kind('lift', 13, v.strictTuple([id, did20]), (e) => [e.order, didBytes(e.by)], ([order, by]) => ({ order, by: formatDid(by) })),
  appoint: kind('appoint', 14, v.strictTuple([id, did20, time, schema.hash32]),
    (e) => [e.delegation, didBytes(e.delegate), e.untilMs, e.scope],
    ([delegation, delegate, untilMs, scope]) => ({ delegation, delegate: formatDid(delegate), untilMs, scope })),
  dismiss: kind('dismiss', 15, v.strictTuple([did20]), (e) => [didBytes(e.delegate)], ([delegate]) => ({ delegate: formatDid(delegate) })),
  endorsement: kind('endorsement', 16, v.strictTuple([did20, did20, schema.purpose, did20, time]),
    (e) => [didBytes(e.reader), didBytes(e.organisation), e.purpose, didBytes(e.endorser), e.untilMs],
    ([reader, organisation, purpose, endorser, untilMs]) => ({
      reader: formatDid(reader), organisation: formatDid(organisation), purpose, endorser: formatDid(endorser), untilMs,
    })),
  emergency: kind('emergency', 17, v.strictTuple([id, did20, did20, emergencyReason, time]),
    (e) => [e.emergency, didBytes(e.reader), didBytes(e.organisation), e.reason, e.untilMs],
    ([emergency, reader, organisation, reason, untilMs]) => ({ emergency, reader: formatDid(reader), organisation: formatDid(organisation), reason, untilMs })),
  confirmation: kind('confirmation', 18, v.strictTuple([id, did20, did20, time]),
    (e) => [e.emergency, didBytes(e.confirmer), didBytes(e.organisation), e.untilMs],
    ([emergency, confirmer, organisation, untilMs]) => ({ emergency, confirmer: formatDid(confirmer), organisation: formatDid(organisation), untilMs })),
  review: kind('review', 19, v.strictTuple([id, did20, did20, outcome]),
    (e) => [e.emergency, didBytes(e.reviewer), didBytes(e.organisation), e.outcome],
    ([emergency, reviewer, organisation, outcome]) => ({ emergency, reviewer: formatDid(reviewer), organisation: formatDid(organisation), outcome })),
  label: kind('label', 23, v.strictTuple([schema.recordId, v.nullable(did20), v.array(schema.tag), v.array(schema.tag)]),
    (e) => [e.record, e.by === null ? null : didBytes(e.by), [...e.added], [...e.removed]],
    ([record, by, added, removed]) => ({ record, by: by === null ? null : formatDid(by), added, removed })),
  dispute: kind('dispute', 22, v.strictTuple([id]), (e) => [e.emergency], ([emergency]) => ({ emergency })),
} satisfies { [K in AccessEntry['kind']]: KindCodec }

const BY_NUMBER = new Map(
  (Object.entries(KINDS) as [AccessEntry['kind'], KindCodec][]).map(([kind, codec]) => [codec.number, { kind, codec }]),
)

/** A canonical CBOR array: kind, block time, then what the kind has, flat. DIDs are their 20 bytes. SPEC-ACC-2. */
export function encodeAccessEntry(entry: AccessEntry): Uint8Array {
  const codec: KindCodec = KINDS[entry.kind]
  return encodeCanonical([codec.number, entry.timeMs, ...codec.pack(entry)])
}

/** @throws ProtocolError as `decodeCanonical`; `ERR_PROTOCOL_SCHEMA` for an unknown kind */
export function decodeAccessEntry(bytes: Uint8Array): AccessEntry {
  // The head of an array of fewer than 24 items is one byte, and so is a kind up to 23.
  const found = BY_NUMBER.get(bytes[1] ?? 0)
  if (found === undefined) throw new ProtocolError('ERR_PROTOCOL_SCHEMA', 'an access entry of unknown kind')
  const [, timeMs, ...rest] = decodeCanonical(found.codec.tuple, bytes)
  return { kind: found.kind, timeMs, ...found.codec.unpack(rest) } as AccessEntry
}

type Items = readonly unknown[]

interface KindCodec {
  readonly number: number
  readonly tuple: v.GenericSchema<unknown, [number, number, ...unknown[]]>
  pack(entry: AccessEntry): Items
  unpack(items: Items): object
}

type EntryOf<K, E extends AccessEntry = AccessEntry> = E extends AccessEntry ? (K extends E['kind'] ? E : never) : never
type Tuple<T extends v.TupleItems> = v.InferOutput<v.StrictTupleSchema<T, undefined>>

function kind<K extends AccessEntry['kind'], T extends v.TupleItems>(
  _kind: K,
  number: number,
  body: v.StrictTupleSchema<T, undefined>,
  pack: (entry: EntryOf<K>) => Tuple<T>,
  unpack: (items: Tuple<T>) => Omit<EntryOf<K>, 'kind' | 'timeMs'>,
): KindCodec {
  return {
    number,
    tuple: v.strictTuple([v.literal(number), time, ...body.items]) as unknown as KindCodec['tuple'],
    pack: pack as KindCodec['pack'],
    unpack: unpack as unknown as KindCodec['unpack'],
  }
}

function reasonOf(number: number): CloseReason {
  const found = (Object.keys(CLOSE_REASONS) as CloseReason[]).find((name) => CLOSE_REASONS[name] === number)
  if (found === undefined) throw new ProtocolError('ERR_PROTOCOL_SCHEMA', 'a close of unknown reason')
  return found
}
