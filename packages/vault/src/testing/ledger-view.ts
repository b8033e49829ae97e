import { toHex, type Did, type ObjectId, type RecordId } from '@chiron/protocol'
import type { CustodySet } from '../custody/set.ts'
import type { CommittedRecord, LedgerView, OpenAccess, ReleaseDecision, WalletKeys } from '../keyholder/ports.ts'

/** A ledger that tests write directly. `commit` makes a block of what was changed. */
export class FakeLedger implements LedgerView {
  chainId = 'chiron-test'
  height = 1
  timeMs = 1_800_000_000_000
  fresh = true
  readonly members = new Map<Did, Uint8Array>()
  readonly wallets = new Map<Did, WalletKeys>()
  readonly sets = new Map<number, CustodySet>()
  readonly accesses = new Map<string, OpenAccess & { readonly covers: (record: RecordId, version: number) => boolean }>()
  readonly records = new Map<string, CommittedRecord>()

  commit(change: () => void = () => {}, afterMs = 1000): void {
    change()
    this.height++
    this.timeMs += afterMs
  }

  putRecord(record: RecordId, version: number, committed: CommittedRecord): void {
    this.records.set(`${toHex(record)}/${version}`, committed)
  }

  openAccessFor(access: ObjectId, reader: Did, organisation: Did, covers: (record: RecordId, version: number) => boolean = () => true): void {
    this.accesses.set(toHex(access), { reader, organisation, covers })
  }

  closeAccess(access: ObjectId): void {
    this.accesses.delete(toHex(access))
  }

  status() {
    return { chainId: this.chainId, height: this.height, timeMs: this.timeMs, fresh: this.fresh }
  }

  memberKey(organisation: Did): Uint8Array | undefined {
    return this.members.get(organisation)
  }

  walletKeys(patient: Did): WalletKeys | undefined {
    return this.wallets.get(patient)
  }

  custodySet(number: number): CustodySet | undefined {
    return this.sets.get(number)
  }

  openAccess(access: ObjectId): OpenAccess | undefined {
    return this.accesses.get(toHex(access))
  }

  coverageOf(access: ObjectId): (record: RecordId, version: number) => ReleaseDecision {
    const found = this.accesses.get(toHex(access))
    return (record, version) => (found?.covers(record, version) ? { effect: 'permit', code: 'PERMIT' } : { effect: 'deny', code: 'DENY' })
  }

  recordVersion(record: RecordId, version: number): CommittedRecord | undefined {
    return this.records.get(`${toHex(record)}/${version}`)
  }
}
