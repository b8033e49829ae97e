import { equalBytes, type Tag } from '@chiron/protocol'
import type { Handler } from '../../runtime/contract.ts'
import { ensure } from '../refusals.ts'
import { recordsErrors } from './errors.ts'
import * as events from './events.ts'
import type { RecordsPorts } from './ports.ts'
import { joinLabels } from './put-checks.ts'
import { recordHead } from './queries.ts'
import * as store from './state.ts'

/**
 * Changes labels of a record for one subject: the author of the newest version those that were given, the patient the
 * patient's own. Neither takes off what the other put on. What changes stands in the patient's list. SPEC-REC-4.
 */
export const label: Handler<RecordsPorts, 'records.label'> = (ctx, msg) => {
  const head = recordHead(ctx.state, msg.record)
  ensure(head !== undefined, recordsErrors.unknownRecord)
  const named = msg.subject
  const subject = named === undefined ? (head.subjects.length === 1 ? head.subjects[0] : undefined) : head.subjects.find((s) => equalBytes(s.handle, named))
  ensure(subject !== undefined, recordsErrors.unknownSubject)
  const owner = ctx.ports.ownerOf(ctx.state, subject.handle)
  ensure(owner?.kind === 'patient', recordsErrors.labelsNotAllowed)
  const byPatient = owner.did === ctx.signer
  ensure(byPatient || (head.author === ctx.signer && ctx.ports.isLiveMember(ctx.state, ctx.signer)), recordsErrors.notAuthorised)
  const { given, own } = store.getLabelSets(ctx.state, subject.handle, msg.record)
  const before = byPatient ? own : given
  const after = changed(before, msg.labels, msg.change)
  const [added, removed] = [without(after, before), without(before, after)]
  ensure(!byPatient || removed.length === 0 || !ctx.ports.isCustodial(ctx.state, ctx.signer), recordsErrors.custodial)
  if (added.length === 0 && removed.length === 0) return
  const sets = byPatient ? { given, own: after } : { given: after, own }
  joinLabels(sets.given, sets.own)
  store.setLabelSets(ctx.state, subject.handle, msg.record, sets)
  ctx.ports.list(ctx, subject.handle, { kind: 'label', record: msg.record, by: byPatient ? null : ctx.signer, added, removed })
  ctx.emit(events.labelled(subject.handle, msg.record))
}

function changed(before: readonly Tag[], labels: readonly Tag[], change: 'add' | 'remove' | undefined): readonly Tag[] {
  return change === 'remove' ? without(before, labels) : joinLabels(change === 'add' ? before : [], labels)
}

function without(labels: readonly Tag[], others: readonly Tag[]): Tag[] {
  return labels.filter((label) => !others.some((other) => equalBytes(other, label)))
}
