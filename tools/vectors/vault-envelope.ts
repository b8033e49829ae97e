import { constants, deflateRawSync } from 'node:zlib'
import { encode } from '@ipld/dag-cbor'
import { aesGcm } from './hpke-reference.ts'
import type { Plain, VectorFile } from './plain.ts'
import { didOf, hex, publicKeyOf, sampleBytes, sha256, u32 } from './protocol-reference.ts'

type Case = { readonly [key: string]: Plain }

const ascii = (text: string): Buffer => Buffer.from(text, 'ascii')
const author = didOf('organisation', publicKeyOf(sampleBytes('author', 32)), sampleBytes('inception', 16))
const key = sampleBytes('content key', 32)
const salt = sampleBytes('salt', 16)
const nonce = sampleBytes('nonce', 12)
const header = Buffer.concat([ascii('CHRN'), Buffer.of(1, 1), salt, nonce])
const binding = { chainId: 'vectors-1', record: sampleBytes('record', 16), version: 2, author, subjects: [sampleBytes('subject', 32)] }
const resource = Buffer.from('{"resourceType":"Observation","status":"final","note":[{"text":"åß"}]}', 'utf8')
const content = encode({ meta: { type: 'Observation', version: 2, draft: false, labels: ['hiv'] }, resource: new Uint8Array(resource) })

/** Streams that every DEFLATE implementation writes alike: stored, or literals only. */
const stored = (plain: Uint8Array): Buffer => deflateRawSync(plain, { level: 0 })
const literals = (plain: Uint8Array): Buffer => deflateRawSync(plain, { strategy: constants.Z_HUFFMAN_ONLY })

function padded(length: number): number {
  if (length <= 256) return 256
  const exponent = Math.floor(Math.log2(length))
  const step = 2 ** (exponent - (Math.floor(Math.log2(exponent)) + 1))
  return Math.ceil(length / step) * step
}

function frameOf(plain: Uint8Array, stream: Buffer, plainLength = plain.length): Buffer {
  const frame = Buffer.alloc(padded(8 + stream.length))
  Buffer.concat([u32(plainLength), u32(stream.length), stream]).copy(frame)
  return frame
}

function seal(frame: Uint8Array, head = header, bound: object = binding): Buffer {
  return Buffer.concat([head, aesGcm(key, nonce, frame, Buffer.concat([ascii('chiron/envelope/v1\0'), head, encode(bound)]))])
}

function caseOf(name: string, envelope: Uint8Array, more: Case): Case {
  const { chainId, record, version, subjects } = binding
  return { name, envelope: hex(envelope), key: hex(key), chainId, record: hex(record), version, author, subjects: subjects.map(hex), ...more }
}

/** Envelopes that open. */
export function openedEnvelopes(): VectorFile {
  const large = encode({ meta: {}, resource: sampleBytes('large', 5000) })
  const opened = (name: string, plain: Uint8Array, stream: Buffer): Case => {
    const envelope = seal(frameOf(plain, stream))
    return caseOf(name, envelope, { hash: hex(sha256(envelope)), salt: hex(salt), content: hex(plain) })
  }
  return {
    requirements: ['SPEC-ENV-1', 'SPEC-ENV-2', 'SPEC-ENV-3', 'SPEC-ENV-4'],
    about: 'Envelopes with their content key and binding, and the canonical content that they hold (bytes in hex).',
    cases: [
      opened('stored stream', content, stored(content)),
      opened('literals', content, literals(content)),
      opened('padded beyond 256 bytes', large, stored(large)),
    ],
  }
}

/** Envelopes that must be refused, and with which code. */
export function refusedEnvelopes(): VectorFile {
  const good = seal(frameOf(content, stored(content)))
  const flipped = (at: number): Buffer => {
    const copy = Buffer.from(good)
    copy[at] = (copy[at] as number) ^ 1
    return copy
  }
  const frame = frameOf(content, stored(content))
  const dirty = Buffer.from(frame)
  dirty[dirty.length - 1] = 1
  const refused = (name: string, code: string, envelope: Uint8Array): Case => caseOf(name, envelope, { code })
  const bomb = new Uint8Array(40 * 1024 * 1024)
  return {
    requirements: ['SPEC-ENV-1', 'SPEC-ENV-2', 'SPEC-ENV-3', 'SPEC-ENV-4'],
    about: 'Envelopes that do not open with this key and binding, and why (plaintext limit: 16 MiB).',
    cases: [
      refused('other magic', 'ERR_VAULT_ENVELOPE_INVALID', flipped(0)),
      refused('other format version', 'ERR_VAULT_SUITE_UNSUPPORTED', flipped(4)),
      refused('other suite', 'ERR_VAULT_SUITE_UNSUPPORTED', flipped(5)),
      refused('changed salt', 'ERR_VAULT_ENVELOPE_TAMPERED', flipped(6)),
      refused('changed nonce', 'ERR_VAULT_ENVELOPE_TAMPERED', flipped(22)),
      refused('changed ciphertext', 'ERR_VAULT_ENVELOPE_TAMPERED', flipped(34)),
      refused('changed tag', 'ERR_VAULT_ENVELOPE_TAMPERED', flipped(good.length - 1)),
      refused('cut short', 'ERR_VAULT_ENVELOPE_TAMPERED', good.subarray(0, -1)),
      refused('no ciphertext', 'ERR_VAULT_ENVELOPE_INVALID', good.subarray(0, 49)),
      refused('of another version', 'ERR_VAULT_ENVELOPE_TAMPERED', seal(frame, header, { ...binding, version: 1 })),
      refused('of another network', 'ERR_VAULT_ENVELOPE_TAMPERED', seal(frame, header, { ...binding, chainId: 'vectors-2' })),
      refused('padding that is not zero', 'ERR_VAULT_ENVELOPE_INVALID', seal(dirty)),
      refused('longer padding than needed', 'ERR_VAULT_ENVELOPE_INVALID', seal(Buffer.concat([frame, Buffer.alloc(32)]))),
      refused('plain length too small', 'ERR_VAULT_ENVELOPE_INVALID', seal(frameOf(content, stored(content), content.length - 1))),
      refused('plain length too large', 'ERR_VAULT_ENVELOPE_INVALID', seal(frameOf(content, stored(content), content.length + 1))),
      refused('plain length over the limit', 'ERR_VAULT_TOO_LARGE', seal(frameOf(content, stored(content), bomb.length))),
      refused('not DEFLATE', 'ERR_VAULT_ENVELOPE_INVALID', seal(frameOf(content, Buffer.alloc(40, 0xff)))),
      refused('content not canonical', 'ERR_VAULT_ENVELOPE_INVALID', seal(frameOf(Buffer.concat([content, Buffer.of(0)]), stored(Buffer.concat([content, Buffer.of(0)]))))),
      refused('content with more fields', 'ERR_VAULT_ENVELOPE_INVALID', (() => {
        const more = encode({ meta: {}, more: 1, resource: new Uint8Array() })
        return seal(frameOf(more, stored(more)))
      })()),
    ],
  }
}
