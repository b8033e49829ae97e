import { expect, it } from 'vitest'
import { synchronousSubtle } from './subtle.ts'

const native = globalThis.crypto.subtle
const ours = synchronousSubtle as unknown as typeof native
const bytes = (n: number, fill: number): Uint8Array<ArrayBuffer> => new Uint8Array(n).fill(fill)
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex')

async function computed(subtle: typeof native): Promise<string[]> {
  const aes = await subtle.importKey('raw', bytes(32, 1), 'AES-GCM', false, ['encrypt', 'decrypt'])
  const parameters = { name: 'AES-GCM', iv: bytes(12, 2), additionalData: bytes(5, 3) }
  const sealed = await subtle.encrypt(parameters, aes, bytes(100, 4))
  const hmac = await subtle.importKey('raw', bytes(32, 5), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const secret = await subtle.importKey('pkcs8', Buffer.concat([PKCS8, bytes(32, 6)]), { name: 'X25519' }, true, ['deriveBits'])
  const { d: _d, key_ops: _ops, ...jwk } = await subtle.exportKey('jwk', secret)
  const publicKey = await subtle.importKey('jwk', jwk, { name: 'X25519' }, true, [])
  const hkdf = await subtle.importKey('raw', bytes(32, 7), 'HKDF', false, ['deriveBits'])
  const results = [
    sealed,
    await subtle.decrypt(parameters, aes, sealed),
    await subtle.sign('HMAC', hmac, bytes(9, 8)),
    await subtle.exportKey('raw', publicKey),
    await subtle.deriveBits({ name: 'X25519', public: publicKey }, secret, 256),
    await subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt: bytes(32, 9), info: bytes(3, 1) }, hkdf, 256),
    await subtle.digest('SHA-256', bytes(3, 3)),
  ]
  return results.map((result) => Buffer.from(result).toString('hex'))
}

it('computes what WebCrypto does', async () => {
  expect(await computed(ours)).toEqual(await computed(native))
})

it('refuses what was changed', async () => {
  const aes = await ours.importKey('raw', bytes(32, 1), 'AES-GCM', false, ['encrypt', 'decrypt'])
  const sealed = new Uint8Array(await ours.encrypt({ name: 'AES-GCM', iv: bytes(12, 2) }, aes, bytes(4, 4)))
  sealed[0] = (sealed[0] as number) ^ 1
  await expect(ours.decrypt({ name: 'AES-GCM', iv: bytes(12, 2) }, aes, sealed)).rejects.toThrow()
})
