import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { custodyReceiptBytes, encodeCanonical, fromHex, keyCommitment, shareCommitment, toHex, verifyEd25519, type Did, type Handle, type RecordId } from '@chiron/protocol'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { vaultVectors } from '../../../tools/vectors/vault.ts'
import { formatVectors, vectorFolder } from '../../../tools/vectors/protocol.ts'
import { Inbox } from '../src/custody/inbox.ts'
import {
  combineShares, CopyOpener, decodeReleaseRequest, deriveKemKeyPair, envelopeHash, envelopeSalt, importX25519KeyPair, openEnvelope, openReleases, releaseRequestBytes,
  type EnvelopeBinding,
} from '../src/index.ts'
import { checkPackage } from '../src/keyholder/accept.ts'
import { FakeLedger, testIdentity } from '../src/testing/index.ts'

const bytes = v.pipe(v.string(), v.transform(fromHex))
const did = v.pipe(v.string(), v.transform((text) => text as Did))
const bound = { name: v.string(), envelope: bytes, key: bytes, chainId: v.string(), record: bytes, version: v.number(), author: did, subjects: v.array(bytes) }

function casesOf<T>(file: string, schema: v.GenericSchema<unknown, T>): T[] {
  const parsed: unknown = JSON.parse(readFileSync(join(vectorFolder, file), 'utf8'))
  return v.parse(v.object({ cases: v.array(schema) }), parsed).cases
}

function bindingOf(vector: { chainId: string; record: Uint8Array; version: number; author: Did; subjects: Uint8Array[] }): EnvelopeBinding {
  const { chainId, record, version, author, subjects } = vector
  return { chainId, record: record as RecordId, version, author, subjects: subjects as Handle[] }
}

function ledgerOf(chainId: string, keyholders: readonly { did: Did; signingKey: Uint8Array }[]): FakeLedger {
  const ledger = new FakeLedger()
  ledger.chainId = chainId
  ledger.timeMs = 1_796_000_000_000
  const unused = { agreementKey: new Uint8Array(32), suite: 'x25519' as const, kemKey: new Uint8Array(32) }
  ledger.sets.set(1, { number: 1, threshold: 2, keyholders: keyholders.map((keyholder) => ({ ...keyholder, ...unused })) })
  return ledger
}

describe('vectors', () => {
  it.each([...vaultVectors()])('%s is what the generator writes', (name, file) => {
    expect(readFileSync(join(vectorFolder, name), 'utf8')).toBe(formatVectors(file))
  })

  it.each(casesOf('envelope-opened.json', v.object({ ...bound, hash: bytes, salt: bytes, content: bytes })))('envelope: $name', async (vector) => {
    const content = await openEnvelope(vector.envelope, vector.key, bindingOf(vector))
    expect(encodeCanonical(content)).toEqual(vector.content)
    expect([envelopeHash(vector.envelope), envelopeSalt(vector.envelope)]).toEqual([vector.hash, vector.salt])
  })

  it.each(casesOf('envelope-refused.json', v.object({ ...bound, code: v.string() })))('envelope refused: $name', async (vector) => {
    await expect(openEnvelope(vector.envelope, vector.key, bindingOf(vector))).rejects.toMatchObject({ code: vector.code })
  })

  it.each(casesOf('custody-shares.json', v.object({ name: v.string(), key: bytes, threshold: v.number(), shares: v.array(bytes) })))('shares: $name', async ({ key, threshold, shares }) => {
    const [record, salt] = [new Uint8Array(16) as RecordId, new Uint8Array(16)]
    const all = shares.map((share, index) => ({ index, bytes: share }))
    const commitments = { record, salt, threshold, shares: all.map((share) => shareCommitment(record, salt, share.index, share.bytes)), key: keyCommitment(record, salt, key) }
    for (let from = 0; from + threshold <= all.length; from++) {
      expect(await combineShares(commitments, all.slice(from, from + threshold))).toEqual({ key, wrong: [] })
    }
  })

  const packages = casesOf('custody-packages.json', v.object({
    name: v.string(), chainId: v.string(), dealer: did, dealerKey: bytes, keyholder: did, keyholderKey: bytes, kemSecret: bytes, package: bytes, body: bytes, receipt: bytes, keyholders: v.array(did),
  }))
  it.each(packages)('custody: $name', async (vector) => {
    const ledger = ledgerOf(vector.chainId, vector.keyholders.map((keyholder) => ({ did: keyholder, signingKey: testIdentity('any').publicKey })))
    const inbox = new Inbox(
      { chainId: vector.chainId, did: vector.keyholder, keys: await deriveKemKeyPair('x25519', vector.kemSecret) },
      { memberKey: (who) => (who === vector.dealer ? vector.dealerKey : undefined), verify: verifyEd25519 },
    )
    const opened = await inbox.open(vector.package)
    expect(opened.dealer).toBe(vector.dealer)
    expect(toHex(encodeCanonical(opened.body))).toBe(toHex(vector.body))
    expect(checkPackage(opened.body, vector.keyholder, ledger)).toHaveLength(1)
    expect(verifyEd25519(vector.keyholderKey, custodyReceiptBytes(vector.chainId, 1, opened.body.root), vector.receipt)).toBe(true)
  })

  const copies = casesOf('copies-opened.json', v.object({
    name: v.string(), chainId: v.string(), owner: did, keyId: v.string(), secret: bytes, record: bytes, version: v.number(), ciphertext: bytes, copy: bytes, key: bytes,
  }))
  it.each(copies)('copy: $name', async ({ chainId, owner, keyId, secret, record, version, ciphertext, copy, key }) => {
    const pair = await importX25519KeyPair(secret)
    const opener = new CopyOpener({ chainId, owner }, (name) => (name === keyId ? pair : undefined))
    expect(await opener.open({ record: record as RecordId, version, ciphertext }, copy)).toEqual(key)
  })

  const releases = casesOf('release-messages.json', v.object({
    name: v.string(), request: bytes, requestHash: bytes, gatewayKey: bytes, recipientSecret: bytes, record: bytes, version: v.number(), salt: bytes, keyCommitment: bytes,
    shareRoot: bytes, key: bytes, keyholders: v.array(v.object({ did, signingKey: bytes })), responses: v.array(v.object({ keyholder: did, response: bytes })),
  }))
  it.each(releases)('release: $name', async (vector) => {
    const decoded = decodeReleaseRequest(vector.request)
    expect(decoded.hash).toEqual(vector.requestHash)
    expect(verifyEd25519(vector.gatewayKey, releaseRequestBytes(decoded.body), decoded.signature)).toBe(true)
    const ledger = ledgerOf('vectors-1', vector.keyholders)
    const { record, version, salt, keyCommitment: commitment, shareRoot } = vector
    const opened = await openReleases({
      request: vector.requestHash,
      recipient: await deriveKemKeyPair('x25519', vector.recipientSecret),
      records: [{ record: record as RecordId, version, set: 1, salt, keyCommitment: commitment, shareRoot }],
      responses: vector.responses.map(({ keyholder, response }) => ({ keyholder, bytes: response })),
      set: (number) => ledger.custodySet(number),
    })
    expect(opened).toEqual({ keys: [{ key: vector.key }], faults: [] })
  })
})
