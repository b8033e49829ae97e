import { decodeCanonical, encodeCanonical, equalBytes, type ObjectId } from '@chiron/protocol'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { combineShares } from '../custody/shares.ts'
import { openEnvelope } from '../envelope/envelope.ts'
import { deriveKemKeyPair, importX25519KeyPair } from '../hpke/suites.ts'
import { webRandom } from '../random.ts'
import { flippedBytes, testIdentity, TestNetwork, type SealedRecord, present } from '../testing/index.ts'
import { openReleases, type ReleasesToOpen } from './open.ts'
import { decodeReleaseRequest, signedReleaseRequest } from './request.ts'
import { openReleaseResponse, sealReleaseResponse } from './response.ts'

const access = new Uint8Array(16).fill(3) as ObjectId

async function written(n: number, count: number) {
  const network = await TestNetwork.start(n)
  const records = await network.sealRecords(count)
  const batch = await network.write(records)
  network.ledger.openAccessFor(access, network.reader, network.gateway.did)
  return { network, records, batch, expected: network.expected(records, batch) }
}

async function ask(network: TestNetwork, records: readonly SealedRecord[], whom = network.keyholders) {
  const request = await network.request(access, records)
  const responses = await Promise.all(whom.map(async (keyholder) => ({ keyholder: keyholder.did, bytes: await keyholder.release(request.bytes) })))
  return { request, responses }
}

function toOpen(network: TestNetwork, request: Uint8Array, rest: Pick<ReleasesToOpen, 'records' | 'responses'>): ReleasesToOpen {
  return { request, recipient: network.recipient, set: (number) => network.ledger.custodySet(number), ...rest }
}

