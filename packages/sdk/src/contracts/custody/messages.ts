import type { Draft, Fields } from '../../transactions/draft.ts'

/** Names the keyholders from now on. Signed by who governs the network. */
export function setKeyholders(fields: Fields<'custody.setKeyholders'>): Draft<'custody.setKeyholders'> {
  return { ...fields, type: 'custody.setKeyholders' }
}

/** Adds receipts that came late for a committed batch. */
export function addReceipts(fields: Fields<'custody.addReceipts'>): Draft<'custody.addReceipts'> {
  return { ...fields, type: 'custody.addReceipts' }
}

/** Commits to a keyholder's release log. */
export function commitLog(fields: Fields<'custody.commitLog'>): Draft<'custody.commitLog'> {
  return { ...fields, type: 'custody.commitLog' }
}
