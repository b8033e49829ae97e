import { VaultError } from '../errors.ts'

/** Every copy of `bytes` with one bit changed, one for each byte. */
export function* flippedBytes(bytes: Uint8Array): Iterable<{ readonly at: number; readonly bytes: Uint8Array }> {
  for (let at = 0; at < bytes.length; at++) {
    const copy = bytes.slice()
    copy[at] = (copy[at] as number) ^ (1 << at % 8)
    yield { at, bytes: copy }
  }
}

/** A value that a test knows to be there. @throws VaultError `ERR_VAULT_PARAMETERS` when it is not */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new VaultError('ERR_VAULT_PARAMETERS', 'nothing there')
  return value
}
