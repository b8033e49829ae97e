import { deriveDid, parseDid, toHex, fromHex, x25519PublicKey, type Did } from '@chiron/protocol'
import * as v from 'valibot'
import { SdkError } from '../errors.ts'
import { platformRandom, type Random } from '../ports.ts'
import { SecretBytes } from './secret-bytes.ts'
import { createSeedSigner, type Signer } from './signer.ts'

/** Kinds of identity that a person or a machine can hold the keys of. */
export type WalletKind = 'organisation' | 'practitioner' | 'patient' | 'device'

/** An identity and the key that signs for it. */
export interface Wallet {
  readonly did: Did
  /** Name of the signing key in the DID document: `k1` at first. */
  readonly keyId: string
  readonly signer: Signer
}

/** A wallet whose secrets are at hand, so that it can be backed up. */
export interface SeedWallet extends Wallet {
  readonly kind: WalletKind
  /** 16 bytes that the DID was derived with (SPEC-ID-2). */
  readonly inception: Uint8Array
  /** X25519 public key (32 bytes), to which key shares are sealed. */
  readonly agreementKey: Uint8Array
  readonly secrets: { readonly signing: SecretBytes; readonly agreement: SecretBytes }
}

/** Makes new keys and the identity that they certify. It exists on the ledger once it is registered. */
export function createWallet(options: { readonly kind: WalletKind }, dependencies: { readonly random: Random } = { random: platformRandom }): SeedWallet {
  const { random } = dependencies
  const secrets = { signing: new SecretBytes(random.bytes(32)), agreement: new SecretBytes(random.bytes(32)) }
  const signer = createSeedSigner(secrets.signing)
  const inception = random.bytes(16)
  return { kind: options.kind, did: deriveDid(options.kind, signer.publicKey, inception), keyId: 'k1', signer, inception, agreementKey: x25519PublicKey(secrets.agreement.reveal()), secrets }
}

const backup = v.strictObject({
  format: v.literal('chiron/wallet/v1'),
  kind: v.picklist(['organisation', 'practitioner', 'patient', 'device']),
  did: v.string(),
  keyId: v.pipe(v.string(), v.regex(/^k[1-9][0-9]{0,5}$/)),
  inception: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  signing: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  agreement: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
})
/** A wallet as JSON, **in the clear**: whoever has it is the identity. Encrypt it before it is kept anywhere. */
export type WalletBackup = v.InferOutput<typeof backup>

export function backupWallet(wallet: SeedWallet): WalletBackup {
  return {
    format: 'chiron/wallet/v1',
    kind: wallet.kind,
    did: wallet.did,
    keyId: wallet.keyId,
    inception: toHex(wallet.inception),
    signing: toHex(wallet.secrets.signing.reveal()),
    agreement: toHex(wallet.secrets.agreement.reveal()),
  }
}

/** @throws SdkError `ERR_SDK_WALLET` for anything that {@link backupWallet} did not write, or a first key that is not the DID's */
export function restoreWallet(json: unknown): SeedWallet {
  const parsed = v.safeParse(backup, json)
  if (!parsed.success) throw new SdkError('ERR_SDK_WALLET', 'not a backup of a wallet')
  const { kind, keyId } = parsed.output
  const secrets = { signing: new SecretBytes(fromHex(parsed.output.signing)), agreement: new SecretBytes(fromHex(parsed.output.agreement)) }
  const signer = createSeedSigner(secrets.signing)
  const inception = fromHex(parsed.output.inception)
  const did = parseBackupDid(parsed.output.did)
  if (keyId === 'k1' && deriveDid(kind, signer.publicKey, inception) !== did) {
    throw new SdkError('ERR_SDK_WALLET', 'the keys do not belong to the identity')
  }
  return { kind, did, keyId, signer, inception, agreementKey: x25519PublicKey(secrets.agreement.reveal()), secrets }
}

function parseBackupDid(text: string): Did {
  try {
    return parseDid(text)
  } catch (cause) {
    throw new SdkError('ERR_SDK_WALLET', 'not a backup of a wallet', { cause })
  }
}
