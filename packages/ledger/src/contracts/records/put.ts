import { equalBytes, toHex, type Handle, type RecordEntryMessage, type Tag } from '@chiron/protocol'
import type { Decision, RecordFacts } from '../../decide/types.ts'
import type { Context, Handler } from '../../runtime/contract.ts'
import { ensure } from '../refusals.ts'
import { batchRootOf } from './batch-root.ts'
import { recordsErrors } from './errors.ts'
import * as events from './events.ts'
import type { RecordsPorts } from './ports.ts'
import { checkFlags, checkSubjects, joinLabels, tagsOf, type OwnerOf, type SubjectTags } from './put-checks.ts'
import { recordHead } from './queries.ts'
import * as store from './state.ts'
import { writesOf } from './writes.ts'

type Ctx = Context<RecordsPorts>
type Message = Parameters<Handler<RecordsPorts, 'records.put'>>[1]
type DecideWrite = (handle: Handle, record: RecordFacts) => Decision

/** What is found out once for a message. */
interface Once {
  readonly decideWrite: DecideWrite
  readonly ownerOf: OwnerOf
  readonly numberOf: store.NumberOf
}

/** Puts record versions, all or none; each is decided for each of its subjects (`action=write`). */
export const put: Handler<RecordsPorts, 'records.put'> = (ctx, msg) => {
  const { state, block, signer, ports } = ctx
  ensure(ports.isLiveMember(state, signer), recordsErrors.notMember)
  ports.acceptBatch(ctx, msg.custodySet, batchRootOf(msg), msg.receipts)
  const request = { reader: msg.recorder, organisation: signer, purpose: msg.purpose, action: 'write' } as const
  const decideWrite = ports.writeDecider(state, request, block.timeMs)
  const once: Once = { decideWrite, ownerOf: ownersOnce(ctx), numberOf: store.numbering(state) }
  const added = new Map<string, { readonly handle: Handle; count: number }>()
  let last: { readonly handle: Handle; count: number } | undefined
  for (const entry of msg.entries) {
    putOne(ctx, msg, entry, once)
    for (const handle of entry.subjects) {
      if (last === undefined || !equalBytes(last.handle, handle)) {
        const key = toHex(handle)
        last = added.get(key) ?? { handle, count: 0 }
        added.set(key, last)
      }
      last.count++
    }
  }
  for (const { handle, count } of added.values()) {
    store.addAuthored(state, handle, signer, count)
    const size = state.listSize('records', handle)
    ctx.emit(events.appended(handle, signer, size - count, size))
  }
}

/** Owners of handles, which the message does not change. Entries of one message are often about one patient. */
function ownersOnce({ ports, state }: Ctx): OwnerOf {
  let last: { readonly handle: Handle; readonly owner: ReturnType<OwnerOf> } | undefined
  return (handle) => {
    if (last === undefined || !equalBytes(last.handle, handle)) last = { handle, owner: ports.ownerOf(state, handle) }
    return last.owner
  }
}

function putOne(ctx: Ctx, msg: Message, entry: RecordEntryMessage, { decideWrite, ownerOf, numberOf }: Once): void {
  const head = recordHead(ctx.state, entry.record)
  ensure(entry.version === (head?.version ?? 0) + 1, recordsErrors.versionConflict)
  ensure(entry.size > 0 && entry.size <= 0xffff_ffff, recordsErrors.sizeNotAllowed)
  checkFlags(entry, head)
  const tags = tagsOf(entry)
  checkSubjects(ctx.signer, entry, head, ownerOf)
  const writes = writesOf(ctx.state, entry, head)
  for (const { handle, record } of writes) {
    const decision = decideWrite(handle, record)
    ensure(decision.tier !== '0', recordsErrors.recorderInvalid)
    ensure(decision.effect === 'permit', recordsErrors.notPermitted)
  }
  const places = entry.subjects.map((handle, i): [Handle, number] => {
    const { labels } = tags[i] as SubjectTags
    if (labels.length > 0) giveLabels(ctx, handle, entry, labels)
    return [handle, appendFor(ctx, msg, entry, handle, tags[i] as SubjectTags)]
  })
  const first = head?.firstAuthor ?? ctx.signer
  store.pushHead(ctx.state, entry.record, { version: entry.version, places, firstAuthor: first === ctx.signer ? null : first }, numberOf)
}

function giveLabels({ state }: Ctx, handle: Handle, { record }: RecordEntryMessage, labels: readonly Tag[]): void {
  const { given, own } = store.getLabelSets(state, handle, record)
  store.setLabelSets(state, handle, record, { given: joinLabels(given, labels), own })
}

function appendFor(ctx: Ctx, msg: Message, entry: RecordEntryMessage, handle: Handle, { category, dates }: SubjectTags): number {
  const { record, version, flags, ciphertext, size, keyCommitment, shareRoot, subjects } = entry
  return store.appendRecord(ctx.state, handle, {
    record, version, flags, category, ciphertext, size, keyCommitment, shareRoot, dates,
    author: ctx.signer,
    recorder: msg.recorder,
    others: subjects.length === 1 ? [] : subjects.filter((other) => !equalBytes(other, handle)),
    custodySet: msg.custodySet,
    timeMs: ctx.block.timeMs,
  })
}
