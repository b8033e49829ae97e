import { utf8 } from '@chiron/protocol'
import { describe, expect, it } from 'vitest'
import { webRandom } from '../random.ts'
import { flippedBytes } from '../testing/index.ts'
import { deriveKemKeyPair, hpkeOpen, hpkeSeal, receiveSecret, sendSecret, type KemSuite } from './suites.ts'

const suites: KemSuite[] = ['x-wing', 'x25519']

describe.each(suites)('HPKE suite %s', (suite) => {
  const info = utf8('info')

  it('opens what was sealed to it, and derives the same pair from the same secret', async () => {
    const keys = await deriveKemKeyPair(suite, new Uint8Array(32).fill(7))
    const sealed = await hpkeSeal({ suite, key: keys.publicKey }, info, utf8('shares'), webRandom)
    const again = await deriveKemKeyPair(suite, new Uint8Array(32).fill(7))
    expect(await hpkeOpen(again, info, sealed)).toEqual(utf8('shares'))
    await expect(hpkeOpen(keys, utf8('other'), sealed)).rejects.toMatchObject({ code: 'ERR_VAULT_MESSAGE_INVALID' })
    await expect(hpkeOpen(await deriveKemKeyPair(suite, new Uint8Array(32)), info, sealed)).rejects.toMatchObject({ code: 'ERR_VAULT_MESSAGE_INVALID' })
  })

  it('agrees on a secret, another one each time, and with nobody else', async () => {
    const keys = await deriveKemKeyPair(suite, new Uint8Array(32).fill(7))
    const to = { suite, key: keys.publicKey }
    const sent = await sendSecret(to, info, utf8('label'), webRandom)
    expect(await receiveSecret(keys, info, utf8('label'), sent.enc)).toEqual(sent.secret)
    expect(await receiveSecret(keys, utf8('other'), utf8('label'), sent.enc)).not.toEqual(sent.secret)
    expect((await sendSecret(to, info, utf8('label'), webRandom)).secret).not.toEqual(sent.secret)
  })

  it('takes all its randomness from the port', async () => {
    const keys = await deriveKemKeyPair(suite, new Uint8Array(32).fill(7))
    const fixed = (n: number) => new Uint8Array(n).fill(9)
    const first = await hpkeSeal({ suite, key: keys.publicKey }, info, utf8('x'), fixed)
    expect(await hpkeSeal({ suite, key: keys.publicKey }, info, utf8('x'), fixed)).toEqual(first)
  })

  it('refuses changed bytes and keys of another length', async () => {
    const keys = await deriveKemKeyPair(suite, new Uint8Array(32).fill(7))
    const sealed = await hpkeSeal({ suite, key: keys.publicKey }, info, utf8('x'), webRandom)
    for (const { bytes } of flippedBytes(sealed.ciphertext)) {
      await expect(hpkeOpen(keys, info, { ...sealed, ciphertext: bytes })).rejects.toMatchObject({ code: 'ERR_VAULT_MESSAGE_INVALID' })
    }
    await expect(hpkeOpen(keys, info, { ...sealed, enc: sealed.enc.subarray(1) })).rejects.toMatchObject({ code: 'ERR_VAULT_MESSAGE_INVALID' })
    await expect(hpkeSeal({ suite, key: keys.publicKey.subarray(1) }, info, utf8('x'), webRandom)).rejects.toMatchObject({ code: 'ERR_VAULT_PARAMETERS' })
    await expect(deriveKemKeyPair(suite, new Uint8Array(31))).rejects.toMatchObject({ code: 'ERR_VAULT_PARAMETERS' })
  })
})
