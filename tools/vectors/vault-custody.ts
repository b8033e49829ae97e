import { encode } from '@ipld/dag-cbor'
import { aesGcm, deriveKeyPair, sender } from './hpke-reference.ts'
import type { Plain, VectorFile } from './plain.ts'
import { didOf, hex, publicKeyOf, sampleBytes, sha256, signWith, treeRoot, u32, u64 } from './protocol-reference.ts'

type Case = { readonly [key: string]: Plain }

const ascii = (text: string): Buffer => Buffer.from(text, 'ascii')
const chainId = 'vectors-1'
const partyOf = (name: string) => {
  const seed = sampleBytes(`${name} seed`, 32)
  return { seed, publicKey: publicKeyOf(seed), did: didOf('organisation', publicKeyOf(seed), new Uint8Array(16)) }
}
const dealer = partyOf('dealer')
const gateway = partyOf('gateway')
const reader = partyOf('reader')
const keyholders = ['one', 'two', 'three', 'four'].map(partyOf)
const kemSecret = sampleBytes('kem secret', 32)
const recipientSecret = sampleBytes('recipient secret', 32)
const salt = sampleBytes('salt', 16)
const record = sampleBytes('record', 16)
const key = sampleBytes('content key', 32)
const ciphertext = sampleBytes('ciphertext', 32)
const validUntil = 1_796_000_060_000

/** Product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1. */
function multiply(a: number, b: number): number {
  let product = 0
  for (let x = a, y = b; y > 0; y >>= 1) {
    if (y & 1) product ^= x
    x = (x << 1) ^ (x & 0x80 ? 0x11b : 0)
  }
  return product
}

/** Shamir's shares of a secret at the given points, with fixed coefficients. */
function sharesOf(secret: Uint8Array, threshold: number, points: readonly number[], label: string): Uint8Array[] {
  const coefficients = sampleBytes(label, secret.length * (threshold - 1))
  return points.map((x) => {
    const values = Array.from(secret, (byte, i) => {
      let value = 0
      for (let degree = threshold - 2; degree >= 0; degree--) value = multiply(value ^ (coefficients[i * (threshold - 1) + degree] as number), x)
      return value ^ byte
    })
    return Uint8Array.from([...values, x])
  })
}

const shares = sharesOf(key, 2, [17, 201, 3, 90], 'coefficients')
const commitments = shares.map((share, index) => sha256(ascii('chiron/share/v1'), salt, record, Buffer.of(index), share))
const keyCommitment = sha256(ascii('chiron/key/v1'), salt, record, key)
const shareRoot = sha256(ascii('chiron/share-root/v1'), ...commitments)
const root = treeRoot([Buffer.concat([record, u32(1), ciphertext, keyCommitment, shareRoot])])

/** Shares, their commitments, and what they combine to. */
export function shareVectors(): VectorFile {
  const of = (name: string, threshold: number, points: readonly number[]): Case => {
    const dealt = threshold === 1 ? points.map((x) => Uint8Array.from([...key, x])) : sharesOf(key, threshold, points, name)
    return { name, key: hex(key), threshold, shares: dealt.map(hex) }
  }
  return {
    requirements: ['SPEC-CUS-7'],
    about: 'Shares (value for each byte of the key, then the point) of which any `threshold` give the key (bytes in hex).',
    cases: [of('1 of 1', 1, [1]), of('1 of 3', 1, [1, 2, 3]), of('2 of 4', 2, [1, 255, 128, 77]), of('3 of 7', 3, [9, 8, 7, 6, 5, 4, 3])],
  }
}

