import { openEnvelope, sealEnvelope, webRandom, type EnvelopeBinding } from '@chiron/vault'
import { flippedBytes, testIdentity } from '@chiron/vault/testing'
import { utf8, type Handle, type RecordId } from '@chiron/protocol'
import { beforeAll, describe, expect, it } from 'vitest'
import { useNativeVault } from './native-vault.ts'

const binding: EnvelopeBinding = { chainId: 'chiron-test', record: new Uint8Array(16).fill(1) as RecordId, version: 3, author: testIdentity('author').did, subjects: [new Uint8Array(32).fill(2) as Handle] }
const contents = [utf8('{"resourceType":"Observation"}'), new Uint8Array(), new Uint8Array(200_000).map((_, at) => (at * at) >> 3), new Uint8Array(1_000_000)].map((resource) => ({ meta: { type: 'Observation' }, resource }))
const portable = await Promise.all(contents.map((content) => sealEnvelope(content, binding, webRandom)))

beforeAll(useNativeVault)

describe('the vault with this platform\'s cipher and compression', () => {
  it('opens what was sealed without them, and what it sealed itself', async () => {
    for (const [index, content] of contents.entries()) {
      const before = portable[index] as (typeof portable)[number]
      expect(await openEnvelope(before.bytes, before.key, binding)).toEqual(content)
      const native = await sealEnvelope(content, binding, webRandom)
      expect(await openEnvelope(native.bytes, native.key, binding)).toEqual(content)
    }
  })

  it('refuses every changed byte, another key, another binding, and what is cut', async () => {
    const { bytes, key } = await sealEnvelope(contents[0] as (typeof contents)[number], binding, webRandom)
    for (const flipped of flippedBytes(bytes)) await expect(openEnvelope(flipped.bytes, key, binding)).rejects.toMatchObject({ name: 'VaultError' })
    await expect(openEnvelope(bytes, webRandom(32), binding)).rejects.toMatchObject({ code: 'ERR_VAULT_ENVELOPE_TAMPERED' })
    await expect(openEnvelope(bytes, key, { ...binding, version: 4 })).rejects.toMatchObject({ code: 'ERR_VAULT_ENVELOPE_TAMPERED' })
    for (let length = 0; length < bytes.length; length += 7) await expect(openEnvelope(bytes.subarray(0, length), key, binding)).rejects.toMatchObject({ name: 'VaultError' })
  })

  it('does not inflate more than is allowed', async () => {
    const bomb = portable[3] as (typeof portable)[number]
    await expect(openEnvelope(bomb.bytes, bomb.key, binding, { maxPlaintextBytes: 500_000 })).rejects.toMatchObject({ code: 'ERR_VAULT_TOO_LARGE' })
  })
})
