import { toHex, type Did } from '@chiron/protocol'
import type { KeptCopy, WalletCopies } from './port.ts'

/** {@link WalletCopies} in memory: for tests and simulations. */
export class MemoryWalletCopies implements WalletCopies {
  readonly #copies = new Map<Did, Map<string, KeptCopy>>()

  async put(owner: Did, copies: readonly KeptCopy[]): Promise<void> {
    const mine = this.#copies.get(owner) ?? new Map<string, KeptCopy>()
    this.#copies.set(owner, mine)
    for (const { ciphertext, bytes } of copies) mine.set(toHex(ciphertext), { ciphertext: ciphertext.slice(), bytes: bytes.slice() })
  }

  async list(owner: Did): Promise<readonly KeptCopy[]> {
    return [...(this.#copies.get(owner)?.values() ?? [])].map(({ ciphertext, bytes }) => ({ ciphertext: ciphertext.slice(), bytes: bytes.slice() }))
  }

  async delete(ciphertexts: readonly Uint8Array[]): Promise<void> {
    for (const mine of this.#copies.values()) for (const ciphertext of ciphertexts) mine.delete(toHex(ciphertext))
  }
}
