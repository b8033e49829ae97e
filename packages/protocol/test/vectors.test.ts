import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { formatVectors, protocolVectors, vectorFolder } from '../../../tools/vectors/protocol.ts'
import { fromPlain, type Plain } from '../../../tools/vectors/plain.ts'
import * as protocol from '../src/index.ts'

const anything = v.unknown()

type Case = Readonly<Record<string, Plain>>

function casesOf(file: string): readonly Case[] {
  const { cases } = JSON.parse(readFileSync(join(vectorFolder, file), 'utf8')) as { readonly cases: readonly Case[] }
  expect(cases.length).toBeGreaterThan(0)
  return cases
}

const named = (file: string): (readonly [string, Case])[] => casesOf(file).map((item) => [String(item.name), item] as const)
const only = (file: string, requirement: string): (readonly [string, Case])[] => {
  const found = named(file).filter(([, item]) => item.requirement === requirement)
  expect(found.length).toBeGreaterThan(0)
  return found
}
const bytes = (value: Plain | undefined): Uint8Array => protocol.fromHex(String(value))
const list = (value: Plain | undefined): Uint8Array[] => (value as readonly string[]).map((item) => protocol.fromHex(item))
const codeOf = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    return error instanceof protocol.ProtocolError ? error.code : `not a ProtocolError: ${String(error)}`
  }
  return 'accepted'
}

test.each([...protocolVectors().keys()])('%s is what its generator writes', (file) => {
  expect(readFileSync(join(vectorFolder, file), 'utf8')).toBe(formatVectors(protocolVectors().get(file) as never))
})

describe('SPEC-ENC', () => {
  test.each(named('encoding-canonical.json'))('%s', (_name, item) => {
    const value = fromPlain(item.value as Plain)
    expect(protocol.toHex(protocol.encodeCanonical(value))).toBe(item.hex)
    expect(protocol.decodeCanonical(anything, bytes(item.hex))).toEqual(value)
  })
  test.each(named('encoding-refused.json'))('refuses %s', (_name, item) => {
    expect(codeOf(() => protocol.decodeCanonical(anything, bytes(item.hex)))).toBe(item.code)
  })
})

describe('SPEC-TX', () => {
  test.each(named('tx-signed.json'))('%s', (_name, item) => {
    const body = fromPlain(item.body as Plain)
    expect(protocol.toHex(protocol.encodeCanonical(body))).toBe(item.bodyHex)
    expect(protocol.toHex(protocol.signingBytes(bytes(item.bodyHex)))).toBe(item.message)
    expect(protocol.toHex(protocol.encodeTx(bytes(item.bodyHex), bytes(item.signature)))).toBe(item.tx)
    const tx = protocol.decodeTx(bytes(item.tx))
    expect(tx.body).toEqual(body)
    expect(protocol.toHex(tx.id)).toBe(item.txId)
    expect(protocol.formatTxCid(tx.id)).toBe(item.cid)
    expect(protocol.toHex(protocol.parseTxCid(String(item.cid)))).toBe(item.txId)
    expect(protocol.verifyEd25519(bytes(item.publicKey), bytes(item.message), tx.signature)).toBe(true)
  })
  test('every message type has a vector', () => {
    const sampled = new Set(casesOf('tx-signed.json').map((item) => item.name))
    const missing = protocol.message.options.map((option) => option.entries.type.literal).filter((type) => !sampled.has(type))
    expect(missing).toEqual([])
  })
  test.each(named('tx-refused.json'))('refuses %s', (_name, item) => {
    expect(codeOf(() => protocol.decodeTx(bytes(item.tx)))).toBe(item.code)
  })
})

