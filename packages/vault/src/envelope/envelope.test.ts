import { concatBytes, encodeCanonical, utf8, type Handle, type RecordId } from '@chiron/protocol'
import * as fc from 'fast-check'
import { deflateSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { webRandom } from '../random.ts'
import { flippedBytes, testIdentity } from '../testing/index.ts'
import { decodeContent, encodeContent, type EnvelopeContent } from './content.ts'
import { openEnvelope, sealEnvelope } from './envelope.ts'
import { envelopeHash, envelopeSalt, HEADER_BYTES, type EnvelopeBinding } from './format.ts'
import { packFrame, paddedLength, unpackFrame } from './frame.ts'

const binding: EnvelopeBinding = {
  chainId: 'chiron-test',
  record: new Uint8Array(16).fill(1) as RecordId,
  version: 3,
  author: testIdentity('author').did,
  subjects: [new Uint8Array(32).fill(2) as Handle],
}
const content = { meta: { type: 'Observation', version: 3, labels: ['hiv'], draft: false }, resource: utf8('{"resourceType":"Observation"}') }

describe('envelope', () => {
  it('gives back any content, and differs each time', async () => {
    const meta = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.oneof(fc.string({ unit: 'grapheme' }), fc.nat(), fc.boolean(), fc.array(fc.string())))
    await fc.assert(fc.asyncProperty(meta, fc.uint8Array({ maxLength: 3000 }), async (facts, resource) => {
      const given = { meta: { ...facts }, resource }
      const first = await sealEnvelope(given, binding, webRandom)
      const second = await sealEnvelope(given, binding, webRandom)
      expect(await openEnvelope(first.bytes, first.key, binding)).toEqual(given)
      expect(first.bytes).not.toEqual(second.bytes)
      expect(first.key).not.toEqual(second.key)
      expect(envelopeHash(first.bytes)).toEqual(first.hash)
      expect(envelopeSalt(first.bytes)).toEqual(first.salt)
    }), { numRuns: 50 })
  })

  it('refuses every changed byte, every length but its own, and another key', async () => {
    const { bytes, key } = await sealEnvelope(content, binding, webRandom)
    for (const flipped of flippedBytes(bytes)) {
      const code = flipped.at < 4 ? 'ERR_VAULT_ENVELOPE_INVALID' : flipped.at < 6 ? 'ERR_VAULT_SUITE_UNSUPPORTED' : 'ERR_VAULT_ENVELOPE_TAMPERED'
      await expect(openEnvelope(flipped.bytes, key, binding)).rejects.toMatchObject({ code })
    }
    for (let length = 0; length < bytes.length; length++) await expect(openEnvelope(bytes.subarray(0, length), key, binding)).rejects.toMatchObject({ name: 'VaultError' })
    await expect(openEnvelope(concatBytes(bytes, Uint8Array.of(0)), key, binding)).rejects.toMatchObject({ code: 'ERR_VAULT_ENVELOPE_TAMPERED' })
    await expect(openEnvelope(bytes, webRandom(32), binding)).rejects.toMatchObject({ code: 'ERR_VAULT_ENVELOPE_TAMPERED' })
    await expect(openEnvelope(bytes, key.subarray(1), binding)).rejects.toMatchObject({ code: 'ERR_VAULT_PARAMETERS' })
  })

  it('opens only for the record, version, author, network and subjects it was sealed for', async () => {
    const { bytes, key } = await sealEnvelope(content, binding, webRandom)
    const others: Partial<EnvelopeBinding>[] = [
      { chainId: 'chiron-other' }, { record: new Uint8Array(16) as RecordId }, { version: 4 }, { author: testIdentity('other').did },
      { subjects: [] }, { subjects: [...binding.subjects, new Uint8Array(32) as Handle] },
    ]
    for (const other of others) await expect(openEnvelope(bytes, key, { ...binding, ...other })).rejects.toMatchObject({ code: 'ERR_VAULT_ENVELOPE_TAMPERED' })
    expect(await openEnvelope(bytes, key, { ...binding })).toEqual(content)
  })

  it('hides lengths and compresses', async () => {
    const lengths = new Set<number>()
    for (let n = 0; n < 60; n++) lengths.add((await sealEnvelope({ meta: {}, resource: webRandom(n) }, binding, webRandom)).bytes.length)
    expect(lengths).toEqual(new Set([HEADER_BYTES + 256 + 16]))
    const repetitive = await sealEnvelope({ meta: {}, resource: utf8('same '.repeat(10_000)) }, binding, webRandom)
    expect(repetitive.bytes.length).toBeLessThan(1000)
  })

  it('does not inflate more than it is allowed', async () => {
    const bomb = await sealEnvelope({ meta: {}, resource: new Uint8Array(5_000_000) }, binding, webRandom)
    expect(bomb.bytes.length).toBeLessThan(20_000)
    await expect(openEnvelope(bomb.bytes, bomb.key, binding, { maxPlaintextBytes: 1_000_000 })).rejects.toMatchObject({ code: 'ERR_VAULT_TOO_LARGE' })
    expect((await openEnvelope(bomb.bytes, bomb.key, binding, { maxPlaintextBytes: 5_001_000 })).resource.length).toBe(5_000_000)
  })
})

