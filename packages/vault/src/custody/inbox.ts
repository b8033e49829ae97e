import { equalBytes, sha256, toHex, type Did } from '@chiron/protocol'
import { aeadOpen, importAeadKey, type AeadKey } from '../aead.ts'
import { VaultError } from '../errors.ts'
import { receiveSecret, type KemKeyPair } from '../hpke/suites.ts'
import { decodePackage, decodePackageBody, packageNonce, SESSION_LABEL, sessionBytes, sessionInfo, type PackageBody, type PackageHeader } from './package.ts'

export interface InboxOptions {
  readonly chainId: string
  /** The keyholder. */
  readonly did: Did
  readonly keys: KemKeyPair
}

export interface InboxDependencies {
  /** Current Ed25519 key (32 bytes) of an organisation that is a live member, else `undefined`. */
  readonly memberKey: (did: Did) => Uint8Array | undefined
  readonly verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean
}

interface Session {
  readonly memberKey: Uint8Array
  readonly key: AeadKey
}

const MAX_SESSIONS = 256

/** A keyholder's end of the sessions with dealers: opens packages, remembers the sessions used last. */
export class Inbox {
  readonly #options: InboxOptions
  readonly #dependencies: InboxDependencies
  readonly #sessions = new Map<string, Session>()

  constructor(options: InboxOptions, dependencies: InboxDependencies) {
    this.#options = options
    this.#dependencies = dependencies
  }

  /**
   * Opens a package from a live member.
   * @throws VaultError `ERR_VAULT_MESSAGE_INVALID`, `ERR_VAULT_WRONG_RECIPIENT`, `ERR_VAULT_SIGNATURE` (then the dealer
   * opens a new session)
   */
  async open(bytes: Uint8Array): Promise<{ readonly dealer: Did; readonly body: PackageBody }> {
    const { header, headerBytes, sealed } = decodePackage(bytes)
    const { chainId, did, keys } = this.#options
    if (header.chainId !== chainId || header.keyholder !== did || header.suite !== keys.suite) {
      throw new VaultError('ERR_VAULT_WRONG_RECIPIENT', 'a package for another keyholder or network')
    }
    const session = await this.#session(header)
    const body = await aeadOpen(session.key, packageNonce(header.seq), sealed, headerBytes)
    if (!body) throw new VaultError('ERR_VAULT_MESSAGE_INVALID', 'the package does not open')
    return { dealer: header.dealer, body: decodePackageBody(body) }
  }

  async #session(header: PackageHeader): Promise<Session> {
    const memberKey = this.#dependencies.memberKey(header.dealer)
    const signed = sessionBytes(header, header.enc)
    const id = toHex(sha256(signed))
    const present = this.#sessions.get(id)
    if (present && memberKey && equalBytes(present.memberKey, memberKey)) {
      this.#remember(id, present)
      return present
    }
    this.#sessions.delete(id)
    if (!memberKey || !this.#dependencies.verify(memberKey, signed, header.opening)) {
      throw new VaultError('ERR_VAULT_SIGNATURE', 'the session was not opened by a live member')
    }
    const secret = await receiveSecret(this.#options.keys, sessionInfo(header), SESSION_LABEL, header.enc)
    const session = { memberKey, key: await importAeadKey(secret) }
    secret.fill(0)
    this.#remember(id, session)
    return session
  }

  #remember(id: string, session: Session): void {
    this.#sessions.delete(id)
    this.#sessions.set(id, session)
    for (const oldest of this.#sessions.keys()) {
      if (this.#sessions.size <= MAX_SESSIONS) break
      this.#sessions.delete(oldest)
    }
  }
}
