import { jwtVerify, SignJWT } from 'jose'
import type { KeyObject } from 'node:crypto'
import * as v from 'valibot'
import { isDid, schema, type Did } from '@chiron/protocol'
import { GatewayError } from './errors.ts'
import type { Reader } from './reader.ts'

/** How long a sample token lives, in seconds. */
export const TOKEN_LIFETIME_S = 3600

export interface TokenKeys {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export interface TokenSubject {
  readonly did: Did
  /** Organisation whose base the token is for; a patient's token is for every base of the node. */
  readonly organisation?: string
  readonly user?: string
  readonly patientId?: string
  /** A patient's own wallet at one organisation: reads through nobody, and nothing of FHIR. */
  readonly isWallet?: true
  readonly purpose: string
  readonly scopes: readonly string[]
}

const claims = v.object({
  sub: v.custom<Did>(isDid),
  org: v.optional(v.string()),
  user: v.optional(v.string()),
  patient: v.optional(v.string()),
  wallet: v.optional(v.literal(true)),
  /** The patient's key when the token was made: it ends with that key. */
  kid: v.optional(v.string()),
  purpose: schema.purpose,
  scope: v.string(),
})

/** A token whose signature was found good, and what it says. */
interface Checked {
  readonly payload: v.InferOutput<typeof claims>
  /** Unix seconds at which it ends. */
  readonly exp: number
}

const REMEMBERED = 1000

/** Issues and checks the node's own bearer tokens: EdDSA-signed JWTs (RFC 7519), bound to the chain. */
export class Tokens {
  readonly #keys: TokenKeys
  readonly #audience: string
  readonly #now: () => number
  readonly #keyIdOf: (did: Did) => string | undefined
  readonly #checked = new Map<string, Checked>()

  /** `keyIdOf`: name of an identity's current key; undefined where there is none, or it is suspended. */
  constructor(options: { chainId: string }, dependencies: { keys: TokenKeys; now: () => number; keyIdOf: (did: Did) => string | undefined }) {
    this.#keys = dependencies.keys
    this.#audience = `chiron:${options.chainId}`
    this.#now = dependencies.now
    this.#keyIdOf = dependencies.keyIdOf
  }

  async issue(subject: TokenSubject): Promise<string> {
    const issuedAt = Math.floor(this.#now() / 1000)
    const isPatient = subject.patientId !== undefined || subject.isWallet === true
    return await new SignJWT({
      ...(subject.organisation === undefined ? {} : { org: subject.organisation }),
      ...(subject.user === undefined ? {} : { user: subject.user }),
      ...(subject.patientId === undefined ? {} : { patient: subject.patientId }),
      ...(subject.isWallet === undefined ? {} : { wallet: true }),
      ...(isPatient ? { kid: this.#keyIdOf(subject.did) ?? '' } : {}),
      purpose: subject.purpose,
      scope: subject.scopes.join(' '),
    })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt' })
      .setSubject(subject.did)
      .setAudience(this.#audience)
      .setIssuer(this.#audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + TOKEN_LIFETIME_S)
      .setJti(crypto.randomUUID())
      .sign(this.#keys.privateKey)
  }

  /** @throws GatewayError `ERR_GATEWAY_TOKEN` when the token is missing, expired, forged, of another node or organisation, or its subject suspended. */
  async verify(authorization: string | undefined, organisation: string): Promise<Reader> {
    const match = /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/.exec(authorization ?? '')
    if (match === null) throw new GatewayError('ERR_GATEWAY_TOKEN', 'this address needs a bearer token')
    const { payload } = await this.#check(match[1] as string)
    if (payload.org !== undefined && payload.org !== organisation) {
      throw new GatewayError('ERR_GATEWAY_TOKEN', 'the token is for another organisation')
    }
    if (payload.org === undefined && payload.patient === undefined) {
      throw new GatewayError('ERR_GATEWAY_TOKEN', 'the token names neither an organisation nor a patient')
    }
    const isPatient = payload.patient !== undefined || payload.wallet === true
    const keyId = this.#keyIdOf(payload.sub)
    if (keyId === undefined) throw new GatewayError('ERR_GATEWAY_TOKEN', 'the token is of nobody who may sign in here now')
    if (isPatient && payload.kid !== keyId) {
      throw new GatewayError('ERR_GATEWAY_TOKEN', "the patient's key was replaced since: sign in anew")
    }
    return {
      did: payload.sub,
      ...(payload.user === undefined ? {} : { user: payload.user }),
      ...(payload.patient === undefined ? {} : { patientId: payload.patient }),
      ...(payload.wallet === undefined ? {} : { isWallet: true as const }),
      purpose: payload.purpose,
      scopes: payload.scope.split(' ').filter((scope) => scope !== ''),
    }
  }

  /** A token is immutable, so a signature is checked once; its end is looked at each time. */
  async #check(token: string): Promise<Checked> {
    const known = this.#checked.get(token)
    if (known !== undefined && Math.floor(this.#now() / 1000) < known.exp) return known
    try {
      const { payload } = await jwtVerify(token, this.#keys.publicKey, {
        algorithms: ['EdDSA'],
        audience: this.#audience,
        issuer: this.#audience,
        typ: 'at+jwt',
        requiredClaims: ['exp', 'sub', 'jti'],
        currentDate: new Date(this.#now()),
      })
      const checked = { payload: v.parse(claims, payload), exp: payload.exp as number }
      // A token that may not be used yet is not kept: only its end is looked at again.
      if (payload.nbf === undefined) this.#remember(token, checked)
      return checked
    } catch (cause) {
      this.#checked.delete(token)
      throw new GatewayError('ERR_GATEWAY_TOKEN', 'the token is expired, damaged, or not from this node', { cause })
    }
  }

  #remember(token: string, checked: Checked): void {
    if (this.#checked.size >= REMEMBERED) this.#checked.delete(this.#checked.keys().next().value as string)
    this.#checked.set(token, checked)
  }
}
