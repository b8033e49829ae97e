import { hash } from 'node:crypto'
import { useSha256 } from '@chiron/protocol'

/**
 * Lets OpenSSL compute the ledger's hashes in this process. The digest comes as text: as a Buffer it would be allocated
 * outside the heap, which takes longer than hashing.
 */
export function useNativeSha256(): void {
  useSha256((data) => {
    const text = hash('sha256', data, 'binary')
    const digest = new Uint8Array(32)
    for (let i = 0; i < 32; i++) digest[i] = text.charCodeAt(i)
    return digest
  })
}
