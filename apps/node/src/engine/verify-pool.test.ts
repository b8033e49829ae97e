import { generateKeyPairSync, sign } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import type { TxId } from '@chiron/protocol'
import { NativeSignatures } from './signatures.ts'
import type { SignatureCheck } from './verify-batch.ts'
import { VerifyPool } from './verify-pool.ts'

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const key = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32))

function check(n: number, valid = true): SignatureCheck {
  const message = new Uint8Array(n % 700).fill(n)
  const signature = new Uint8Array(sign(null, message, privateKey))
  if (!valid) signature[7] = (signature[7] as number) ^ 1
  return { publicKey: key, message, signature }
}

const pools: VerifyPool[] = []
function pool(size = 2): VerifyPool {
  const made = new VerifyPool(size)
  pools.push(made)
  return made
}
afterEach(async () => {
  for (const each of pools.splice(0)) await each.close()
})

const answersOf = (verifier: VerifyPool, groups: readonly (readonly SignatureCheck[])[]): Promise<(readonly boolean[])[]> =>
  Promise.all(groups.map((checks) => new Promise<readonly boolean[]>((resolve) => verifier.verify(checks, resolve))))

describe('VerifyPool', () => {
  it('answers each group for itself, whatever travels together', async () => {
    const expected = Array.from({ length: 60 }, (_, n) => Array.from({ length: 1 + (n % 5) }, (_, i) => (n + i) % 3 !== 0))
    const groups = expected.map((group, n) => group.map((valid, i) => check(n * 5 + i, valid)))
    expect(await answersOf(pool(), groups)).toEqual(expected)
  })

  it('starts again after it was closed', async () => {
    const verifier = pool(1)
    expect(await answersOf(verifier, [[check(1)]])).toEqual([[true]])
    await verifier.close()
    expect(await answersOf(verifier, [[check(2, false)]])).toEqual([[false]])
  })
})

describe('NativeSignatures.checkAhead', () => {
  const idOf = (n: number): TxId => new Uint8Array(32).fill(n) as TxId
  const ahead = (signatures: NativeSignatures, n: number, checks: readonly SignatureCheck[]): Promise<boolean> =>
    new Promise((resolve) => signatures.checkAhead(idOf(n), checks, resolve))

  it('says of each transaction whether its own signature is valid, and later answers as if it had checked nothing', async () => {
    const signatures = new NativeSignatures(undefined, pool())
    const txs = Array.from({ length: 30 }, (_, n) => [check(n, n % 3 !== 0), check(100 + n, n % 2 === 0)] as const)
    const answers = await Promise.all(txs.map((checks, n) => ahead(signatures, n, checks)))
    expect(answers).toEqual(txs.map((_, n) => n % 3 !== 0))
    for (const [n, [own, receipt]] of txs.entries()) {
      expect(signatures.ofTx(own.publicKey, own.message, own.signature, idOf(n))).toBe(n % 3 !== 0)
      const changed = { ...receipt, message: Uint8Array.of(...receipt.message, 1) }
      expect(signatures.verify(changed.publicKey, changed.message, changed.signature)).toBe(false)
      expect(signatures.verify(receipt.publicKey, receipt.message, receipt.signature)).toBe(n % 2 === 0)
    }
  })

  it('refuses what OpenSSL alone would not', async () => {
    const signatures = new NativeSignatures(undefined, pool())
    const good = check(5)
    const order = Buffer.from('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010', 'hex')
    const bad: SignatureCheck[] = [
      { ...good, signature: Uint8Array.of(...good.signature.subarray(0, 32), ...order) },
      { ...good, signature: Uint8Array.of(1, ...new Uint8Array(63)) },
      { ...good, publicKey: Uint8Array.of(1, ...new Uint8Array(31)) },
      { ...good, signature: good.signature.subarray(1) },
    ]
    expect(await Promise.all([good, good, good, ...bad].map((each, n) => ahead(signatures, n, [each])))).toEqual([true, true, true, false, false, false, false])
  })
})
