import { encode } from '@ipld/dag-cbor'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { aesGcm, sender } from './hpke-reference.ts'
import type { Plain, VectorFile } from './plain.ts'
import { didOf, hex, publicKeyOf, sampleBytes } from './protocol-reference.ts'

/** Copies of content keys for a wallet: two that share an encapsulation, and one under a later key. */
export function copyVectors(): VectorFile {
  const chainId = 'vectors-1'
  const owner = didOf('patient', publicKeyOf(sampleBytes('copy owner', 32)), new Uint8Array(16))
  const cases = [['k2', ['one', 'two']], ['k3', ['one']]].flatMap(([keyId, names]): { [key: string]: Plain }[] => {
    const secret = sampleBytes(`copy wallet ${keyId as string}`, 32)
    const info = Buffer.concat([Buffer.from('chiron/wallet-copy/v1\0', 'ascii'), encode({ chainId, owner, keyId })])
    const sent = sender(publicHalf(secret), info, sampleBytes(`copy ekm ${keyId as string}`, 32))
    const sealing = sent.export('chiron/wallet-copy-key/v1')
    return (names as string[]).map((name, i) => {
      const of = { record: sampleBytes(`copy record ${name}`, 16), version: i + 1, ciphertext: sampleBytes(`copy ciphertext ${name}`, 32) }
      const [key, nonce] = [sampleBytes(`copy key ${name}`, 32), sampleBytes(`copy nonce ${name}`, 12)]
      const copy = encode({ v: 1, keyId, enc: sent.enc, nonce, sealed: aesGcm(sealing, nonce, key, encode(of)) })
      return {
        name: `${name} under ${keyId as string}`, chainId, owner, keyId: keyId as string, secret: hex(secret), record: hex(of.record), version: of.version,
        ciphertext: hex(of.ciphertext), copy: hex(copy), key: hex(key),
      }
    })
  })
  return { requirements: ['SPEC-COPY-1'], about: 'Content keys sealed to the X25519 key of a wallet whose secret is given (bytes in hex).', cases }
}

function publicHalf(secret: Uint8Array): Uint8Array {
  const key = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), secret]), format: 'der', type: 'pkcs8' })
  return new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32))
}
