import { describe, expect, test } from 'vitest'
import { aDid, commit, json, receiptFor, recordingFetch, trust } from '../../test/member-node.ts'
import { identity, verifyTxReceipt, type Clock } from '../index.ts'
import { signTx, type SignedTransaction } from '../transactions/index.ts'
import { createWallet } from '../wallet/index.ts'
import { LedgerClient } from './client.ts'

const base = 'http://node.test/riverside'
const wallet = createWallet({ kind: 'patient' })

async function aTx(validUntil = 60_000): Promise<SignedTransaction> {
  return await signTx([identity.revokeDelegation({ to: aDid(1) })], { chainId: trust.chainId, wallet, validUntil })
}

/** A clock that moves only by sleeping. */
function steppingClock(): Clock & { readonly slept: number[] } {
  const slept: number[] = []
  let time = 0
  return {
    slept,
    now: () => time,
    sleep: async (ms) => {
      slept.push(ms)
      time += ms
    },
  }
}

describe('submit', () => {
  test('sends the canonical bytes and gives a receipt that verifies', async () => {
    const { fetch, seen } = recordingFetch((request) => commit(request).response)
    const tx = await aTx()
    const committed = await new LedgerClient({ base, token: 'abc' }, { fetch }).submit(tx)
    expect(seen[0]).toMatchObject({ url: `${base}/chiron/tx`, method: 'POST', redirect: 'error' })
    expect(seen[0]?.headers).toMatchObject({ 'content-type': 'application/cbor', authorization: 'Bearer abc' })
    expect(seen[0]?.body).toEqual(tx.bytes)
    expect(committed).toMatchObject({ height: 1, timeMs: 1000 })
    expect(verifyTxReceipt(committed.receipt, trust, tx.id)).toMatchObject({ txId: tx.id, code: 0 })
  })

  test('tells which contract refused, and with which number', async () => {
    const { fetch } = recordingFetch((request) => commit(request, { codespace: 'consent', code: 4 }).response)
    await expect(new LedgerClient({ base }, { fetch }).submit(await aTx())).rejects.toMatchObject({
      code: 'ERR_SDK_TX_REFUSED',
      context: { codespace: 'consent', contractCode: 4 },
    })
  })

  test('refuses an answer about another transaction', async () => {
    const other = new Uint8Array(32).fill(9)
    const { fetch } = recordingFetch(() => json({ txId: Buffer.from(other).toString('hex'), height: 1, timeMs: 1, codespace: '', code: 0, receipt: receiptFor(other) }))
    await expect(new LedgerClient({ base }, { fetch }).submit(await aTx())).rejects.toMatchObject({ code: 'ERR_SDK_RESPONSE' })
  })

  test('understands the id as a CID and as base64url', async () => {
    const tx = await aTx()
    for (const txId of [tx.cid, Buffer.from(tx.id).toString('base64url')]) {
      const { fetch } = recordingFetch(() => json({ txId, height: 3, timeMs: 5, codespace: '', code: 0, receipt: receiptFor(tx.id) }))
      await expect(new LedgerClient({ base }, { fetch }).submit(tx)).resolves.toMatchObject({ height: 3 })
    }
  })

  test.each([{}, { txId: 'x' }, 'text', null])('refuses an answer of another shape: %j', async (body) => {
    const { fetch } = recordingFetch(() => json(body))
    await expect(new LedgerClient({ base }, { fetch }).submit(await aTx())).rejects.toMatchObject({ code: 'ERR_SDK_RESPONSE' })
  })
})

describe('submitUntilExpired', () => {
  test('sends the same bytes until an answer comes', async () => {
    const clock = steppingClock()
    let tries = 0
    const { fetch, seen } = recordingFetch((request) => {
      tries++
      if (tries === 1) throw new TypeError('connection refused')
      if (tries === 2) return new Response('busy', { status: 503 })
      return commit(request).response
    })
    const tx = await aTx()
    await new LedgerClient({ base }, { fetch, clock }).submitUntilExpired(tx)
    expect(seen.map((request) => request.body)).toEqual([tx.bytes, tx.bytes, tx.bytes])
    expect(clock.slept).toEqual([250, 500])
  })

  test('gives up once the transaction has expired, with the last failure as cause', async () => {
    const clock = steppingClock()
    const { fetch, seen } = recordingFetch(() => new Response('', { status: 503 }))
    const failure = new LedgerClient({ base }, { fetch, clock }).submitUntilExpired(await aTx(30_000))
    await expect(failure).rejects.toMatchObject({ code: 'ERR_SDK_TX_EXPIRED', cause: { code: 'ERR_SDK_UNAVAILABLE' } })
    expect(clock.now()).toBeLessThanOrEqual(30_000)
    expect(clock.now()).toBeGreaterThan(20_000)
    expect(seen.length).toBe(clock.slept.length + 1)
  })

  test('does not repeat what was refused', async () => {
    const { fetch, seen } = recordingFetch((request) => commit(request, { codespace: 'access', code: 2 }).response)
    await expect(new LedgerClient({ base }, { fetch, clock: steppingClock() }).submitUntilExpired(await aTx())).rejects.toMatchObject({ code: 'ERR_SDK_TX_REFUSED' })
    expect(seen).toHaveLength(1)
  })
})

describe('reading', () => {
  const answer = (body: unknown) => new LedgerClient({ base }, { fetch: recordingFetch(() => json(body)).fetch })
  const did = aDid(2)

  test('the network', async () => {
    const network = { chainId: 'chiron-test', members: [{ name: 'riverside', did }], sample: true, blockTimeMs: 5, height: 2 }
    await expect(answer(network).network()).resolves.toEqual(network)
    await expect(answer({ ...network, members: [{ name: 'riverside', did: 'x' }] }).network()).rejects.toMatchObject({ code: 'ERR_SDK_RESPONSE' })
  })

  test("the patient's keys", async () => {
    const [handle, tagKey] = [new Uint8Array(32).fill(3), new Uint8Array(32).fill(4)]
    const keys = { handle: Buffer.from(handle).toString('hex'), did, tagKey: Buffer.from(tagKey).toString('base64url') }
    await expect(answer(keys).patient()).resolves.toEqual({ handle, did, tagKey })
    await expect(answer({ ...keys, tagKey: 'AAAA' }).patient()).rejects.toMatchObject({ code: 'ERR_SDK_RESPONSE' })
  })

  test('rules and requests', async () => {
    const words = { purposes: ['TREAT'], categories: ['laboratory'], labels: [], actions: ['read'] }
    const id = 'ab'.repeat(16)
    const rule = { rule: id, effect: 'permit', to: 'lakeside', ...words, records: [], limits: ['also in an emergency'], fromMs: 0, untilMs: null, status: 'in-force', inCustody: false }
    const request = { request: id, who: 'physician', organisation: 'lakeside', grantee: { kind: 'organisation', did }, ...words, forMs: 86_400_000, askedMs: 5, status: 'open', rule: null }
    await expect(answer([rule]).rules()).resolves.toEqual([rule])
    await expect(answer([request]).requests()).resolves.toEqual([request])
    await expect(answer([{ ...rule, effect: 'maybe' }]).rules()).rejects.toMatchObject({ code: 'ERR_SDK_RESPONSE' })
  })
})
