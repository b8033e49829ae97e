import { createPrivateKey, createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto'
import * as v from 'valibot'
import { decodeCanonical, deriveDid, encodeCanonical, schema, type Did } from '@chiron/protocol'
import { KeyError } from './errors.ts'
import type { KeyFiles } from './key-files.ts'
import { Secret } from './secret.ts'

/** DER of a PKCS #8 private key before its 32 bytes. RFC 8410 §7. */
const PKCS8 = { ed25519: Buffer.from('302e020100300506032b657004220420', 'hex'), x25519: Buffer.from('302e020100300506032b656e04220420', 'hex') }

const identityKind = v.picklist(['patient', 'practitioner', 'organisation', 'device'])
export type IdentityKind = v.InferOutput<typeof identityKind>

const keptIdentity = v.strictObject({
  format: v.literal('chiron/identity/v1'),
  kind: identityKind,
  did: schema.did,
  inception: schema.salt,
  keyId: schema.keyId,
  signing: schema.key32,
  agreement: schema.key32,
})

/**
 * An identity whose keys this node keeps. Signs with OpenSSL; the private keys are shown only by {@link agreementSeed},
 * which key agreement needs.
 */
export class Identity {
  readonly kind: IdentityKind
  readonly did: Did
  /** 16 bytes that the DID was derived with (SPEC-ID-2). */
  readonly inception: Uint8Array
  /** Name of the signing key in the DID document. */
  readonly keyId: string
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
  /** X25519, 32 bytes. */
  readonly agreementKey: Uint8Array
  readonly agreementSeed: Secret
  readonly #signingSeed: Secret
  readonly #signingKey: KeyObject

  constructor(parts: { kind: IdentityKind; inception: Uint8Array; signingSeed: Secret; agreementSeed: Secret; keyId?: string; did?: Did }) {
    this.#signingSeed = parts.signingSeed
    this.#signingKey = privateKeyOf('ed25519', parts.signingSeed)
    this.publicKey = publicBytes(this.#signingKey)
    this.agreementKey = publicBytes(privateKeyOf('x25519', parts.agreementSeed))
    this.agreementSeed = parts.agreementSeed
    this.kind = parts.kind
    this.inception = parts.inception
    this.keyId = parts.keyId ?? 'k1'
    this.did = parts.did ?? deriveDid(parts.kind, this.publicKey, parts.inception)
  }

  /** New keys, and the DID that they certify. */
  static create(kind: IdentityKind): Identity {
    return new Identity({ kind, inception: new Uint8Array(randomBytes(16)), signingSeed: new Secret(randomBytes(32)), agreementSeed: new Secret(randomBytes(32)) })
  }

  /** Undefined if there is none of this name. @throws KeyError `ERR_KEY_FILE_CORRUPT` */
  static load(files: KeyFiles, name: string): Identity | undefined {
    const bytes = files.read(name)?.reveal()
    if (!bytes) return undefined
    try {
      const { kind, did, inception, keyId, signing, agreement } = decodeCanonical(keptIdentity, bytes)
      return new Identity({ kind, did, inception, keyId, signingSeed: new Secret(signing), agreementSeed: new Secret(agreement) })
    } catch (cause) {
      throw new KeyError('ERR_KEY_FILE_CORRUPT', name, `the key file ${name} holds no identity: restore it from a backup`, { cause })
    }
  }

  /** The identity of this name, made and kept durably if it is new. @throws KeyError, StorageError */
  static loadOrCreate(files: KeyFiles, name: string, kind: IdentityKind): Identity {
    const found = Identity.load(files, name)
    if (found) return found
    const made = Identity.create(kind)
    made.save(files, name)
    return made
  }

  /** The same identity with new keys under the next key's name: save it, then rotate on the ledger. */
  rotated(): Identity {
    return new Identity({ kind: this.kind, did: this.did, inception: this.inception, keyId: `k${Number(this.keyId.slice(1)) + 1}`, signingSeed: new Secret(randomBytes(32)), agreementSeed: new Secret(randomBytes(32)) })
  }

  save(files: KeyFiles, name: string): void {
    files.write(name, this.#kept())
  }

  /** As `save`, without blocking: durable when it resolves. */
  async saveInBackground(files: KeyFiles, name: string): Promise<void> {
    await files.writeInBackground(name, this.#kept())
  }

  #kept(): Secret {
    const kept = { format: 'chiron/identity/v1', kind: this.kind, did: this.did, inception: this.inception, keyId: this.keyId, signing: this.#signingSeed.reveal(), agreement: this.agreementSeed.reveal() }
    return new Secret(encodeCanonical(kept))
  }

  /** Ed25519 signature, 64 bytes. RFC 8032. */
  sign(message: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, message, this.#signingKey))
  }
}

/** The key object of a private key's 32 bytes. RFC 8410 §7. */
export function privateKeyOf(type: keyof typeof PKCS8, seed: Secret): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8[type], seed.reveal()]), format: 'der', type: 'pkcs8' })
}

function publicBytes(key: KeyObject): Uint8Array {
  return new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32))
}
