import { fromHex, parseDid, toHex, x25519PublicKey, type Did } from '@chiron/protocol'
import * as v from 'valibot'
import { SdkError } from '../errors.ts'
import type { Random } from '../ports.ts'
import { SecretBytes } from '../wallet/secret-bytes.ts'
import { createSeedSigner } from '../wallet/signer.ts'
import type { Wallet } from '../wallet/wallet.ts'

/** Secrets of one key of the identity: an Ed25519 seed and an X25519 secret, 32 bytes each. */
export interface KeySecrets {
  readonly signing: SecretBytes
  readonly agreement: SecretBytes
}

/** A key that the ledger knows under this name. */
export interface WalletKey extends KeySecrets {
  readonly keyId: string
}

/** Keys that were made and may or may not have reached the ledger: kept before they are sent, so that none can be lost. */
export interface PendingKeys extends KeySecrets {
  /** What they are for; a claim keeps the code's secret (16 bytes) to be sent again. */
  readonly claim: SecretBytes | undefined
}

interface State {
  readonly chainId: string
  readonly did: Did
  /** Newest last; the others only open copies that were not sealed anew yet. */
  readonly keys: readonly WalletKey[]
  readonly pending: PendingKeys | undefined
}

const hex32 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
const secrets = { signing: hex32, agreement: hex32 }
const file = v.strictObject({
  format: v.literal('chiron/patient-wallet/v1'),
  chainId: v.string(),
  did: v.string(),
  keys: v.array(v.strictObject({ keyId: v.pipe(v.string(), v.regex(/^k[1-9][0-9]{0,5}$/)), ...secrets })),
  pending: v.nullable(v.strictObject({ ...secrets, claim: v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/))) })),
})
/** A patient's wallet as JSON, **in the clear**: seal it with `sealWallet` before it is kept anywhere. */
export type PatientWalletFile = v.InferOutput<typeof file>

/** The keys of a patient's identity, or those that shall claim it. Immutable: every step gives a new one, to be kept. */
export class PatientWallet {
  readonly #state: State

  private constructor(state: State) {
    this.#state = state
  }

  /** New keys to claim an identity with. */
  static forClaim(chainId: string, did: Did, secret: Uint8Array, random: Random): PatientWallet {
    return new PatientWallet({ chainId, did, keys: [], pending: { ...newSecrets(random), claim: new SecretBytes(secret) } })
  }

  /** @throws SdkError `ERR_SDK_WALLET` */
  static parse(json: unknown): PatientWallet {
    const parsed = v.safeParse(file, json)
    if (!parsed.success) throw new SdkError('ERR_SDK_WALLET', 'not the wallet of a patient')
    const { chainId, did, keys, pending } = parsed.output
    const secretsOf = (item: { signing: string; agreement: string }) => ({ signing: new SecretBytes(fromHex(item.signing)), agreement: new SecretBytes(fromHex(item.agreement)) })
    return new PatientWallet({
      chainId,
      did: parseDid(did),
      keys: keys.map((key) => ({ keyId: key.keyId, ...secretsOf(key) })),
      pending: pending === null ? undefined : { ...secretsOf(pending), claim: pending.claim === null ? undefined : new SecretBytes(fromHex(pending.claim)) },
    })
  }

  format(): PatientWalletFile {
    const { chainId, did, keys, pending } = this.#state
    const secretsOf = ({ signing, agreement }: KeySecrets) => ({ signing: toHex(signing.reveal()), agreement: toHex(agreement.reveal()) })
    return {
      format: 'chiron/patient-wallet/v1',
      chainId,
      did,
      keys: keys.map((key) => ({ keyId: key.keyId, ...secretsOf(key) })),
      pending: pending === undefined ? null : { ...secretsOf(pending), claim: pending.claim === undefined ? null : toHex(pending.claim.reveal()) },
    }
  }

  get chainId(): string {
    return this.#state.chainId
  }

  get did(): Did {
    return this.#state.did
  }

  get pending(): PendingKeys | undefined {
    return this.#state.pending
  }

  get keys(): readonly WalletKey[] {
    return this.#state.keys
  }

  get isClaimed(): boolean {
    return this.#state.keys.length > 0
  }

  /** @throws SdkError `ERR_SDK_WALLET` before the claim */
  get current(): WalletKey {
    const key = this.#state.keys.at(-1)
    if (key === undefined) throw new SdkError('ERR_SDK_WALLET', 'this wallet has not claimed its identity yet')
    return key
  }

  /** What transactions are signed with. @throws as {@link current} */
  get signing(): Wallet {
    return walletOf(this.did, this.current)
  }

  /** Keys to rotate to, in addition. */
  withPending(random: Random): PatientWallet {
    return new PatientWallet({ ...this.#state, pending: { ...newSecrets(random), claim: undefined } })
  }

  /** The pending keys have become the identity's. */
  promoted(keyId: string): PatientWallet {
    const { pending, keys } = this.#state
    if (pending === undefined) throw new SdkError('ERR_SDK_WALLET', 'no keys are pending')
    const { signing, agreement } = pending
    return new PatientWallet({ ...this.#state, keys: [...keys, { keyId, signing, agreement }], pending: undefined })
  }

  /** Without the keys before the current one: once every copy is sealed anew. */
  withoutOldKeys(): PatientWallet {
    return new PatientWallet({ ...this.#state, keys: [this.current] })
  }
}

export function walletOf(did: Did, key: WalletKey): Wallet {
  return { did, keyId: key.keyId, signer: createSeedSigner(key.signing) }
}

/** X25519 public key, 32 bytes. */
export function agreementKeyOf({ agreement }: KeySecrets): Uint8Array {
  return x25519PublicKey(agreement.reveal())
}

function newSecrets(random: Random): KeySecrets {
  return { signing: new SecretBytes(random.bytes(32)), agreement: new SecretBytes(random.bytes(32)) }
}
