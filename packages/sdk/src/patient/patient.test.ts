import { claimKeySeed, ed25519PublicKey, formatClaimCode, formatDid } from '@chiron/protocol'
import { describe, expect, test } from 'vitest'
import { SdkError, type Fetch } from '../index.ts'
import { platformRandom } from '../ports.ts'
import { trust } from '../../test/member-node.ts'
import { claimIdentity, openWallet, PatientWallet, readClaimCode, sealWallet } from './index.ts'

const did = formatDid(new Uint8Array(20).fill(3))
const fresh = (): PatientWallet => PatientWallet.forClaim(trust.chainId, did, new Uint8Array(16).fill(5), platformRandom)
const code = formatClaimCode({ did, secret: new Uint8Array(16).fill(5) })
const refused = expect.objectContaining({ code: 'ERR_SDK_WALLET' })

describe('a wallet', () => {
  test('comes back from its file at every step, and prints no secret', () => {
    const claimed = fresh().promoted('k2')
    for (const wallet of [fresh(), claimed, claimed.withPending(platformRandom), claimed.withPending(platformRandom).promoted('k3')]) {
      const file = wallet.format()
      expect(PatientWallet.parse(JSON.parse(JSON.stringify(file))).format()).toEqual(file)
      expect(JSON.stringify(wallet.keys)).not.toMatch(/[0-9a-f]{64}/)
    }
    const rotated = claimed.withPending(platformRandom).promoted('k3')
    expect(rotated.keys.map(({ keyId }) => keyId)).toEqual(['k2', 'k3'])
    expect(rotated.signing).toMatchObject({ did, keyId: 'k3' })
    expect(rotated.withoutOldKeys().keys.map(({ keyId }) => keyId)).toEqual(['k3'])
    expect(() => fresh().current).toThrow(refused)
    expect(() => rotated.promoted('k4')).toThrow(refused)
    for (const json of [null, {}, { ...claimed.format(), more: 1 }, { ...claimed.format(), keys: [{ keyId: 'k0' }] }]) expect(() => PatientWallet.parse(json)).toThrow(refused)
  })

  test('under a passphrase opens with that one only, and with no byte changed', async () => {
    const wallet = fresh().promoted('k2')
    const sealed = await sealWallet(wallet, 'correct horse battery')
    expect(sealed.kdf).toMatchObject({ name: 'scrypt', n: 131_072, r: 8, p: 1 })
    expect(JSON.stringify(sealed)).not.toContain(wallet.format().keys[0]?.signing)
    expect((await openWallet(JSON.parse(JSON.stringify(sealed)), 'correct horse battery')).format()).toEqual(wallet.format())
    await expect(openWallet(sealed, 'correct horse batterz')).rejects.toEqual(refused)
    const changed = `${sealed.ciphertext.slice(0, 9)}${sealed.ciphertext[9] === 'A' ? 'B' : 'A'}${sealed.ciphertext.slice(10)}`
    await expect(openWallet({ ...sealed, ciphertext: changed }, 'correct horse battery')).rejects.toEqual(refused)
    for (const n of [2 ** 13, 2 ** 21, 131_073, -1]) await expect(openWallet({ ...sealed, kdf: { ...sealed.kdf, n } }, 'correct horse battery')).rejects.toEqual(refused)
    await expect(openWallet({ ...sealed, kdf: { ...sealed.kdf, n: 2 ** 14 } }, 'correct horse battery')).rejects.toEqual(refused)
    await expect(sealWallet(wallet, 'short')).rejects.toEqual(refused)
  }, 30_000)
})

describe('claiming', () => {
  const silent: Fetch = async () => {
    throw new TypeError('no network')
  }

  test('tells what is wrong with a code before anything is sent', async () => {
    expect(readClaimCode(code.toLowerCase()).did).toBe(did)
    const calls: string[] = []
    const fetch: Fetch = async (url) => {
      calls.push(url)
      return new Response()
    }
    for (const [typed, words] of [[code.slice(1), /missing/], [`${code.startsWith('2') ? '3' : '2'}${code.slice(1)}`, /mistyped/], ['', /59/]] as const) {
      await expect(claimIdentity({ base: 'http://node.test/riverside', trust, code: typed }, async () => undefined, { fetch })).rejects.toMatchObject({ code: 'ERR_SDK_CLAIM_CODE', message: expect.stringMatching(words) })
    }
    expect(calls).toEqual([])
  })

  test('keeps the keys before they are sent, and sends the same ones again', async () => {
    const steps: PatientWallet[] = []
    const seen: string[] = []
    const keep = async (wallet: PatientWallet): Promise<void> => {
      expect(seen).toHaveLength(steps.length)
      steps.push(wallet)
    }
    const fetch: Fetch = async (_url, init) => {
      seen.push(Buffer.from(init.body as Uint8Array).toString('hex'))
      throw new TypeError('no network')
    }
    const options = { base: 'http://node.test/riverside', trust, code }
    await expect(claimIdentity(options, keep, { fetch })).rejects.toMatchObject({ code: 'ERR_SDK_NETWORK' })
    await expect(claimIdentity({ ...options, wallet: steps[0] }, keep, { fetch })).rejects.toMatchObject({ code: 'ERR_SDK_NETWORK' })
    expect(seen[1]).toBe(seen[0])
    const claimKey = Buffer.from(ed25519PublicKey(claimKeySeed(readClaimCode(code), trust.chainId))).toString('hex')
    expect(seen[0]).toContain(claimKey)
    expect(seen[0]).not.toContain(steps[0]?.format().pending?.signing)
  })

  test('refuses a wallet of another identity or network, and does nothing for one that has claimed', async () => {
    const keep = async (): Promise<void> => {
      throw new SdkError('ERR_SDK_WALLET', 'must not be kept')
    }
    const options = { base: 'http://node.test/riverside', trust, code }
    const other = PatientWallet.forClaim(trust.chainId, formatDid(new Uint8Array(20)), new Uint8Array(16), platformRandom)
    const elsewhere = PatientWallet.forClaim('chiron-other', did, new Uint8Array(16), platformRandom)
    for (const wallet of [other, elsewhere]) await expect(claimIdentity({ ...options, wallet }, keep, { fetch: silent })).rejects.toThrow(/another identity/)
    const claimed = fresh().promoted('k2')
    expect(await claimIdentity({ ...options, wallet: claimed }, keep, { fetch: silent })).toBe(claimed)
  })
})
