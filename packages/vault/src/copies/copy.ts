import { concatBytes, encodeCanonical, schema, utf8, type Did, type RecordId } from '@chiron/protocol'
import * as v from 'valibot'
import { AEAD_KEY_BYTES, AEAD_NONCE_BYTES, AEAD_TAG_BYTES, aeadOpen, aeadSeal, importAeadKey, type AeadKey } from '../aead.ts'
import { VaultError } from '../errors.ts'
import { receiveSecret, sendSecret, type KemKeyPair } from '../hpke/suites.ts'
import type { Random } from '../random.ts'
import { decodeStrict } from '../strict.ts'

/** Whose wallet: the identity, and the key of its DID document that copies are sealed to. */
export interface CopyOwner {
  readonly chainId: string
  readonly owner: Did
  /** `k2` and so on: the key to which `agreementKey` belongs. */
  readonly keyId: string
}

/** Which version's content key: by the hash of its envelope as well, so that what was dealt twice is told apart. */
export interface CopyOf {
  readonly record: RecordId
  readonly version: number
  /** SHA-256 of the envelope (32 bytes). */
  readonly ciphertext: Uint8Array
}

/** Longest a copy may be, in bytes; as {@link sealCopies} makes them they have about 130. */
export const MAX_COPY_BYTES = 256

const ENC_BYTES = 32

/**
 * A content key sealed to a wallet: an HPKE encapsulation (DHKEM X25519), which several copies share, and the key (32)
 * under AES-256-GCM with the secret that it exports. SPEC-COPY-1.
 */
export const walletCopy = v.strictObject({
  v: v.literal(1),
  keyId: schema.keyId,
  enc: schema.bytesOf(ENC_BYTES),
  nonce: schema.bytesOf(AEAD_NONCE_BYTES),
  sealed: schema.bytesOf(AEAD_KEY_BYTES + AEAD_TAG_BYTES),
})
export type WalletCopyContent = v.InferOutput<typeof walletCopy>

/** @throws VaultError `ERR_VAULT_MESSAGE_INVALID` */
export function decodeCopy(bytes: Uint8Array): WalletCopyContent {
  if (bytes.length > MAX_COPY_BYTES) throw new VaultError('ERR_VAULT_MESSAGE_INVALID', 'not a copy for a wallet: too long')
  return decodeStrict(walletCopy, bytes, 'ERR_VAULT_MESSAGE_INVALID', 'a copy for a wallet')
}

/**
 * Seals content keys to a wallet's agreement key: one encapsulation for all of them. `agreementKey`: X25519, 32 bytes.
 * Gives the copies in the same order.
 */
export async function sealCopies(
  to: CopyOwner & { readonly agreementKey: Uint8Array },
  keys: readonly (CopyOf & { readonly key: Uint8Array })[],
  random: Random,
): Promise<Uint8Array[]> {
  if (keys.length === 0) return []
  const { enc, secret } = await sendSecret({ suite: 'x25519', key: to.agreementKey }, copyInfo(to), LABEL, random)
  const sealing = await importAeadKey(secret)
  return await Promise.all(
    keys.map(async ({ key, ...of }) => {
      const nonce = random(AEAD_NONCE_BYTES)
      const sealed = await aeadSeal(sealing, nonce, key, associated(of))
      return encodeCanonical({ v: 1, keyId: to.keyId, enc, nonce, sealed } satisfies WalletCopyContent)
    }),
  )
}

/** Opens copies with the keys of one wallet; encapsulations that copies share are opened once. */
export class CopyOpener {
  readonly #wallet: Omit<CopyOwner, 'keyId'>
  readonly #keys: (keyId: string) => KemKeyPair | undefined
  readonly #secrets = new Map<string, Promise<AeadKey>>()

  /** `keys`: the wallet's pair of a name in its DID document, also an earlier one; suite `x25519`. */
  constructor(wallet: Omit<CopyOwner, 'keyId'>, keys: (keyId: string) => KemKeyPair | undefined) {
    this.#wallet = wallet
    this.#keys = keys
  }

  /**
   * The content key (32 bytes), which the caller checks against the commitment on the ledger.
   * @throws VaultError `ERR_VAULT_MESSAGE_INVALID` for a copy that is damaged, of another version or wallet, or sealed to a
   * key that is not at hand
   */
  async open(of: CopyOf, bytes: Uint8Array): Promise<Uint8Array> {
    const { keyId, enc, nonce, sealed } = decodeCopy(bytes)
    const key = await aeadOpen(await this.#secret(keyId, enc), nonce, sealed, associated(of))
    if (key === undefined) throw new VaultError('ERR_VAULT_MESSAGE_INVALID', 'the copy does not open for this record version')
    return key
  }

  async #secret(keyId: string, enc: Uint8Array): Promise<AeadKey> {
    const name = `${keyId}/${String(enc)}`
    const secret = this.#secrets.get(name) ?? this.#receive(keyId, enc)
    this.#secrets.set(name, secret)
    return await secret
  }

  async #receive(keyId: string, enc: Uint8Array): Promise<AeadKey> {
    const keys = this.#keys(keyId)
    if (keys === undefined) throw new VaultError('ERR_VAULT_MESSAGE_INVALID', 'the copy is sealed to a key that this wallet does not have')
    return await importAeadKey(await receiveSecret(keys, copyInfo({ ...this.#wallet, keyId }), LABEL, enc))
  }
}

const LABEL = utf8('chiron/wallet-copy-key/v1')

/** HPKE `info`: `chiron/wallet-copy/v1`, zero, canonical encoding of chainId, owner, keyId. SPEC-COPY-1. */
function copyInfo({ chainId, owner, keyId }: CopyOwner): Uint8Array {
  return concatBytes(utf8('chiron/wallet-copy/v1\0'), encodeCanonical({ chainId, owner, keyId }))
}

function associated({ record, version, ciphertext }: CopyOf): Uint8Array {
  return encodeCanonical({ record, version, ciphertext })
}
