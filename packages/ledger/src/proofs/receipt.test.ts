import { describe, expect, test } from 'vitest'
import { ProtocolError, utf8, type Handle } from '@chiron/protocol'
import { headerSigner } from '../../test/header-signer.ts'
import { CHAIN_ID, commitBlock, factKey, handleOf, toyRuntime, toyStore, toyTx } from '../../test/toy-chain.ts'
import { appStateOf, readHead, type StateHead } from '../state/head.ts'
import { absenceReceipt, entryReceipt, factReceipt, listReceipt, txReceipt } from './build-receipt.ts'
import { ProofError, type ProofErrorCode } from './errors.ts'
import { decodeReceipt, encodeReceipt, parseReceipt, receiptToJson, type Receipt } from './receipt.ts'
import { parseTrust, trustToJson } from './trust.ts'
import { verifyReceipt } from './verify-receipt.ts'

const runtime = toyRuntime()
const store = toyStore()
const txs = [toyTx([['write', 1], ['write', 4]]), toyTx([['refuse', 2]]), toyTx([['write', 6], ['write', 12], ['write', 18]])]
commitBlock(runtime, store, txs)
commitBlock(runtime, store, [toyTx([['write', 24], ['write', 30], ['write', 36]])])
const signer = headerSigner(CHAIN_ID, 1)
const { trust } = signer
const head = signer.head(appStateOf(readHead(store) as StateHead), 2)
const busy = handleOf(0)
const idle = handleOf(99)

const receipts: Record<string, Receipt> = {
  tx: txReceipt(store, head, 1),
  'failed tx': txReceipt(store, head, 2),
  'first entry': entryReceipt(store, head, 'records', busy, 0),
  'last entry': entryReceipt(store, head, 'records', busy, 5),
  fact: factReceipt(store, head, factKey(1)),
  absence: absenceReceipt(store, head, factKey(1000)),
  list: listReceipt(store, head, 'records', busy),
  'empty list': listReceipt(store, head, 'records', idle),
}

function codeOf(act: () => unknown): ProofErrorCode | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    if (error instanceof ProofError) return error.code
    throw error
  }
}

describe('a receipt', () => {
  test.each(Object.entries(receipts))('%s: verifies after a way through CBOR and through JSON', (_name, receipt) => {
    const proven = verifyReceipt(receipt, trust)
    expect(proven).toMatchObject({ kind: receipt.kind, head: { chainId: CHAIN_ID, height: 2, signer: signer.did } })
    const decoded = decodeReceipt(encodeReceipt(receipt))
    const parsed = parseReceipt(JSON.parse(JSON.stringify(receiptToJson(receipt))))
    expect(decoded).toEqual(receipt)
    expect(parsed).toEqual(receipt)
    expect(verifyReceipt(parsed, parseTrust(JSON.parse(JSON.stringify(trustToJson(trust)))))).toEqual(proven)
  })

  test('says what was proven', () => {
    expect(verifyReceipt(receipts['tx'] as Receipt, trust)).toMatchObject({ txId: txs[0]?.id, codespace: '', code: 0, logIndex: 1 })
    expect(verifyReceipt(receipts['failed tx'] as Receipt, trust)).toMatchObject({ txId: txs[1]?.id, codespace: 'network', code: 7 })
    expect(verifyReceipt(receipts['last entry'] as Receipt, trust)).toMatchObject({ list: 'records', handle: busy, index: 5, size: 6 })
    const list = verifyReceipt(receipts['list'] as Receipt, trust)
    expect(list.kind === 'list' && list.entries).toHaveLength(6)
    expect(verifyReceipt(receipts['empty list'] as Receipt, trust)).toMatchObject({ entries: [] })
  })

  test.each(Object.entries(receipts))('%s: no byte of it can be changed (every third is tried, and all of one)', (name, receipt) => {
    const bytes = encodeReceipt(receipt)
    for (let at = 0; at < bytes.length; at += name === 'last entry' ? 1 : 3) {
      const changed = bytes.with(at, (bytes[at] as number) ^ (1 << (at % 8)))
      let proven
      try {
        proven = verifyReceipt(decodeReceipt(changed), trust)
      } catch (error) {
        expect(error).toBeInstanceOf(ProofError)
        continue
      }
      // Nothing is left but another true absence, near by in a small tree.
      expect(name === 'absence' || name === 'empty list').toBe(true)
      if (proven.kind === 'absence') expect(store.get('facts', proven.key)).toBeUndefined()
      else expect(proven.kind === 'list' && listReceipt(store, head, proven.list, proven.handle).entries).toEqual([])
    }
  })

  test('with another claim says which check fails', () => {
    const fails = (name: string, change: object): ProofErrorCode | undefined =>
      codeOf(() => verifyReceipt({ ...(receipts[name] as Receipt), ...change } as Receipt, trust))
    expect(fails('tx', { code: 1 })).toBe('ERR_PROOF_LOG')
    expect(fails('failed tx', { codespace: '', code: 0 })).toBe('ERR_PROOF_LOG')
    expect(fails('fact', { value: utf8('other') })).toBe('ERR_PROOF_FACT')
    expect(fails('absence', { key: factKey(1) })).toBe('ERR_PROOF_ABSENCE')
    expect(fails('first entry', { index: 1 })).toBe('ERR_PROOF_ENTRY')
    expect(fails('first entry', { handle: idle })).toBe('ERR_PROOF_LIST')
    expect(fails('first entry', { list: 'accesses' })).toBe('ERR_PROOF_LIST')
    const { entries } = receipts['list'] as Extract<Receipt, { kind: 'list' }>
    expect(fails('list', { entries: entries.slice(1) })).toBe('ERR_PROOF_LIST')
    expect(fails('list', { entries: entries.slice(0, -1) })).toBe('ERR_PROOF_LIST')
    expect(fails('list', { entries: [] })).toBe('ERR_PROOF_LIST')
    expect(fails('list', { entries: entries.toReversed() })).toBe('ERR_PROOF_LIST')
    expect(fails('list', { leaf: { keyHash: head.app.stateRoot, valueHash: head.app.stateRoot } })).toBe('ERR_PROOF_LIST')
    expect(fails('empty list', { entries: [utf8('invented')] })).toBe('ERR_PROOF_LIST')
    expect(fails('fact', { app: { ...head.app, logSize: 9 } })).toBe('ERR_PROOF_APP_HASH')
  })
})