describe('SPEC-ID', () => {
  test.each(named('ids-derived.json').filter(([, item]) => item.bytes !== undefined))('%s', (_name, item) => {
    expect(protocol.formatDid(bytes(item.bytes))).toBe(item.did)
    expect(protocol.toHex(protocol.didBytes(protocol.parseDid(item.did)))).toBe(item.bytes)
  })
  test.each(named('ids-derived.json').filter(([, item]) => item.code !== undefined))('%s', (_name, item) => {
    expect(codeOf(() => protocol.parseDid(item.text))).toBe(item.code)
  })
  test.each(only('ids-derived.json', 'SPEC-ID-2'))('%s', (_name, item) => {
    expect(protocol.deriveDid(String(item.kind), bytes(item.signingKey), bytes(item.inception))).toBe(item.did)
  })
  test.each(only('ids-derived.json', 'SPEC-ID-3'))('%s', (_name, item) => {
    const id = protocol.derivedId(bytes(item.txId) as protocol.TxId, Number(item.index), Number(item.item))
    expect(protocol.toHex(id)).toBe(item.objectId)
  })
  test.each(only('ids-derived.json', 'SPEC-ID-4'))('%s', (_name, item) => {
    expect(protocol.toHex(protocol.handleOf(bytes(item.vocabularyKey), String(item.patientId)))).toBe(item.handle)
  })
  test.each(only('ids-derived.json', 'SPEC-ID-5'))('%s', (_name, item) => {
    expect(protocol.toHex(protocol.recordIdOf(bytes(item.vocabularyKey), String(item.type), String(item.id)))).toBe(item.recordId)
  })
})

test.each(named('tags-derived.json'))('SPEC-TAG %s', (_name, item) => {
  const tagKey = protocol.patientTagKey(bytes(item.vocabularyKey), bytes(item.handle) as protocol.Handle)
  expect(protocol.toHex(tagKey)).toBe(item.tagKey)
  expect(protocol.toHex(protocol.tagOf(tagKey, item.kind as 'category' | 'label', String(item.word)))).toBe(item.tag)
})

describe('SPEC-CLAIM', () => {
  test.each(only('claims-derived.json', 'SPEC-CLAIM-1').filter(([, item]) => item.code === undefined))('%s', (_name, item) => {
    const code = { did: protocol.parseDid(item.did), secret: bytes(item.secret) }
    expect(protocol.formatClaimCode(code)).toBe(item.claimCode)
    expect(protocol.parseClaimCode(String(item.claimCode))).toEqual(code)
  })
  test.each(only('claims-derived.json', 'SPEC-CLAIM-1').filter(([, item]) => item.code !== undefined))('%s', (_name, item) => {
    expect(codeOf(() => protocol.parseClaimCode(String(item.text)))).toBe(item.code)
  })
  test.each(only('claims-derived.json', 'SPEC-CLAIM-2'))('%s', (_name, item) => {
    const seed = protocol.claimKeySeed({ did: protocol.parseDid(item.did), secret: bytes(item.secret) }, String(item.chainId))
    expect(protocol.toHex(seed)).toBe(item.seed)
    expect(protocol.toHex(protocol.ed25519PublicKey(seed))).toBe(item.publicKey)
  })
  test.each(only('claims-derived.json', 'SPEC-CLAIM-3'))('%s', (_name, item) => {
    const [claimKey, signingKey, agreementKey] = [bytes(item.claimKey), bytes(item.signingKey), bytes(item.agreementKey)]
    const statement = { chainId: String(item.chainId), did: protocol.parseDid(item.did), claimKey, signingKey, agreementKey }
    expect(protocol.toHex(protocol.claimBytes(statement))).toBe(item.message)
    expect(protocol.toHex(protocol.claimPossessionBytes(statement))).toBe(item.possessionMessage)
    expect(protocol.verifyEd25519(claimKey, bytes(item.message), bytes(item.claimSignature))).toBe(true)
    expect(protocol.verifyEd25519(signingKey, bytes(item.possessionMessage), bytes(item.possession))).toBe(true)
  })
})

describe('SPEC-TAG-3', () => {
  test.each(named('tags-days.json').filter(([, item]) => item.day !== undefined))('%s', (_name, item) => {
    expect(protocol.dayOf(bytes(item.tagKey), String(item.date))).toBe(item.day)
    expect(protocol.dateOf(bytes(item.tagKey), Number(item.day))).toBe(item.date)
    expect(v.is(protocol.schema.day, item.day)).toBe(true)
  })
  test.each(named('tags-days.json').filter(([, item]) => item.code !== undefined))('%s', (_name, item) => {
    expect(codeOf(() => protocol.dayOf(bytes(item.tagKey), String(item.date)))).toBe(item.code)
  })
})

