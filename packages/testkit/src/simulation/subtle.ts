import { createCipheriv, createDecipheriv, createHash, createHmac, createPrivateKey, createPublicKey, diffieHellman, hkdfSync, type KeyObject } from 'node:crypto'
import { SimulationError } from './errors.ts'

const PKCS8_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex')
const SPKI_X25519 = Buffer.from('302a300506032b656e032100', 'hex')
const TAG_BYTES = 16

interface Key {
  readonly type: 'secret' | 'public' | 'private'
  readonly raw: Uint8Array
  readonly object?: KeyObject
}

type Bytes = ArrayBuffer | ArrayBufferView
interface Jwk {
  readonly x: string
  readonly d?: string
}
interface Parameters {
  readonly name: string
  readonly iv?: Bytes
  readonly additionalData?: Bytes
  readonly public?: Key
  readonly salt?: Bytes
  readonly info?: Bytes
}

/**
 * The part of WebCrypto that the vault and HPKE use, the same results, without a thread: every answer is there in the
 * same turn, so that the order of things does not depend on the machine.
 */
export const synchronousSubtle = {
  async importKey(format: string, data: Bytes | Jwk, algorithm: string | { readonly name: string }): Promise<Key> {
    const name = typeof algorithm === 'string' ? algorithm : algorithm.name
    if (name !== 'X25519') return { type: 'secret', raw: bytesOf(data as Bytes) }
    if (format === 'raw') return publicKey(bytesOf(data as Bytes))
    if (format === 'pkcs8') return privateKey(bytesOf(data as Bytes).slice(-32))
    const jwk = data as Jwk
    return jwk.d === undefined ? publicKey(Buffer.from(jwk.x, 'base64url')) : privateKey(Buffer.from(jwk.d, 'base64url'))
  },

  async exportKey(format: string, key: Key): Promise<ArrayBuffer | Jwk> {
    if (format === 'raw') return bufferOf(key.raw)
    const { x, d } = (key.object as KeyObject).export({ format: 'jwk' })
    return { kty: 'OKP', crv: 'X25519', x: x as string, ...(d === undefined ? {} : { d }) } as Jwk
  },

  async encrypt({ iv, additionalData }: Parameters, key: Key, data: Bytes): Promise<ArrayBuffer> {
    const cipher = createCipheriv('aes-256-gcm', key.raw, bytesOf(iv as Bytes), { authTagLength: TAG_BYTES })
    if (additionalData !== undefined) cipher.setAAD(bytesOf(additionalData))
    return bufferOf(Buffer.concat([cipher.update(bytesOf(data)), cipher.final(), cipher.getAuthTag()]))
  },

  async decrypt({ iv, additionalData }: Parameters, key: Key, data: Bytes): Promise<ArrayBuffer> {
    const sealed = bytesOf(data)
    const decipher = createDecipheriv('aes-256-gcm', key.raw, bytesOf(iv as Bytes), { authTagLength: TAG_BYTES })
    if (additionalData !== undefined) decipher.setAAD(bytesOf(additionalData))
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    return bufferOf(Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]))
  },

  async sign(_algorithm: unknown, key: Key, data: Bytes): Promise<ArrayBuffer> {
    return bufferOf(createHmac('sha256', key.raw).update(bytesOf(data)).digest())
  },

  async digest(algorithm: string, data: Bytes): Promise<ArrayBuffer> {
    return bufferOf(createHash(algorithm.replace('-', '').toLowerCase()).update(bytesOf(data)).digest())
  },

  async deriveBits(parameters: Parameters, key: Key, length: number): Promise<ArrayBuffer> {
    if (parameters.name === 'HKDF') {
      return bufferOf(new Uint8Array(hkdfSync('sha256', key.raw, bytesOf(parameters.salt as Bytes), bytesOf(parameters.info as Bytes), length / 8)))
    }
    const { object } = parameters.public ?? {}
    if (object === undefined || key.object === undefined) throw new SimulationError('ERR_SIMULATION_OUTSIDE', 'keys of another kind')
    return bufferOf(diffieHellman({ privateKey: key.object, publicKey: object }))
  },
}

function publicKey(raw: Uint8Array): Key {
  return { type: 'public', raw, object: createPublicKey({ key: Buffer.concat([SPKI_X25519, raw]), format: 'der', type: 'spki' }) }
}

function privateKey(raw: Uint8Array): Key {
  return { type: 'private', raw, object: createPrivateKey({ key: Buffer.concat([PKCS8_X25519, raw]), format: 'der', type: 'pkcs8' }) }
}

function bytesOf(data: Bytes): Uint8Array {
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice() : new Uint8Array(data).slice()
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer
}