describe('release', () => {
  it.each([1, 4, 7])('gives the keys of what was sealed, with %i keyholders', async (n) => {
    const { network, records, expected } = await written(n, 3)
    const { request, responses } = await ask(network, records)
    const opened = await openReleases(toOpen(network, request.hash, { records: expected, responses }))
    expect(opened.faults).toEqual([])
    for (const [i, { binding, envelope }] of records.entries()) {
      const answer = present(opened.keys[i])
      if (!('key' in answer)) throw answer.error
      expect((await openEnvelope(envelope.bytes, answer.key, binding)).meta).toEqual({ type: 'Observation' })
    }
  })

  it('works with one keyholder down and one lying, and names the liar', async () => {
    const { network, records, expected } = await written(4, 2)
    const { request, responses } = await ask(network, records, network.keyholders.slice(0, 3))
    const liar = present(network.identities[1])
    const honest = await openReleaseResponse(
      present(responses[1]).bytes,
      { keyholder: liar.did, signingKey: liar.publicKey, request: request.hash, recipient: network.recipient },
      () => true,
    )
    const lie = (change: (share: (typeof honest.shares)[number]) => (typeof honest.shares)[number]) => sealReleaseResponse(
      { keyholder: liar.did, request: request.hash, recipient: { suite: 'x25519', key: network.recipient.publicKey }, shares: honest.shares.map(change), refused: [] },
      { sign: liar.sign, random: webRandom },
    )
    const lies = [
      await lie(([position, set, index, share, commitments]) => [position, set, index, share.map((byte) => byte ^ 1), commitments]),
      await lie(([position, set, index, share, commitments]) => [position, set, index, share, commitments.map((byte) => byte ^ 1)]),
      await lie(([position, set, , share, commitments]) => [position, set, 0, share, commitments]),
      await lie(([position, , index, share, commitments]) => [position, 9, index, share, commitments]),
    ]
    for (const bytes of lies) {
      const answers = [present(responses[0]), { keyholder: liar.did, bytes }, present(responses[2])]
      const opened = await openReleases(toOpen(network, request.hash, { records: expected, responses: answers }))
      expect(opened.keys.map((answer) => ('key' in answer ? answer.key : answer.error))).toEqual(records.map((record) => record.envelope.key))
      expect(opened.faults).toEqual([0, 1].map((position) => ({ keyholder: liar.did, code: 'ERR_VAULT_SHARE_INVALID', position })))
      const alone = await openReleases(toOpen(network, request.hash, { records: expected, responses: answers.slice(0, 2) }))
      expect(alone.keys.every((answer) => 'error' in answer)).toBe(true)
      expect(alone.faults.map((fault) => fault.keyholder)).toEqual([liar.did, liar.did])
    }
    const one = await openReleases(toOpen(network, request.hash, { records: expected, responses: responses.slice(0, 1) }))
    expect(one.keys).toMatchObject([{ error: { code: 'ERR_VAULT_SHARES_MISSING' } }, { error: { code: 'ERR_VAULT_SHARES_MISSING' } }])
    expect(one.faults).toEqual([])
  })

  it('names the dealer when all keyholders are honest and the key is not the committed one', async () => {
    const { network, records, expected } = await written(4, 1)
    const { request, responses } = await ask(network, records)
    const wrong = [{ ...present(expected[0]), keyCommitment: new Uint8Array(32) }]
    const opened = await openReleases(toOpen(network, request.hash, { records: wrong, responses }))
    expect(opened).toMatchObject({ keys: [{ error: { code: 'ERR_VAULT_DEALER' } }], faults: [] })
  })

  it('refuses every changed byte of a response, naming the keyholder', async () => {
    const { network, records, expected } = await written(1, 1)
    const { request, responses } = await ask(network, records)
    const [{ keyholder, bytes }] = responses as [(typeof responses)[number]]
    for (const flipped of flippedBytes(bytes)) {
      const opened = await openReleases(toOpen(network, request.hash, { records: expected, responses: [{ keyholder, bytes: flipped.bytes }] }))
      expect(opened.keys[0]).toMatchObject({ error: { code: 'ERR_VAULT_SHARES_MISSING' } })
      expect(opened.faults).toMatchObject([{ keyholder }])
    }
  })

  it('refuses every changed byte of a request', async () => {
    const { network, records } = await written(1, 1)
    const { bytes } = await network.request(access, records)
    for (const flipped of flippedBytes(bytes)) {
      await expect(present(network.keyholders[0]).release(flipped.bytes)).rejects.toMatchObject({ name: 'VaultError' })
    }
    expect(present(network.keyholders[0]).releaseLogHead().size).toBe(0)
  })

  it('takes no response to another request, of another keyholder, or for another recipient', async () => {
    const { network, records, expected } = await written(2, 1)
    const first = await ask(network, records)
    const second = await ask(network, records)
    const swapped = [
      { keyholder: present(network.identities[0]).did, bytes: present(first.responses[1]).bytes },
      { keyholder: network.author.did, bytes: present(first.responses[0]).bytes },
    ]
    const opened = await openReleases(toOpen(network, first.request.hash, { records: expected, responses: swapped }))
    expect(opened.faults.map((fault) => fault.code)).toEqual(['ERR_VAULT_WRONG_RECIPIENT', 'ERR_VAULT_WRONG_RECIPIENT'])
    const replayed = await openReleases(toOpen(network, second.request.hash, { records: expected, responses: first.responses }))
    expect(replayed.faults.map((fault) => fault.code)).toEqual(['ERR_VAULT_WRONG_RECIPIENT', 'ERR_VAULT_WRONG_RECIPIENT'])
    const eavesdropper = await openReleases({ ...toOpen(network, first.request.hash, { records: expected, responses: first.responses }), recipient: present(network.keys[0]) })
    expect(eavesdropper.faults.map((fault) => fault.code)).toEqual(['ERR_VAULT_MESSAGE_INVALID', 'ERR_VAULT_MESSAGE_INVALID'])
  })

  it('combines from any subset of keyholders that is large enough', async () => {
    const { network, records, expected } = await written(7, 1)
    const { request, responses } = await ask(network, records)
    await fc.assert(fc.asyncProperty(fc.shuffledSubarray(responses), async (some) => {
      const opened = await openReleases(toOpen(network, request.hash, { records: expected, responses: some }))
      if (some.length >= 3) expect(opened.keys).toEqual([{ key: present(records[0]).envelope.key }])
      else expect(opened.keys).toMatchObject([{ error: { code: 'ERR_VAULT_SHARES_MISSING' } }])
    }), { numRuns: 30 })
    await expect(combineShares({ record: present(records[0]).binding.record, salt: new Uint8Array(16), threshold: 0, shares: [], key: new Uint8Array(32) }, [])).rejects.toMatchObject({ code: 'ERR_VAULT_PARAMETERS' })
  })

  it('decodes requests strictly', async () => {
    const network = await TestNetwork.start(1)
    const { bytes } = await network.request(access, await network.sealRecords(1))
    const { body, signature } = decodeCanonical(signedReleaseRequest, bytes)
    expect(decodeReleaseRequest(bytes).request.access).toEqual(access)
    const bad = [
      encodeCanonical({ body, signature, more: 1 }),
      encodeCanonical({ body: new Uint8Array(3), signature }),
      (await network.request(access, [])).bytes,
      (await network.request(access, await network.sealRecords(1), { recipient: { suite: 'x-wing', key: new Uint8Array(32) } })).bytes,
    ]
    for (const wrong of bad) expect(() => decodeReleaseRequest(wrong)).toThrow(expect.objectContaining({ code: 'ERR_VAULT_MESSAGE_INVALID' }))
  })
})