/** A custody package as the keyholder at index 1 gets it, with all that is needed to open it. */
export function packageVectors(): VectorFile {
  const self = keyholders[1] as (typeof keyholders)[number]
  const parties = { chainId, dealer: dealer.did, keyholder: self.did, suite: 'x25519' }
  const info = Buffer.concat([ascii('chiron/custody-session/v1\0'), encode(parties)])
  const session = sender(deriveKeyPair(kemSecret).public, info, sampleBytes('session ekm', 32))
  const opening = signWith(dealer.seed, Buffer.concat([info, session.enc]))
  const body = encode({
    set: 1, threshold: 2, index: 1, root, validUntil,
    records: [[record, 1, ciphertext, salt, keyCommitment, new Uint8Array(Buffer.concat(commitments)), shares[1]]],
  })
  const cases = [0, 1, 4_294_967_296].map((seq): Case => {
    const header = encode({ v: 1, ...parties, enc: new Uint8Array(session.enc), opening, seq })
    const sealed = aesGcm(session.export('chiron/custody-session-key/v1'), Buffer.concat([u32(0), u64(seq)]), body, header)
    return {
      name: `package ${seq}`, chainId, dealer: dealer.did, dealerKey: hex(dealer.publicKey), keyholder: self.did, keyholderKey: hex(self.publicKey), kemSecret: hex(kemSecret),
      package: hex(encode({ header, sealed: new Uint8Array(sealed) })), body: hex(body), keyholders: keyholders.map((keyholder) => keyholder.did),
      receipt: hex(signWith(self.seed, Buffer.concat([ascii(`chiron/custody-receipt/v1\0${chainId}\0`), u32(1), root]))),
    }
  })
  return {
    requirements: ['SPEC-CUS-8', 'SPEC-CUS-9'],
    about: 'Packages of shares for one keyholder (HPKE with X25519; the KEM pair is derived from kemSecret), what is inside, and the receipt (bytes in hex).',
    cases,
  }
}

/** A release request, and two keyholders' responses that give the key. */
export function releaseVectors(): VectorFile {
  const body = encode({
    v: 1, chainId, access: sampleBytes('access', 16), reader: reader.did, gateway: gateway.did, records: [[record, 1]],
    recipient: { suite: 'x25519', key: new Uint8Array(deriveKeyPair(recipientSecret).public) }, nonce: sampleBytes('request nonce', 16), validUntil,
  })
  const request = encode({ body, signature: signWith(gateway.seed, Buffer.concat([ascii('chiron/release-request/v1\0'), body])) })
  const hash = sha256(body)
  const responses = [0, 2].map((index): Case => {
    const { did, seed, publicKey } = keyholders[index] as (typeof keyholders)[number]
    const info = Buffer.concat([ascii('chiron/release/v1\0'), encode({ keyholder: did, request: hash })])
    const to = sender(deriveKeyPair(recipientSecret).public, info, sampleBytes(`release ekm ${index}`, 32))
    const sealed = to.seal(encode([[0, 1, index, shares[index], new Uint8Array(Buffer.concat(commitments))]]))
    const response = encode({ v: 1, keyholder: did, request: hash, enc: new Uint8Array(to.enc), sealed: new Uint8Array(sealed), refused: [] })
    return {
      keyholder: did, signingKey: hex(publicKey),
      response: hex(encode({ body: response, signature: signWith(seed, Buffer.concat([ascii('chiron/release-response/v1\0'), response])) })),
    }
  })
  return {
    requirements: ['SPEC-REL-1', 'SPEC-REL-2', 'SPEC-REL-3', 'SPEC-REL-4'],
    about: 'A signed release request, and signed responses of keyholders that together give the content key (bytes in hex).',
    cases: [{
      name: '2 of 4', request: hex(request), requestHash: hex(hash), gatewayKey: hex(gateway.publicKey), recipientSecret: hex(recipientSecret),
      record: hex(record), version: 1, salt: hex(salt), keyCommitment: hex(keyCommitment), shareRoot: hex(shareRoot), threshold: 2,
      keyholders: keyholders.map(({ did, publicKey }) => ({ did, signingKey: hex(publicKey) })), responses, key: hex(key),
    }],
  }
}
