import { deriveDid, sha256, utf8, x25519PublicKey, type RecordId } from '@chiron/protocol'
import { describe, expect, it } from 'vitest'
import { importX25519KeyPair } from '../hpke/suites.ts'
import { webRandom } from '../random.ts'
import { flippedBytes } from '../testing/index.ts'
import { CopyOpener, decodeCopy, MAX_COPY_BYTES, sealCopies } from './copy.ts'

const secret = sha256(utf8('wallet'))
const didOf = (name: string) => deriveDid('patient', sha256(utf8(name)), new Uint8Array(16))
const owner = { chainId: 'chiron-test', owner: didOf('ada'), keyId: 'k2' }
const to = { ...owner, agreementKey: x25519PublicKey(secret) }
const keyOf = (n: number) => ({ record: new Uint8Array(16).fill(n) as RecordId, version: n, ciphertext: new Uint8Array(32).fill(n), key: sha256(Uint8Array.of(n)) })
const refused = expect.objectContaining({ code: 'ERR_VAULT_MESSAGE_INVALID' })

async function openerOf(changes: Partial<typeof owner> = {}, secretOf = secret): Promise<CopyOpener> {
  const pair = await importX25519KeyPair(secretOf)
  return new CopyOpener({ ...owner, ...changes }, (keyId) => (keyId === 'k2' ? pair : undefined))
}

describe('copies for a wallet', () => {
  it('give the content keys to that wallet, each for its version', async () => {
    const keys = [1, 2, 3].map(keyOf)
    const copies = await sealCopies(to, keys, webRandom)
    const opener = await openerOf()
    for (const [i, { key, ...of }] of keys.entries()) {
      expect((copies[i] as Uint8Array).length).toBeLessThan(MAX_COPY_BYTES)
      expect(await opener.open(of, copies[i] as Uint8Array)).toEqual(key)
    }
    expect(decodeCopy(copies[0] as Uint8Array).enc).toEqual(decodeCopy(copies[2] as Uint8Array).enc)
    expect(await sealCopies(to, [], webRandom)).toEqual([])
  })

  it('open for no other version, envelope, network, owner, key name or key', async () => {
    const { key: _key, ...of } = keyOf(1)
    const [copy] = (await sealCopies(to, [keyOf(1)], webRandom)) as [Uint8Array]
    const opener = await openerOf()
    for (const other of [{ record: keyOf(2).record }, { version: 2 }, { ciphertext: keyOf(2).ciphertext }]) {
      await expect(opener.open({ ...of, ...other }, copy)).rejects.toEqual(refused)
    }
    for (const other of [{ chainId: 'chiron-other' }, { owner: didOf('ben') }]) await expect((await openerOf(other)).open(of, copy)).rejects.toEqual(refused)
    await expect((await openerOf({}, sha256(utf8('thief')))).open(of, copy)).rejects.toEqual(refused)
    const [renamed] = (await sealCopies({ ...to, keyId: 'k3' }, [keyOf(1)], webRandom)) as [Uint8Array]
    await expect(opener.open(of, renamed)).rejects.toEqual(refused)
    const any = await importX25519KeyPair(secret)
    await expect(new CopyOpener(owner, () => any).open(of, copy)).resolves.toEqual(keyOf(1).key)
    const pretended = await sealCopies({ ...to, keyId: 'k9' }, [keyOf(1)], webRandom)
    await expect(new CopyOpener(owner, () => any).open(of, pretended[0] as Uint8Array)).resolves.toEqual(keyOf(1).key)
  })

  it('are refused with any byte changed, or too long', async () => {
    const { key: _key, ...of } = keyOf(1)
    const [copy] = (await sealCopies(to, [keyOf(1)], webRandom)) as [Uint8Array]
    const opener = await openerOf()
    for (const { bytes } of flippedBytes(copy)) await expect(opener.open(of, bytes)).rejects.toEqual(refused)
    expect(() => decodeCopy(new Uint8Array(MAX_COPY_BYTES + 1))).toThrow(refused)
  })
})
