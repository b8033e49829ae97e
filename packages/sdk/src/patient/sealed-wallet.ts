import { scryptAsync } from '@noble/hashes/scrypt.js'
import { fromBase64url, toBase64url } from '@chiron/ledger/proofs'
import * as v from 'valibot'
import { SdkError } from '../errors.ts'
import { platformRandom, type Random } from '../ports.ts'
import { PatientWallet } from './patient-wallet.ts'

/** Cost of scrypt (RFC 7914), as OWASP recommends: 128 MiB, about a second. */
const COST = { n: 2 ** 17, r: 8, p: 1 }
/** No file makes the opener spend more than this. */
const MAX_N = 2 ** 20
const MIN_PASSPHRASE = 8

const sealed = v.strictObject({
  format: v.literal('chiron/sealed-wallet/v1'),
  kdf: v.strictObject({
    name: v.literal('scrypt'),
    n: v.pipe(v.number(), v.integer(), v.minValue(2 ** 14), v.maxValue(MAX_N), v.check((n) => (n & (n - 1)) === 0)),
    r: v.literal(8),
    p: v.literal(1),
    salt: v.string(),
  }),
  cipher: v.literal('AES-256-GCM'),
  nonce: v.string(),
  ciphertext: v.string(),
})
/** A wallet under a passphrase, as JSON: for a file, or a browser's storage. SPEC-WAL-3. */
export type SealedWallet = v.InferOutput<typeof sealed>

/** @throws SdkError `ERR_SDK_WALLET` for a passphrase of fewer than 8 characters */
export async function sealWallet(wallet: PatientWallet, passphrase: string, dependencies: { readonly random: Random } = { random: platformRandom }): Promise<SealedWallet> {
  if ([...passphrase].length < MIN_PASSPHRASE) throw new SdkError('ERR_SDK_WALLET', `a passphrase has at least ${MIN_PASSPHRASE} characters`)
  const [salt, nonce] = [dependencies.random.bytes(16), dependencies.random.bytes(12)]
  const kdf = { name: 'scrypt' as const, ...COST, r: 8 as const, p: 1 as const, salt: toBase64url(salt) }
  const key = await keyOf(passphrase, kdf.n, salt)
  const plain = new TextEncoder().encode(JSON.stringify(wallet.format()))
  const ciphertext = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(nonce), additionalData: associated(kdf) }, key, plain)
  plain.fill(0)
  return { format: 'chiron/sealed-wallet/v1', kdf, cipher: 'AES-256-GCM', nonce: toBase64url(nonce), ciphertext: toBase64url(new Uint8Array(ciphertext)) }
}

/** @throws SdkError `ERR_SDK_WALLET`: not such a file, another passphrase, or changed */
export async function openWallet(json: unknown, passphrase: string): Promise<PatientWallet> {
  const parsed = v.safeParse(sealed, json)
  if (!parsed.success) throw new SdkError('ERR_SDK_WALLET', 'not a sealed wallet')
  const { kdf, nonce, ciphertext } = parsed.output
  const [salt, iv, body] = [kdf.salt, nonce, ciphertext].map((text) => fromBase64url(text) ?? new Uint8Array()) as [Uint8Array, Uint8Array, Uint8Array]
  const key = await keyOf(passphrase, kdf.n, salt)
  try {
    const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: new Uint8Array(iv), additionalData: associated(kdf) }, key, new Uint8Array(body))
    return PatientWallet.parse(JSON.parse(new TextDecoder().decode(plain)))
  } catch (cause) {
    throw new SdkError('ERR_SDK_WALLET', 'the wallet does not open: another passphrase, or the file was changed', { cause })
  }
}

async function keyOf(passphrase: string, n: number, salt: Uint8Array): Promise<CryptoKey> {
  const raw = await scryptAsync(passphrase.normalize('NFKC'), salt, { N: n, r: COST.r, p: COST.p, dkLen: 32, maxmem: 2 ** 31 })
  return await crypto.subtle.importKey('raw', new Uint8Array(raw), 'AES-GCM', false, ['encrypt', 'decrypt'])
}

function associated({ name, n, r, p, salt }: SealedWallet['kdf']): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`chiron/sealed-wallet/v1 ${name} ${n} ${r} ${p} ${salt}`)
}