describe('trust', () => {
  const receipt = receipts['fact'] as Receipt

  test('decides whose header counts', () => {
    const stranger = headerSigner(CHAIN_ID, 2)
    expect(codeOf(() => verifyReceipt(receipt, stranger.trust))).toBe('ERR_PROOF_SIGNER')
    expect(codeOf(() => verifyReceipt(receipt, { ...trust, chainId: 'other-1' }))).toBe('ERR_PROOF_CHAIN')
    const impostor = { ...trust, signers: [{ did: signer.did, publicKey: stranger.publicKey }] }
    expect(codeOf(() => verifyReceipt(receipt, impostor))).toBe('ERR_PROOF_SIGNATURE')
    const rotated = { ...trust, signers: [...impostor.signers, ...trust.signers] }
    expect(verifyReceipt(receipt, rotated).kind).toBe('fact')
  })

  test('is strict', () => {
    expect(codeOf(() => parseTrust({ chainId: CHAIN_ID, signers: [] }))).toBe('ERR_PROOF_TRUST')
    expect(codeOf(() => parseTrust({ ...(trustToJson(trust) as object), more: true }))).toBe('ERR_PROOF_TRUST')
    expect(codeOf(() => parseTrust({ chainId: CHAIN_ID, signers: [{ did: signer.did, publicKey: 'AA' }] }))).toBe('ERR_PROOF_TRUST')
  })
})

describe('making receipts', () => {
  test('refuses what the state does not hold', () => {
    expect(codeOf(() => txReceipt(store, head, 4))).toBe('ERR_PROOF_NOT_FOUND')
    expect(codeOf(() => entryReceipt(store, head, 'records', busy, 6))).toBe('ERR_PROOF_NOT_FOUND')
    expect(codeOf(() => entryReceipt(store, head, 'records', idle as Handle, 0))).toBe('ERR_PROOF_NOT_FOUND')
    expect(codeOf(() => factReceipt(store, head, factKey(1000)))).toBe('ERR_PROOF_NOT_FOUND')
    expect(codeOf(() => absenceReceipt(store, head, factKey(1)))).toBe('ERR_PROOF_NOT_FOUND')
  })

  test('refuses a head that is not that of the state', () => {
    const stale = signer.head({ ...head.app, stateRoot: new Uint8Array(32) }, 2)
    expect(codeOf(() => factReceipt(store, stale, factKey(1)))).toBe('ERR_PROOF_STALE')
    expect(codeOf(() => listReceipt(store, stale, 'records', busy))).toBe('ERR_PROOF_STALE')
  })

  test('files that are no receipts are refused', () => {
    for (const json of [null, 'x', {}, { kind: 'fact' }, { ...(receiptToJson(receipts['fact'] as Receipt) as object), more: 1 }]) {
      expect(codeOf(() => parseReceipt(json))).toBe('ERR_PROOF_FORMAT')
    }
    expect(codeOf(() => decodeReceipt(new Uint8Array()))).toBe('ERR_PROOF_FORMAT')
    for (const codespace of ['\ud800', 'é', 'a\n', 'a'.repeat(65)]) expect(codeOf(() => parseReceipt({ ...(receiptToJson(receipts['tx'] as Receipt) as object), codespace }))).toBe('ERR_PROOF_FORMAT')
    const withFloat = { ...(receipts['fact'] as Receipt), extra: 0.5 }
    expect(() => encodeReceipt(withFloat)).toThrow(ProtocolError)
  })
})
