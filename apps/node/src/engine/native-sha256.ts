import { hash } from 'node:crypto'
import { useSha256 } from '@chiron/protocol'

/** Lets OpenSSL compute the ledger's hashes in this process. */
export function useNativeSha256(): void {
  useSha256((data) => {
    const digest = hash('sha256', data, 'buffer')
    return new Uint8Array(digest.buffer, digest.byteOffset, digest.length)
  })
}
