import { createHash, createPrivateKey, createPublicKey, sign as ed25519Sign, type KeyObject } from 'node:crypto'
import { concatBytes, deriveDid, equalBytes, sha256, utf8, type Did } from '@chiron/protocol'
import { deriveKemKeyPair, importX25519KeyPair, type KemKeyPair } from '@chiron/vault'
import { NativeSignatures } from '../../src/engine/signatures.ts'

const PKCS8 = { ed25519: Buffer.from('302e020100300506032b657004220420', 'hex'), x25519: Buffer.from('302e020100300506032b656e04220420', 'hex') }

export type Kind = 'organisation' | 'practitioner' | 'patient' | 'device'

/** An identity with true keys, which derive from its kind and name: the same in every run. */
export interface Party {
  readonly name: string
  readonly did: Did
  readonly publicKey: Uint8Array
  readonly agreementKey: Uint8Array
  readonly inception: Uint8Array
  readonly keyId: string
  sign(message: Uint8Array): Uint8Array
}

/** How parties sign: truly, or with a hash that only their key's name gives, which costs a hundredth. */
export type Signing = 'real' | 'stub'

interface Keys {
  readonly did: Did
  readonly publicKey: Uint8Array
  readonly agreementKey: Uint8Array
  readonly inception: Uint8Array
  readonly privateKey: KeyObject
}

const made = new Map<string, Keys>()
const kems = new Map<string, Promise<KemKeyPair>>()
const pairs = new Map<string, Promise<KemKeyPair>>()

function privateKeyOf(type: keyof typeof PKCS8, seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8[type], seed]), format: 'der', type: 'pkcs8' })
}

function publicBytes(key: KeyObject): Uint8Array {
  return new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32))
}

function keysOf(kind: Kind, name: string): Keys {
  const id = `${kind}/${name}`
  const known = made.get(id)
  if (known !== undefined) return known
  const privateKey = privateKeyOf('ed25519', sha256(utf8(`signing ${id}`)))
  const publicKey = publicBytes(privateKey)
  const agreementKey = publicBytes(privateKeyOf('x25519', sha256(utf8(`agreement ${id}`))))
  const inception = sha256(utf8(`inception ${id}`)).slice(0, 16)
  const keys = { did: deriveDid(kind, publicKey, inception), publicKey, agreementKey, inception, privateKey }
  made.set(id, keys)
  return keys
}

/** The key pair that shares, or releases, are sealed to. */
export function kemOf(name: string): Promise<KemKeyPair> {
  const known = kems.get(name) ?? deriveKemKeyPair('x25519', sha256(utf8(`kem ${name}`)))
  kems.set(name, known)
  return known
}

/** Who signs blocks: always truly, because proofs that leave the network are checked against it. */
export const BLOCK_SIGNER = 'block-signer'

export function party(kind: Kind, name: string, signing: Signing): Party {
  const { privateKey, ...keys } = keysOf(kind, name)
  const truly = signing === 'real' || name === BLOCK_SIGNER
  const sign = (message: Uint8Array): Uint8Array => (truly ? new Uint8Array(ed25519Sign(null, message, privateKey)) : stubSignature(keys.publicKey, message))
  return { name, keyId: 'k1', ...keys, sign }
}

/** The same identity with another key, that of this number. */
export function partyLike(first: Party, name: string, number: number, signing: Signing): Party {
  const { did, inception } = first
  return { ...party('patient', name, signing), did, inception, keyId: `k${number}` }
}

/** The agreement key of a patient's party, with its secret. */
export function agreementPairOf({ name }: Party): Promise<KemKeyPair> {
  const known = pairs.get(name) ?? importX25519KeyPair(sha256(utf8(`agreement patient/${name}`)))
  pairs.set(name, known)
  return known
}

/** 64 bytes that depend on key and message alone. */
export function stubSignature(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha512').update('stub').update(publicKey).update(message).digest())
}

/** Verifies what {@link party} signs. True signatures of blocks are checked once each. */
export class SimulatedSignatures extends NativeSignatures {
  readonly #signing: Signing
  readonly #blockSigner = keysOf('device', BLOCK_SIGNER).publicKey
  readonly #checked: Map<string, boolean>

  constructor(signing: Signing, checked = new Map<string, boolean>()) {
    super()
    this.#signing = signing
    this.#checked = checked
  }

  override verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    if (!equalBytes(publicKey, this.#blockSigner)) {
      return this.#signing === 'real' ? super.verify(publicKey, message, signature) : equalBytes(signature, stubSignature(publicKey, message))
    }
    const id = Buffer.from(concatBytes(signature, message)).toString('latin1')
    const known = this.#checked.get(id) ?? super.verify(publicKey, message, signature)
    this.#checked.set(id, known)
    return known
  }
}