describe('a wallet', () => {
  const secret = new Uint8Array(32).fill(9)
  const wallet = testIdentity('wallet')

  async function claimed(n = 1) {
    const network = await TestNetwork.start(n)
    const records = await network.sealRecords(2)
    const batch = await network.write(records)
    const keys = await importX25519KeyPair(secret)
    network.ledger.wallets.set(wallet.did, { signing: wallet.publicKey, agreement: keys.publicKey })
    network.ledger.openAccessFor(access, wallet.did, wallet.did, (record) => equalBytes(record, present(records[0]).binding.record))
    const own = { reader: wallet.did, gateway: wallet.did, recipient: { suite: 'x25519' as const, key: keys.publicKey } }
    return { network, records, keys, own, expected: network.expected(records, batch), keyholder: present(network.keyholders[0]) }
  }

  it('is answered for itself: what its access covers, sealed to its agreement key', async () => {
    const { network, records, keys, own, expected } = await claimed(4)
    const request = await network.request(access, records, own, wallet)
    const responses = await Promise.all(network.keyholders.map(async (each) => ({ keyholder: each.did, bytes: await each.release(request.bytes) })))
    const opened = await openReleases({ ...toOpen(network, request.hash, { records: expected, responses }), recipient: keys })
    expect(opened.keys).toMatchObject([{ key: present(records[0]).envelope.key }, { error: { code: 'ERR_VAULT_NO_ACCESS' } }])
  })

  it('is answered under no other key, with no access, and never for somebody else', async () => {
    const { network, records, own, keyholder } = await claimed()
    const refuses = async (changes: Parameters<typeof network.request>[2], signer: typeof wallet, code: string, id = access) => {
      const { bytes } = await network.request(id, records, { ...own, ...changes }, signer)
      await expect(keyholder.release(bytes)).rejects.toMatchObject({ code })
    }
    const elsewhere = await importX25519KeyPair(new Uint8Array(32).fill(8))
    await refuses({ recipient: { suite: 'x25519', key: elsewhere.publicKey } }, wallet, 'ERR_VAULT_WRONG_RECIPIENT')
    const hybrid = await deriveKemKeyPair('x-wing', secret)
    await refuses({ recipient: { suite: 'x-wing', key: hybrid.publicKey } }, wallet, 'ERR_VAULT_WRONG_RECIPIENT')
    await refuses({}, network.gateway, 'ERR_VAULT_SIGNATURE')
    await refuses({}, testIdentity('somebody'), 'ERR_VAULT_SIGNATURE')
    await refuses({ reader: network.reader }, wallet, 'ERR_VAULT_SIGNATURE')
    await refuses({}, wallet, 'ERR_VAULT_NO_ACCESS', new Uint8Array(16) as ObjectId)
    await refuses({ gateway: network.gateway.did }, network.gateway, 'ERR_VAULT_NO_ACCESS')
    network.ledger.wallets.clear()
    await refuses({}, wallet, 'ERR_VAULT_SIGNATURE')
    expect(keyholder.releaseLogHead().size).toBe(0)
  })
})
