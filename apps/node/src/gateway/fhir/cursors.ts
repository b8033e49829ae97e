import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { CursorCodec } from '@chiron/fhir'

const NONCE_BYTES = 12
const TAG_BYTES = 16
/** All cursors are as long: their length would tell how long a row's number is. */
const PLAIN_BYTES = 64

/** Seals page cursors with AES-256-GCM under the gateway's own key (32 bytes): row numbers count hidden rows too. */
export function cursorCodec(key: Uint8Array): CursorCodec {
  return {
    seal: (plain) => {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
      return Buffer.concat([nonce, cipher.update(plain.padEnd(PLAIN_BYTES), 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64url')
    },
    open: (sealed) => {
      const bytes = Buffer.from(sealed, 'base64url')
      if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
      decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES))
      try {
        return (decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES)).toString('utf8') + decipher.final('utf8')).trimEnd()
      } catch {
        return undefined
      }
    },
  }
}
