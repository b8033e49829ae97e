import { custodyBatchRoot, type MessageOf } from '@chiron/protocol'

const roots = new WeakMap<object, Uint8Array>()

/** The root that keyholders sign for a message's entries; remembered, since it is asked for before and while the message is handled. */
export function batchRootOf({ entries }: Pick<MessageOf<'records.put'>, 'entries'>): Uint8Array {
  let root = roots.get(entries)
  if (root === undefined) roots.set(entries, (root = custodyBatchRoot(entries)))
  return root
}
