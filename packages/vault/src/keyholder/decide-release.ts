import { equalBytes, MAX_TX_LIFETIME_MS, type Did } from '@chiron/protocol'
import { VaultError } from '../errors.ts'
import { releaseRequestBytes, type DecodedReleaseRequest, type ReleaseRequest } from '../release/request.ts'
import type { CommittedRecord, LedgerView } from './ports.ts'

type Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

/** The records of a request that may be released, by position; `undefined` where not. */
export interface ReleaseDecisions {
  readonly height: number
  readonly timeMs: number
  readonly records: readonly (CommittedRecord | undefined)[]
}

/**
 * Who asks: a fresh view, this network, in time, and signed by the gateway, or by the wallet of a patient who reads through
 * no gateway. SPEC-REL-6.
 * @throws VaultError `ERR_VAULT_NOT_FRESH`, `ERR_VAULT_WRONG_RECIPIENT`, `ERR_VAULT_EXPIRED`, `ERR_VAULT_SIGNATURE`
 */
export function checkRequest({ request, body, signature }: DecodedReleaseRequest, view: LedgerView, verify: Verify): void {
  const status = requireFresh(view)
  if (request.chainId !== status.chainId) throw new VaultError('ERR_VAULT_WRONG_RECIPIENT', 'a request for another network')
  if (request.validUntil < status.timeMs || request.validUntil > status.timeMs + MAX_TX_LIFETIME_MS) {
    throw new VaultError('ERR_VAULT_EXPIRED', 'the request is over or ends too late', { context: { validUntil: request.validUntil, timeMs: status.timeMs } })
  }
  const key = view.memberKey(request.gateway) ?? walletKey(request, view)
  if (!key || !verify(key, releaseRequestBytes(body), signature)) {
    throw new VaultError('ERR_VAULT_SIGNATURE', "the request is signed neither by the gateway of a live member nor by the reader's own wallet")
  }
}

/** A wallet asks for itself alone, and is answered under the agreement key that the ledger knows, whoever passes it on. */
function walletKey({ gateway, reader, recipient }: ReleaseRequest, view: LedgerView): Uint8Array | undefined {
  const keys = gateway === reader ? view.walletKeys(reader) : undefined
  if (keys && (recipient.suite !== 'x25519' || !equalBytes(recipient.key, keys.agreement))) {
    throw new VaultError('ERR_VAULT_WRONG_RECIPIENT', 'a wallet is answered under its own agreement key')
  }
  return keys?.signing
}

/**
 * What may be released at the view's newest height (P1, P2). All reads are of one height: nothing here waits.
 * @throws VaultError `ERR_VAULT_NOT_FRESH`, `ERR_VAULT_NO_ACCESS` (no open access of this reader through this gateway)
 */
export function decideRelease({ request }: DecodedReleaseRequest, view: LedgerView): ReleaseDecisions {
  const { height, timeMs } = requireFresh(view)
  const access = view.openAccess(request.access)
  if (!access || access.reader !== request.reader || access.organisation !== request.gateway) {
    throw new VaultError('ERR_VAULT_NO_ACCESS', 'no open access of this reader through this gateway')
  }
  const covers = view.coverageOf(request.access)
  const records = request.records.map(([record, version]) =>
    covers(record, version).effect === 'permit' ? view.recordVersion(record, version) : undefined,
  )
  return { height, timeMs, records }
}

function requireFresh(view: LedgerView) {
  const status = view.status()
  if (!status.fresh) throw new VaultError('ERR_VAULT_NOT_FRESH', 'the keyholder is behind the ledger: try again', { context: { height: status.height } })
  return status
}

/** Requests already answered, until their end. In memory: a repeated answer is sealed to the same recipient anyway. */
export class ReplayMemory {
  readonly #seen = new Map<string, number>()

  /** @throws VaultError `ERR_VAULT_REPLAY` */
  check(requestHash: string, validUntil: number, timeMs: number, gateway: Did): void {
    for (const [hash, until] of this.#seen) {
      if (until >= timeMs) break
      this.#seen.delete(hash)
    }
    if (this.#seen.has(requestHash)) throw new VaultError('ERR_VAULT_REPLAY', 'this request was answered before: make a new one', { context: { gateway } })
    this.#seen.set(requestHash, validUntil)
  }
}
