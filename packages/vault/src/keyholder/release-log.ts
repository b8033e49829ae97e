import { EMPTY_ROOT, encodeCanonical, equalBytes, leafHash, nodeHash, schema } from '@chiron/protocol'
import * as v from 'valibot'
import { VaultError } from '../errors.ts'
import { anyBytes, decodeStrict } from '../strict.ts'
import type { LogFrontier, ReleaseLogStore } from './ports.ts'

/**
 * What a keyholder writes down before it answers. `released` and `refused` hold record (16 bytes) ‖ version (u32) one
 * after another. `withheld` follows a `release` that did not leave after all, because a block came in between. SPEC-REL-5.
 */
export const releaseLogEntry = v.strictObject({
  v: v.literal(1),
  kind: v.picklist(['release', 'withheld']),
  request: schema.hash32,
  access: schema.objectId,
  reader: schema.did,
  gateway: schema.did,
  height: schema.uint,
  timeMs: schema.timeMs,
  released: anyBytes,
  refused: anyBytes,
})
export type ReleaseLogEntry = v.InferOutput<typeof releaseLogEntry>

/** @throws VaultError `ERR_VAULT_STORE_CORRUPT` */
export function decodeReleaseLogEntry(bytes: Uint8Array): ReleaseLogEntry {
  return decodeStrict(releaseLogEntry, bytes, 'ERR_VAULT_STORE_CORRUPT', 'an entry of a release log')
}

/** A keyholder's releases, as an RFC 9162 tree: its root goes onto the ledger (`custody.commitLog`). */
export class ReleaseLog {
  readonly #store: ReleaseLogStore
  #frontier: LogFrontier
  #tail: Promise<void> = Promise.resolve()

  constructor(store: ReleaseLogStore) {
    this.#store = store
    this.#frontier = store.frontier()
  }

  /** Resolves when the entry is durable. Entries are appended one at a time, in the order of the calls. */
  append(entry: ReleaseLogEntry): Promise<void> {
    const bytes = encodeCanonical(entry)
    const appended = this.#appendAfter(this.#tail, bytes)
    this.#tail = appended.catch(() => {})
    return appended
  }

  async #appendAfter(earlier: Promise<void>, bytes: Uint8Array): Promise<void> {
    await earlier
    const next = extendFrontier(this.#frontier, leafHash(bytes))
    await this.#store.append(bytes, next)
    this.#frontier = next
  }

  /** Size and root of what is durable. */
  head(): { readonly size: number; readonly root: Uint8Array } {
    return { size: this.#frontier.size, root: frontierRoot(this.#frontier) }
  }

  /** Reads the whole log again. @throws VaultError `ERR_VAULT_STORE_CORRUPT` when it does not give the stored frontier */
  verify(): void {
    let frontier: LogFrontier = { size: 0, hashes: [] }
    for (const bytes of this.#store.entries(0, this.#frontier.size)) {
      decodeReleaseLogEntry(bytes)
      frontier = extendFrontier(frontier, leafHash(bytes))
    }
    if (frontier.size === this.#frontier.size && equalBytes(frontierRoot(frontier), frontierRoot(this.#frontier))) return
    throw new VaultError('ERR_VAULT_STORE_CORRUPT', 'the release log was changed: do not rely on this keyholder', { context: { size: frontier.size } })
  }
}

/** The frontier with one more leaf. */
export function extendFrontier(frontier: LogFrontier, leaf: Uint8Array): LogFrontier {
  const hashes = [...frontier.hashes]
  let hash = leaf
  for (let size = frontier.size; size % 2 === 1; size = (size - 1) / 2) hash = nodeHash(hashes.pop() as Uint8Array, hash)
  hashes.push(hash)
  return { size: frontier.size + 1, hashes }
}

/** The root (RFC 9162 §2.1.1) of the tree with this frontier. */
export function frontierRoot(frontier: LogFrontier): Uint8Array {
  const [last, ...left] = [...frontier.hashes].reverse()
  return last === undefined ? EMPTY_ROOT : left.reduce((root, hash) => nodeHash(hash, root), last)
}