describe('content', () => {
  it.each<[string, unknown]>([
    ['a byte string', Uint8Array.of(1, 2)], ['a list', ['a']], ['text', 'x'], ['nothing', null], ['a number below zero', { a: -1 }], ['what is nested', { a: { b: 1 } }],
  ])('refuses %s in the place of its facts', (_, meta) => {
    const bytes = encodeCanonical({ meta, resource: new Uint8Array(2) })
    expect(() => decodeContent(bytes)).toThrow(expect.objectContaining({ code: 'ERR_VAULT_ENVELOPE_INVALID' }))
  })

  it('keeps facts of any name', () => {
    const content = { meta: { constructor: 'a', prototype: true, length: 3 }, resource: new Uint8Array(2) } as unknown as EnvelopeContent
    expect(decodeContent(encodeContent(content))).toEqual(content)
  })
})

describe('frame', () => {
  it('pads by at most 12 %, never less than needed, and to few lengths', () => {
    const seen = new Set<number>()
    for (let n = 1; n < 100_000; n++) {
      const padded = paddedLength(n)
      expect(padded >= n && (n <= 256 || padded <= n * 1.12)).toBe(true)
      expect(paddedLength(padded)).toBe(padded)
      seen.add(padded)
    }
    expect(seen.size).toBeLessThan(150)
  })

  it('refuses a length that lies, padding that is not zero, and a stream that says more than it claims', () => {
    const frame = packFrame(utf8('hello'))
    const changed = (change: (view: DataView) => void): Uint8Array => {
      const copy = frame.slice()
      change(new DataView(copy.buffer))
      return copy
    }
    expect(unpackFrame(frame, 5)).toEqual(utf8('hello'))
    const wrong = [
      changed((view) => view.setUint32(0, 4)),
      changed((view) => view.setUint32(0, 6)),
      changed((view) => view.setUint32(4, 3)),
      changed((view) => view.setUint32(4, 300)),
      changed((view) => view.setUint8(255, 1)),
      frame.subarray(0, 255),
      concatBytes(frame, new Uint8Array(1)),
    ]
    for (const bytes of wrong) expect(() => unpackFrame(bytes, 1000)).toThrow(expect.objectContaining({ code: 'ERR_VAULT_ENVELOPE_INVALID' }))
    const stream = deflateSync(new Uint8Array(50_000_000))
    const bomb = new Uint8Array(paddedLength(8 + stream.length))
    new DataView(bomb.buffer).setUint32(0, 10)
    new DataView(bomb.buffer).setUint32(4, stream.length)
    bomb.set(stream, 8)
    expect(() => unpackFrame(bomb, 1000)).toThrow(expect.objectContaining({ code: 'ERR_VAULT_ENVELOPE_INVALID' }))
  })
})
