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
  const bodies = [...messages.map((message, at) => [nameOf(messages, at), [message]] as const), ['several messages', messages.slice(0, 3)] as const]
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

/** The type; of further messages of a type, numbered. */
function nameOf(messages: readonly { readonly type: string }[], at: number): string {
  const type = messages[at]?.type ?? ''
  const nth = messages.slice(0, at + 1).filter((message) => message.type === type).length
  return nth === 1 ? type : `${type}, ${nth}`
}

export function refusedTxVectors(): VectorFile {
  const salt = sampleBytes('salt', 16)
  const good = { type: 'identity.revokeDelegation', salt, to: signer }
  const body = bodyOf([good])
  const { messages: _messages, ...withoutMessages } = body
  const { salt: _salt, ...withoutSalt } = good
  const first = (type: string): Record<string, unknown> => sampleMessages().find((message) => message.type === type) ?? {}
  const put = first('records.put') as { readonly entries: readonly Record<string, unknown>[] }
  const putWith = (change: Record<string, unknown>): unknown => ({ ...put, entries: [{ ...put.entries[0], ...change }] })

  const grant = first('consent.grant') as { readonly terms: Record<string, unknown> }
  const grantWith = (change: Record<string, unknown>): unknown => ({ ...grant, terms: { ...grant.terms, ...change } })

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
    ['days of a record that end before they begin', bodyOf([putWith({ dates: { from: 2, until: 1 } })])],
    ['a day of 2^32', bodyOf([putWith({ dates: { from: 0, until: 0x1_0000_0000 } })])],
    ['days without an end', bodyOf([putWith({ dates: { from: 0 } })])],
    ...(
      [
        ['data of no interval', { data: { from: null, until: null } }],
        ['data of an empty interval', { data: { from: 5, until: 5 } }],
        ['data of a day before the first', { data: { from: -1, until: 5 } }],
        ['no condition, but a list', { conditions: [] }],
        ['nine conditions', { conditions: Array.from({ length: 9 }, () => ({ kind: 'second-person' })) }],
        ['a condition of no country', { conditions: [{ kind: 'jurisdiction', within: true, of: [] }] }],
        ['a country in small letters', { conditions: [{ kind: 'jurisdiction', within: true, of: ['de'] }] }],
        ['a condition of an unknown kind', { conditions: [{ kind: 'weather' }] }],
        ['terms by a hash of 31 bytes', { conditions: [{ kind: 'terms', hash: new Uint8Array(31) }] }],
        ['no obligation, but a list', { obligations: [] }],
        ['an obligation in small letters', { obligations: ['encrypt'] }],
        ['absolute, but false', { absolute: false }],
        ['a grantee of an unknown kind', { grantee: { kind: 'everyone' } }],
        ['anyone, with a name', { grantee: { kind: 'anyone', did: signer } }],
        ['a role at no organisation', { grantee: { kind: 'role', role: 'nurse', organisation: null } }],
      ] as const
    ).map(([name, change]): readonly [string, unknown] => [`a rule: ${name}`, bodyOf([grantWith(change)])]),
    ['an emergency for a reason in free words', bodyOf([{ ...first('access.breakGlass'), reason: 'overdose' }])],
    ['a review without an outcome', bodyOf([{ ...first('access.reviewEmergency'), outcome: 'open' }])],
    ['a delegate for no action', bodyOf([{ ...first('consent.appointDelegate'), actions: [] }])],
    ['an order without its basis', bodyOf([{ ...first('consent.order'), basis: null }])],
    ['a jurisdiction by name', bodyOf([{ ...first('network.setJurisdiction'), jurisdiction: 'Germany' }])],
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
