import { toHex, type Did, type Handle, type RecordId } from '@chiron/protocol'
import { identity } from '@chiron/ledger'
import { sealCopies, type Random, type WalletCopies } from '@chiron/vault'
import type { Engine } from '../../engine/engine.ts'

/** A version that was sealed and is about to be written. */
export interface SealedVersion {
  readonly record: RecordId
  readonly version: number
  readonly subjects: readonly Handle[]
  /** SHA-256 of the envelope, and its content key: 32 bytes each. */
  readonly ciphertext: Uint8Array
  readonly key: Uint8Array
}

/**
 * Seals content keys of new versions to the wallets of their patients: of those who hold their keys, and are the only one
 * that the version is about (of several, each reads what the others allow). SPEC-COPY-3.
 */
export class PatientCopies {
  readonly #engine: Engine
  readonly #copies: WalletCopies
  readonly #random: Random

  constructor(dependencies: { engine: Engine; copies: WalletCopies; random: Random }) {
    this.#engine = dependencies.engine
    this.#copies = dependencies.copies
    this.#random = dependencies.random
  }

  /** Resolves once every copy is durable, with those versions that nobody's wallet reads alone as yet. */
  async keep(versions: readonly SealedVersion[]): Promise<readonly SealedVersion[]> {
    const { chainId } = this.#engine.status()
    const byOwner = this.#byOwner(versions)
    const kept = await Promise.all([...byOwner].map(async ([owner, mine]) => {
      const wallet = identity.walletKey(this.#engine.state, owner)
      if (wallet === undefined) return []
      const sealed = await sealCopies({ chainId, owner, keyId: wallet.id, agreementKey: wallet.agreement }, mine, this.#random)
      await this.#copies.put(owner, mine.map(({ ciphertext }, index) => ({ ciphertext, bytes: sealed[index] as Uint8Array })))
      return mine
    }))
    const done = new Set(kept.flat())
    return versions.filter((version) => !done.has(version))
  }

  #byOwner(versions: readonly SealedVersion[]): Map<Did, SealedVersion[]> {
    const byOwner = new Map<Did, SealedVersion[]>()
    const known = new Map<string, Did | undefined>()
    const ownerOf = (handle: Handle): Did | undefined => {
      const name = toHex(handle)
      if (!known.has(name)) known.set(name, identity.handleOwner(this.#engine.state, handle))
      return known.get(name)
    }
    for (const version of versions) {
      const owners = new Set(version.subjects.map(ownerOf))
      const [owner] = owners
      if (owners.size !== 1 || owner === undefined) continue
      const mine = byOwner.get(owner)
      if (mine === undefined) byOwner.set(owner, [version])
      else mine.push(version)
    }
    return byOwner
  }
}
