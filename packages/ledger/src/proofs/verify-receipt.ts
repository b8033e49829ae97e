import { leafHash, verifyInclusion, type Handle, type TxId } from '@chiron/protocol'
import { logLeaf } from '../state/log.ts'
import type { ListKind } from '../state/reader.ts'
import { ProofError, type ProofErrorCode } from './errors.ts'
import { verifyAbsence, verifyMembership } from './facts.ts'
import { verifyHead, type ProvenHead } from './header.ts'
import { verifyEntry, verifyListHead, verifyWholeList } from './lists.ts'
import type { Receipt } from './receipt.ts'
import type { Trust } from './trust.ts'

/** What a receipt proves, as of `head`: nothing in it that was not checked. */
export type Proven =
  | { readonly kind: 'tx'; readonly head: ProvenHead; readonly txId: TxId; readonly codespace: string; readonly code: number; readonly logIndex: number }
  | { readonly kind: 'entry'; readonly head: ProvenHead; readonly list: ListKind; readonly handle: Handle; readonly index: number; readonly size: number; readonly entry: Uint8Array }
  | { readonly kind: 'fact'; readonly head: ProvenHead; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'absence'; readonly head: ProvenHead; readonly key: Uint8Array }
  | { readonly kind: 'list'; readonly head: ProvenHead; readonly list: ListKind; readonly handle: Handle; readonly entries: readonly Uint8Array[] }

/**
 * Verifies a receipt offline. `trust` is the verifier's own and never comes with the receipt. SPEC-PROOF-9.
 * @throws ProofError with the code of the first check that fails: the header's, then what is claimed
 */
export function verifyReceipt(receipt: Receipt, trust: Trust): Proven {
  const head = verifyHead(receipt, trust)
  const { stateRoot, logRoot, logSize } = head.app
  switch (receipt.kind) {
    case 'tx': {
      const { txId, codespace, code, logIndex } = receipt
      const leaf = leafHash(logLeaf(txId, codespace, code))
      demand(verifyInclusion(logRoot, logSize, logIndex, leaf, receipt.path), 'ERR_PROOF_LOG', 'the transaction is not in the log')
      return { kind: 'tx', head, txId, codespace, code, logIndex }
    }
    case 'entry': {
      const { list, handle, index, entry, listHead } = receipt
      demand(verifyListHead(stateRoot, list, handle, listHead, receipt.siblings), 'ERR_PROOF_LIST', "the list's head is not in the state")
      demand(verifyEntry(listHead, index, entry, receipt.path), 'ERR_PROOF_ENTRY', 'the entry is not in the list')
      return { kind: 'entry', head, list, handle, index, size: listHead.size, entry }
    }
    case 'fact': {
      const { key, value } = receipt
      demand(verifyMembership(stateRoot, key, value, receipt.siblings), 'ERR_PROOF_FACT', 'the fact is not in the state')
      return { kind: 'fact', head, key, value }
    }
    case 'absence': {
      const { key } = receipt
      demand(verifyAbsence(stateRoot, key, receipt.siblings, receipt.leaf), 'ERR_PROOF_ABSENCE', "the fact's absence is not proven")
      return { kind: 'absence', head, key }
    }
    case 'list': {
      const { list, handle, entries } = receipt
      const whole = verifyWholeList(stateRoot, list, handle, entries, receipt.siblings, receipt.leaf)
      demand(whole, 'ERR_PROOF_LIST', 'the entries are not the whole list')
      return { kind: 'list', head, list, handle, entries }
    }
  }
}

function demand(holds: boolean, code: ProofErrorCode, message: string): void {
  if (!holds) throw new ProofError(code, message)
}
