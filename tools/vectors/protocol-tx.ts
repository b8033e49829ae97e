import { encode } from '@ipld/dag-cbor'
import { toPlain, type VectorFile } from './plain.ts'
import { sampleMessages } from './protocol-messages.ts'
import { base32, didOf, hex, publicKeyOf, sampleBytes, sha256, signWith } from './protocol-reference.ts'

const seed = sampleBytes('tx signer', 32)
const publicKey = publicKeyOf(seed)
const signer = didOf('organisation', publicKey, sampleBytes('tx signer inception', 16))

function bodyOf(messages: readonly unknown[]): Record<string, unknown> {
  return { chainId: 'chiron-vectors', signer, keyId: 'k1', messages, validUntil: 1_796_000_600_000 }
}

function signed(body: Uint8Array): { readonly message: Uint8Array; readonly signature: Uint8Array; readonly tx: Uint8Array } {
  const message = Buffer.concat([Buffer.from('chiron/tx/v1\0', 'ascii'), body])
  const signature = signWith(seed, message)
  return { message, signature, tx: encode({ body, signature }) }
}

export function signedTxVectors(): VectorFile {
  const messages = sampleMessages()
  const bodies = [...messages.map((message) => [message.type, [message]] as const), ['several messages', messages.slice(0, 3)] as const]
  return {
    requirements: ['SPEC-TX-1', 'SPEC-TX-2', 'SPEC-TX-3', 'SPEC-TX-6', 'SPEC-SIG-2'],
    about: '`body` encodes to `bodyHex`; its SHA-256 is `txId`; `signature` over `message` verifies under `publicKey`; `tx` is what travels.',
    cases: bodies.map(([name, list]) => {
      const body = bodyOf(list)
      const bytes = encode(body)
      const id = sha256(bytes)
      const { message, signature, tx } = signed(bytes)
      return {
        name, body: toPlain(body), bodyHex: hex(bytes), txId: hex(id), cid: `b${base32(Buffer.concat([Buffer.from('01711220', 'hex'), id]))}`,
        message: hex(message), publicKey: hex(publicKey), signature: hex(signature), tx: hex(tx),
      }
    }),
  }
}

export function refusedTxVectors(): VectorFile {
  const salt = sampleBytes('salt', 16)
  const good = { type: 'identity.revokeDelegation', salt, to: signer }
  const body = bodyOf([good])
  const { messages: _messages, ...withoutMessages } = body
  const { salt: _salt, ...withoutSalt } = good
  const put = sampleMessages().find((message) => message.type === 'records.put') as unknown as { readonly entries: readonly Record<string, unknown>[] }
  const putWith = (change: Record<string, unknown>): unknown => ({ ...put, entries: [{ ...put.entries[0], ...change }] })

  const shapes: readonly (readonly [string, unknown])[] = [
    ['an unknown field', { ...body, note: 'x' }],
    ['an unknown field in a message', bodyOf([{ ...good, note: 'x' }])],
    ['no messages field', withoutMessages],
    ['no message', bodyOf([])],
    ['65 messages', bodyOf(Array.from({ length: 65 }, () => good))],
    ['an unknown type', bodyOf([{ ...good, type: 'identity.unknown' }])],
    ['a type named like a built-in', bodyOf([{ ...good, type: 'constructor' }])],
    ['no salt', bodyOf([withoutSalt])],
    ['a salt of 15 bytes', bodyOf([{ ...good, salt: salt.subarray(1) }])],
    ['a salt that is text', bodyOf([{ ...good, salt: hex(salt) }])],
    ['a chain id in capitals', { ...body, chainId: 'CHIRON' }],
    ['a key named k0', { ...body, keyId: 'k0' }],
    ['a signer that is no DID', { ...body, signer: 'did:chiron:x' }],
    ['a negative time', { ...body, validUntil: -1 }],
    ['a time of 2^53', { ...body, validUntil: 2n ** 53n }],
    ['a time as text', { ...body, validUntil: '1796000600000' }],
    ['a record version of 2^32', bodyOf([putWith({ version: 0x1_0000_0000 })])],
    ['no subjects', bodyOf([putWith({ subjects: [] })])],
    ['a subject of 31 bytes', bodyOf([putWith({ subjects: [new Uint8Array(31)] })])],
    ['the body is an array', [1]],
    ['the body is null', null],
  ]
  const whole = encode(body)
  const { signature, tx } = signed(whole)
  const unsorted = Buffer.concat([Buffer.from('a2', 'hex'), encode('signature'), encode(signature), encode('body'), encode(whole)])
  const looseBody = Buffer.from(hex(whole).replace(hex(encode('k1')), `7802${hex(Buffer.from('k1'))}`), 'hex')
  return {
    requirements: ['SPEC-TX-1', 'SPEC-TX-3', 'SPEC-TX-5', 'SPEC-ENC-2'],
    about: 'Decoding `tx` fails with `code`; every signature is right.',
    cases: [
      ...shapes.map(([name, value]) => ({ name, tx: hex(signed(encode(value)).tx), code: 'ERR_PROTOCOL_SCHEMA' })),
      { name: 'a time as a double', tx: hex(signed(encode({ ...body, validUntil: 1.5 })).tx), code: 'ERR_PROTOCOL_ENCODING' },
      { name: 'a body with a longer head than needed', tx: hex(signed(looseBody).tx), code: 'ERR_PROTOCOL_NOT_CANONICAL' },
      { name: 'an envelope with unsorted keys', tx: hex(unsorted), code: 'ERR_PROTOCOL_NOT_CANONICAL' },
      { name: 'a byte after it', tx: `${hex(tx)}00`, code: 'ERR_PROTOCOL_NOT_CANONICAL' },
      { name: 'cut short', tx: hex(tx).slice(0, -2), code: 'ERR_PROTOCOL_ENCODING' },
      { name: 'a signature of 63 bytes', tx: hex(encode({ body: whole, signature: signature.subarray(1) })), code: 'ERR_PROTOCOL_SCHEMA' },
      { name: 'an envelope with a third field', tx: hex(encode({ body: whole, signature, x: 1 })), code: 'ERR_PROTOCOL_SCHEMA' },
      { name: 'a body that is a map, not bytes', tx: hex(encode({ body, signature })), code: 'ERR_PROTOCOL_SCHEMA' },
      { name: 'an empty body', tx: hex(encode({ body: new Uint8Array(), signature })), code: 'ERR_PROTOCOL_ENCODING' },
    ],
  }
}
