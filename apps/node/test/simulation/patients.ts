import { claimBytes, claimKeySeed, claimPossessionBytes, ed25519PublicKey, equalBytes, parseClaimCode, signEd25519, type Did, type Handle, type Message } from '@chiron/protocol'
import type { SeededRandom } from '@chiron/testkit/simulation'
import type { Config } from './config.ts'
import type { ModelKey } from './model.ts'
import { partyLike, stubSignature, type Party } from './parties.ts'

interface Surroundings {
  readonly chainId: string
  readonly config: Config
  /** The newest key that the ledger has of an identity. */
  readonly newestKey: (did: Did) => ModelKey | undefined
}

/** A person with a wallet, which outlives every machine. Until the claim the custodian signs for them, as on a sample network. */
export class PatientActor {
  readonly id: string
  readonly handle: Handle
  /** The custodian's key of the identity. */
  readonly first: Party
  /** As it was handed out last. */
  code: string | undefined
  readonly #around: Surroundings
  /** Every key that the wallet made, oldest first, whether or not the ledger took it. */
  readonly #made: Party[] = []

  constructor(id: string, handle: Handle, first: Party, around: Surroundings) {
    this.id = id
    this.handle = handle
    this.first = first
    this.#around = around
  }

  get did(): Did {
    return this.first.did
  }

  /** The key that is valid now, as the wallet finds it on the ledger. */
  get signer(): Party {
    return this.#all.find((key) => this.#isNewest(key)) ?? this.first
  }

  get holdsKeys(): boolean {
    return this.signer !== this.first
  }

  /** Keys that were the identity's, and are no longer. */
  get past(): readonly Party[] {
    const number = this.#around.newestKey(this.did)?.number ?? 1
    return this.#all.filter((key) => Number(key.keyId.slice(1)) < number)
  }

  /** The wallet's key of this name. */
  key(keyId: string): Party | undefined {
    return this.#made.find((key) => key.keyId === keyId)
  }

  made(signingKey: Uint8Array): boolean {
    return this.#made.some(({ publicKey }) => equalBytes(publicKey, signingKey))
  }

  /** Keys for the next step, kept before they are sent, and sent again until the ledger takes them. */
  newKeys(): Party {
    const number = (this.#around.newestKey(this.did)?.number ?? 1) + 1
    const known = this.key(`k${number}`)
    if (known !== undefined) return known
    const keys = partyLike(this.first, `${this.id} k${number}`, number, this.#around.config.signing)
    this.#made.push(keys)
    return keys
  }

  /** A claim of these keys, signed as the code says, or by somebody else; undefined without a code. */
  claimMessage(random: SeededRandom, keys: Party, claimSigner?: Party): Message | undefined {
    if (this.code === undefined) return undefined
    const { chainId, config } = this.#around
    const { did, secret } = parseClaimCode(this.code)
    const seed = claimKeySeed({ did, secret }, chainId)
    const claimKey = ed25519PublicKey(seed)
    const statement = { chainId, did, claimKey, signingKey: keys.publicKey, agreementKey: keys.agreementKey }
    const byCode = (message: Uint8Array): Uint8Array => (config.signing === 'real' ? signEd25519(seed, message) : stubSignature(claimKey, message))
    return {
      type: 'identity.claim', salt: random.bytes(16), did, signingKey: keys.publicKey, agreementKey: keys.agreementKey,
      claimSignature: claimSigner === undefined ? byCode(claimBytes(statement)) : claimSigner.sign(claimBytes(statement)),
      possession: keys.sign(claimPossessionBytes(statement)),
    }
  }

  get #all(): readonly Party[] {
    return [this.first, ...this.#made]
  }

  #isNewest({ publicKey }: Party): boolean {
    const newest = this.#around.newestKey(this.did)
    return newest !== undefined && equalBytes(newest.signing, publicKey)
  }
}
