import { decodeTx, encodeCanonical, MAX_TX_LIFETIME_MS, message, signingBytes, verifyEd25519, type Handle, type RecordId } from '@chiron/protocol'
import { describe, expect, test } from 'vitest'
import { aDid } from '../../test/member-node.ts'
import * as contracts from '../contracts/index.ts'
import { createWallet } from '../wallet/index.ts'
import { DEFAULT_LIFETIME_MS, readSignedTx, signTx, TxBuilder, type Draft } from './index.ts'

const wallet = createWallet({ kind: 'patient' })
const { consent, identity } = contracts
const options = { chainId: 'chiron-test', wallet, validUntil: 1000 }
const patient = new Uint8Array(32) as Handle

function counting(): { bytes(length: number): Uint8Array } {
  let next = 0
  return { bytes: (length) => new Uint8Array(length).fill(++next) }
}

test('signs what a member can decode and verify', async () => {
  const tx = await signTx([identity.revokeDelegation({ to: aDid(1) })], options)
  const decoded = decodeTx(tx.bytes)
  expect(decoded.id).toEqual(tx.id)
  expect(decoded.body).toMatchObject({ chainId: 'chiron-test', signer: wallet.did, keyId: 'k1', validUntil: 1000 })
  expect(verifyEd25519(wallet.signer.publicKey, signingBytes(decoded.bodyBytes), decoded.signature)).toBe(true)
})

test('every message has its own salt, so that equal messages make different transactions', async () => {
  const drafts = [identity.revokeDelegation({ to: aDid(1) }), identity.revokeDelegation({ to: aDid(1) })]
  const tx = readSignedTx((await signTx(drafts, options, { random: counting() })).bytes)
  expect(tx.body.messages.map((item) => item.salt[0])).toEqual([1, 2])
  expect((await signTx(drafts, options)).id).not.toEqual((await signTx(drafts, options)).id)
})

describe('refuses', () => {
  test.each<readonly [string, readonly unknown[]]>([
    ['no message', []],
    ['a field too many', [{ ...identity.revokeDelegation({ to: aDid(1) }), note: 'x' }]],
    ['a field of another type', [{ ...identity.revokeDelegation({ to: aDid(1) }), to: 'canary' }]],
    ['an unknown type', [{ type: 'identity.canary' }]],
  ])('%s, without repeating it', async (_name, drafts) => {
    const failure = signTx(drafts as readonly Draft[], options)
    await expect(failure).rejects.toMatchObject({ code: 'ERR_SDK_MESSAGE' })
    await expect(failure).rejects.not.toThrow(/canary/)
  })

  test('more than 4 MiB', async () => {
    const handle = new Uint8Array(32)
    const entry = {
      record: new Uint8Array(16) as RecordId, version: 1, flags: 0, subjects: Array.from({ length: 4 }, () => handle as Handle), category: new Uint8Array(8) as never,
      labels: [], ciphertext: handle, size: 1, keyCommitment: handle, shareRoot: handle,
    }
    const put = contracts.records.put({ recorder: aDid(1), purpose: 'TREAT', entries: Array.from({ length: 5000 }, () => entry), custodySet: 1, receipts: [{ keyholder: aDid(2), signature: new Uint8Array(64) }] })
    await expect(signTx([put, put, put], options)).rejects.toMatchObject({ code: 'ERR_SDK_MESSAGE' })
  })

  test('bytes that are no transaction', () => {
    expect(() => readSignedTx(encodeCanonical([1]))).toThrow(expect.objectContaining({ code: 'ERR_SDK_MESSAGE' }))
  })
})

test('a builder collects messages and sets the time', async () => {
  const clock = { now: () => 5_000_000, sleep: () => Promise.reject(new Error('no need to wait')) }
  const builder = new TxBuilder({ chainId: 'chiron-test', wallet }, { clock }).add(consent.revoke({ patient, rule: new Uint8Array(16) as never }))
  const tx = readSignedTx((await builder.add(identity.revokeDelegation({ to: aDid(1) })).sign()).bytes)
  expect(tx.body.messages.map((item) => item.type)).toEqual(['consent.revoke', 'identity.revokeDelegation'])
  expect(tx.validUntil).toBe(5_000_000 + DEFAULT_LIFETIME_MS)
  await expect(builder.sign(MAX_TX_LIFETIME_MS + 1)).rejects.toMatchObject({ code: 'ERR_SDK_MESSAGE' })
})

test('every message of the protocol has a builder of its name', () => {
  const builders = contracts as unknown as Record<string, Record<string, (fields: object) => { readonly type: string }>>
  const missing: string[] = []
  for (const option of message.options) {
    const type = option.entries.type.literal
    const [contract, name] = type.split('.') as [string, string]
    if (builders[contract]?.[name]?.({ type: 'other' }).type !== type) missing.push(type)
  }
  expect(missing).toEqual([])
})
