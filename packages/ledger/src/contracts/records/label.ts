import { equalBytes } from '@chiron/protocol'
import type { Handler } from '../../runtime/contract.ts'
import { ensure } from '../refusals.ts'
import { recordsErrors } from './errors.ts'
import * as events from './events.ts'
import type { RecordsPorts } from './ports.ts'
import { joinLabels } from './put-checks.ts'
import { recordHead } from './queries.ts'
import * as store from './state.ts'

/** Replaces a record's labels for one subject: by the author of the newest version, or by that patient. */
export const label: Handler<RecordsPorts, 'records.label'> = (ctx, msg) => {
  const head = recordHead(ctx.state, msg.record)
  ensure(head !== undefined, recordsErrors.unknownRecord)
  const named = msg.subject
  const subject = named === undefined ? (head.subjects.length === 1 ? head.subjects[0] : undefined) : head.subjects.find((s) => equalBytes(s.handle, named))
  ensure(subject !== undefined, recordsErrors.unknownSubject)
  const owner = ctx.ports.ownerOf(ctx.state, subject.handle)
  ensure(owner?.kind === 'patient', recordsErrors.labelsNotAllowed)
  const byAuthor = head.author === ctx.signer && ctx.ports.isLiveMember(ctx.state, ctx.signer)
  ensure(byAuthor || owner.did === ctx.signer, recordsErrors.notAuthorised)
  const labels = joinLabels([], msg.labels)
  if (!byAuthor && head.subjects.length > 1) {
    const keeps = subject.labels.every((before) => labels.some((after) => equalBytes(after, before)))
    ensure(keeps, recordsErrors.labelsOnlyAdded)
  }
  store.setLabels(ctx.state, subject.handle, msg.record, labels)
  ctx.emit(events.labelled(subject.handle, msg.record))
}
