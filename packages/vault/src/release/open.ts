import { equalBytes, shareRoot, verifyEd25519, type Did, type Keyholder, type RecordId } from '@chiron/protocol'
import type { CustodySet } from '../custody/set.ts'
import { combineShares, COMMITMENT_BYTES, type KeyShare } from '../custody/shares.ts'
import { VaultError, type VaultErrorCode } from '../errors.ts'
import type { KemKeyPair } from '../hpke/suites.ts'
import { openReleaseResponse, type ReleasedShare } from './response.ts'

/** What the ledger and the envelope say about a record version whose key is asked for; in the order of the request. */
export interface ExpectedRecord {
  readonly record: RecordId
  readonly version: number
  /** Number of the custody set that the entry names. */
  readonly set: number
  readonly keyCommitment: Uint8Array
  readonly shareRoot: Uint8Array
  /** From the envelope: `envelopeSalt`. */
  readonly salt: Uint8Array
}

/** A keyholder that did not do as it should. `position` of the record, where it concerns one. */
export interface KeyholderFault {
  readonly keyholder: Did
  readonly code: VaultErrorCode
  readonly position?: number
}

/** The key of one record version, or why there is none. */
export type OpenedKey = { readonly key: Uint8Array } | { readonly error: VaultError }

export interface OpenedReleases {
  /** In the order of the request. */
  readonly keys: readonly OpenedKey[]
  /** Whom to blame: also when enough others did well. */
  readonly faults: readonly KeyholderFault[]
}

export interface ReleasesToOpen {
  /** Hash of the request's body. */
  readonly request: Uint8Array
  readonly recipient: KemKeyPair
  readonly records: readonly ExpectedRecord[]
  /** Who answered what; a keyholder that gave no answer is left out. */
  readonly responses: readonly { readonly keyholder: Did; readonly bytes: Uint8Array }[]
  readonly set: (number: number) => CustodySet | undefined
}

interface Candidate extends KeyShare {
  readonly commitments: readonly Uint8Array[]
}

/**
 * Combines keyholders' responses into content keys. Works with any threshold of good shares; wrong answers are named in
 * `faults`. A record without a key has `ERR_VAULT_NO_ACCESS` (refused), `ERR_VAULT_SHARE_INVALID`,
 * `ERR_VAULT_SHARES_MISSING` or `ERR_VAULT_DEALER`, as {@link combineShares} says.
 */
export async function openReleases(asked: ReleasesToOpen, verify = verifyEd25519): Promise<OpenedReleases> {
  const sets = new Map([...new Set(asked.records.map((record) => record.set))].map((number) => [number, asked.set(number)]))
  const input = { ...asked, set: (number: number) => sets.get(number) }
  const faults: KeyholderFault[] = []
  const candidates: Candidate[][] = input.records.map(() => [])
  const refusals: { keyholder: Did; code: VaultErrorCode }[][] = input.records.map(() => [])
  const responses = new Map(input.responses.map((response) => [response.keyholder, response.bytes]))
  for (const [did, bytes] of responses) {
    const keyholder = findKeyholder(sets.values(), did)
    if (!keyholder) {
      faults.push({ keyholder: did, code: 'ERR_VAULT_WRONG_RECIPIENT' })
      continue
    }
    try {
      const expected = { keyholder: did, signingKey: keyholder.signingKey, request: input.request, recipient: input.recipient }
      const { shares, refused } = await openReleaseResponse(bytes, expected, verify)
      for (const share of shares) {
        const candidate = checkShare(input, did, share)
        if (candidate) candidates[share[0]]?.push(candidate)
        else faults.push({ keyholder: did, code: 'ERR_VAULT_SHARE_INVALID', position: share[0] })
      }
      for (const [position, code] of refused) refusals[position]?.push({ keyholder: did, code })
    } catch (error) {
      if (!(error instanceof VaultError)) throw error
      faults.push({ keyholder: did, code: error.code })
    }
  }
  const keys: OpenedKey[] = []
  for (const [position, expected] of input.records.entries()) {
    for (const refusal of refusals[position] ?? []) {
      if (refusal.code !== 'ERR_VAULT_NO_ACCESS') faults.push({ ...refusal, position })
    }
    const opened = await openKey(input, expected, candidates[position] ?? [], (keyholder) => {
      faults.push({ keyholder, code: 'ERR_VAULT_SHARE_INVALID', position })
    })
    keys.push('key' in opened ? opened : explain(opened.error, refusals[position] ?? []))
  }
  return { keys, faults }
}

function findKeyholder(sets: Iterable<CustodySet | undefined>, did: Did): Keyholder | undefined {
  for (const set of sets) {
    const found = set?.keyholders.find((keyholder) => keyholder.did === did)
    if (found) return found
  }
  return undefined
}

/** A share whose place and commitments fit the ledger; `undefined` when the keyholder made something up. */
function checkShare(input: ReleasesToOpen, did: Did, [position, number, index, bytes, packed]: ReleasedShare): Candidate | undefined {
  const expected = input.records[position]
  if (!expected || expected.set !== number) return undefined
  const set = input.set(number)
  if (!set || set.keyholders[index]?.did !== did || packed.length !== set.keyholders.length * COMMITMENT_BYTES) return undefined
  const commitments = set.keyholders.map((_, i) => packed.subarray(i * COMMITMENT_BYTES, (i + 1) * COMMITMENT_BYTES))
  return equalBytes(shareRoot(commitments), expected.shareRoot) ? { index, bytes, commitments } : undefined
}

async function openKey(
  input: ReleasesToOpen,
  expected: ExpectedRecord,
  candidates: readonly Candidate[],
  blame: (keyholder: Did) => void,
): Promise<OpenedKey> {
  const set = input.set(expected.set)
  const first = candidates[0]
  if (!set || !first) return { error: new VaultError('ERR_VAULT_SHARES_MISSING', 'no keyholder has given a share') }
  const { record, salt, keyCommitment } = expected
  const blameIndex = (index: number): void => {
    const did = set.keyholders[index]?.did
    if (did) blame(did)
  }
  try {
    const commitments = { record, salt, threshold: set.threshold, shares: first.commitments, key: keyCommitment }
    const { key, wrong } = await combineShares(commitments, candidates)
    wrong.forEach(blameIndex)
    return { key }
  } catch (error) {
    if (!(error instanceof VaultError)) throw error
    const wrong = error.context['keyholders']
    if (Array.isArray(wrong)) wrong.forEach(blameIndex)
    return { error }
  }
}

function explain(error: VaultError, refusals: readonly { code: VaultErrorCode }[]): OpenedKey {
  const refused = error.code === 'ERR_VAULT_SHARES_MISSING' && refusals.some((refusal) => refusal.code === 'ERR_VAULT_NO_ACCESS')
  if (!refused) return { error }
  return { error: new VaultError('ERR_VAULT_NO_ACCESS', 'keyholders have refused: the access does not cover this record', { context: error.context }) }
}