describe('SPEC-CUS', () => {
  const record = (item: Case): protocol.RecordId => bytes(item.record) as protocol.RecordId
  test.each(only('commitments-custody.json', 'SPEC-CUS-1'))('%s', (_name, item) => {
    expect(protocol.toHex(protocol.keyCommitment(record(item), bytes(item.salt), bytes(item.key)))).toBe(item.commitment)
  })
  test.each(only('commitments-custody.json', 'SPEC-CUS-2'))('%s', (_name, item) => {
    expect(protocol.toHex(protocol.shareCommitment(record(item), bytes(item.salt), Number(item.index), bytes(item.share)))).toBe(item.commitment)
  })
  test.each(only('commitments-custody.json', 'SPEC-CUS-3'))('%s', (_name, item) => {
    expect(protocol.toHex(protocol.shareRoot(list(item.commitments)))).toBe(item.shareRoot)
  })
  test.each(only('commitments-custody.json', 'SPEC-CUS-4'))('%s', (_name, item) => {
    const leaves = fromPlain(item.leaves as Plain) as protocol.BatchLeaf[]
    expect(protocol.toHex(protocol.custodyBatchRoot(leaves))).toBe(item.root)
  })
  test.each(only('commitments-custody.json', 'SPEC-CUS-5'))('%s', (_name, item) => {
    const message = protocol.custodyReceiptBytes(String(item.chainId), Number(item.set), bytes(item.root))
    expect(protocol.toHex(message)).toBe(item.message)
    expect(protocol.verifyEd25519(bytes(item.publicKey), message, bytes(item.signature))).toBe(true)
  })
  test.each(only('commitments-custody.json', 'SPEC-CUS-15'))('%s', (_name, item) => {
    const group = { size: Number(item.size), index: Number(item.index), path: list(item.path) }
    const message = protocol.receiptSigningBytes(String(item.chainId), Number(item.set), bytes(item.root), { group })
    expect(message === undefined ? null : protocol.toHex(message)).toBe(item.message)
    if (message !== undefined) expect(protocol.verifyEd25519(bytes(item.publicKey), message, bytes(item.signature))).toBe(true)
  })
})

describe('SPEC-BLK and SPEC-LOG', () => {
  test.each(only('block-derived.json', 'SPEC-LOG-1'))('%s', (_name, item) => {
    expect(protocol.toHex(protocol.merkleRoot(list(item.leaves)))).toBe(item.root)
  })
  test.each(only('block-derived.json', 'SPEC-LOG-2'))('%s', (_name, item) => {
    const leaf = protocol.leafHash(bytes(item.leaf))
    expect(protocol.verifyInclusion(bytes(item.root), Number(item.size), Number(item.index), leaf, list(item.path))).toBe(true)
  })
  test.each(only('block-derived.json', 'SPEC-LOG-3'))('%s', (_name, item) => {
    const [first, second] = [Number(item.first), Number(item.second)]
    expect(protocol.verifyConsistency(first, second, bytes(item.firstRoot), bytes(item.secondRoot), list(item.path))).toBe(true)
  })
  test.each(only('block-derived.json', 'SPEC-BLK-3'))('%s', (_name, item) => {
    expect(protocol.toHex(protocol.appHash(fromPlain(item.app as Plain) as protocol.AppState))).toBe(item.appHash)
  })
  test.each(only('block-derived.json', 'SPEC-BLK-1'))('%s', (_name, item) => {
    const header = fromPlain(item.header as Plain) as protocol.BlockHeader
    expect(protocol.toHex(protocol.encodeHeader(header))).toBe(item.bytes)
    expect(protocol.decodeHeader(bytes(item.bytes))).toEqual(header)
    expect(protocol.toHex(protocol.txRootOf(list(item.txIds)))).toBe(protocol.toHex(header.txRoot))
    expect(protocol.toHex(protocol.headerHash(bytes(item.bytes)))).toBe(item.hash)
    const message = protocol.headerSigningBytes(bytes(item.bytes))
    expect(protocol.toHex(message)).toBe(item.message)
    expect(protocol.verifyEd25519(bytes(item.publicKey), message, bytes(item.signature))).toBe(true)
  })
})
