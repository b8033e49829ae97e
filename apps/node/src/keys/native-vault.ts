import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { useAead, useDeflate, useInflate, type FasterAeadKey, type FasterInflate } from '@chiron/vault'

const TAG_BYTES = 16
const ALGORITHM = 'aes-256-gcm'
/** zlib's least. */
const SMALLEST_CHUNK = 64

/** Short input needs no larger window, and to make one ready costs more than to compress. */
const SHORT_BYTES = 8192
const SHORT = { windowBits: 13, memLevel: 6 } as const

/** OpenSSL's AES-256-GCM. The key is made ready once. */
class NativeAeadKey implements FasterAeadKey {
  readonly #key: KeyObject

  constructor(raw: Uint8Array) {
    this.#key = createSecretKey(raw)
  }

  seal(nonce: Uint8Array, plaintext: Uint8Array, associated: Uint8Array): Uint8Array {
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(associated)
    const sealed = new Uint8Array(plaintext.length + TAG_BYTES)
    sealed.set(cipher.update(plaintext))
    cipher.final()
    sealed.set(cipher.getAuthTag(), plaintext.length)
    return sealed
  }

  open(nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Uint8Array | undefined {
    const end = sealed.length - TAG_BYTES
    if (end < 0) return undefined
    const decipher = createDecipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(associated)
    decipher.setAuthTag(sealed.subarray(end))
    const plain = decipher.update(sealed.subarray(0, end))
    try {
      decipher.final()
      return new Uint8Array(plain.buffer, plain.byteOffset, plain.length)
    } catch {
      return undefined
    }
  }

  raw(): Uint8Array {
    return this.#key.export()
  }
}

const nativeInflate: FasterInflate = (stream, length) => {
  try {
    const chunkSize = Math.max(length + 1, SMALLEST_CHUNK)
    // With `info` it says how much of the stream it read, which its type does not.
    const { buffer, engine } = inflateRawSync(stream, { maxOutputLength: Math.max(length, 1), chunkSize, info: true }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
    return engine.bytesWritten === stream.length && buffer.length <= length ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length) : undefined
  } catch {
    return undefined
  }
}

/** Lets OpenSSL and zlib do the vault's symmetric work in this process. @throws VaultError `ERR_VAULT_PARAMETERS` */
export async function useNativeVault(): Promise<void> {
  await useAead({ importKey: (raw) => new NativeAeadKey(raw) })
  useInflate(nativeInflate)
  useDeflate((plain) => deflateRawSync(plain, plain.length <= SHORT_BYTES ? SHORT : {}))
}
