import { inspect } from 'node:util'
import { isAcceptablePublicKey, signingBytes, toHex, verifyEd25519 } from '@chiron/protocol'
import { describe, expect, test } from 'vitest'
import { backupWallet, createPlatformSigner, createSeedSigner, createWallet, restoreWallet, SecretBytes } from './index.ts'

const random = { bytes: (length: number) => new Uint8Array(length).fill(length) }

test('a wallet comes back from its backup', async () => {
  const wallet = createWallet({ kind: 'patient' })
  const restored = restoreWallet(JSON.parse(JSON.stringify(backupWallet(wallet))))
  expect(restored).toMatchObject({ did: wallet.did, keyId: 'k1', inception: wallet.inception, agreementKey: wallet.agreementKey })
  const message = signingBytes(Uint8Array.of(1))
  expect(verifyEd25519(wallet.signer.publicKey, message, await restored.signer.sign(message))).toBe(true)
})

test('two wallets are two identities', () => {
  expect(createWallet({ kind: 'patient' }).did).not.toBe(createWallet({ kind: 'patient' }).did)
  expect(createWallet({ kind: 'patient' }, { random }).did).toBe(createWallet({ kind: 'patient' }, { random }).did)
  expect(createWallet({ kind: 'patient' }, { random }).did).not.toBe(createWallet({ kind: 'device' }, { random }).did)
})

describe('a damaged backup is refused', () => {
  const good = backupWallet(createWallet({ kind: 'patient' }))
  test.each([
    ['no object', null],
    ['an unknown field', { ...good, x: 1 }],
    ['a short key', { ...good, signing: good.signing.slice(2) }],
    ['another key', { ...good, signing: '00'.repeat(32) }],
    ['another kind', { ...good, kind: 'device' }],
    ['no DID', { ...good, did: 'did:chiron:x' }],
  ])('%s', (_name, json) => {
    expect(() => restoreWallet(json)).toThrow(expect.objectContaining({ code: 'ERR_SDK_WALLET' }))
  })
})

test('secrets do not print', () => {
  const wallet = createWallet({ kind: 'patient' })
  const secret = toHex(wallet.secrets.signing.reveal())
  const printed = [inspect(wallet, { depth: 10, showHidden: true }), JSON.stringify(wallet), `${wallet.secrets.signing}`, inspect(wallet.secrets)].join('\n')
  expect(printed).toContain('[secret]')
  expect(printed).not.toContain(secret)
  const bytes = [...wallet.secrets.signing.reveal()].slice(0, 6)
  expect(printed).not.toContain(bytes.join(', '))
  expect(printed).not.toContain(bytes.join(','))
})

test('secret bytes are copied in and out', () => {
  const source = new Uint8Array(32).fill(1)
  const secret = new SecretBytes(source)
  source.fill(2)
  secret.reveal().fill(3)
  expect(secret.reveal()).toEqual(new Uint8Array(32).fill(1))
  expect(() => createSeedSigner(new SecretBytes(new Uint8Array(31)))).toThrow(expect.objectContaining({ code: 'ERR_SDK_WALLET' }))
})

test('the platform keeps a key that cannot be read out, and signs with it', async () => {
  const signer = await createPlatformSigner()
  const message = signingBytes(Uint8Array.of(1, 2, 3))
  expect(isAcceptablePublicKey(signer.publicKey)).toBe(true)
  expect(verifyEd25519(signer.publicKey, message, await signer.sign(message))).toBe(true)
  await expect(crypto.subtle.exportKey('pkcs8', signer.pair.privateKey)).rejects.toThrow(/not extractable/)
  const again = await createPlatformSigner(signer.pair)
  expect(again.publicKey).toEqual(signer.publicKey)
})
