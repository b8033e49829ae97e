import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex, isAcceptablePublicKey, sha256, utf8, verifyEd25519, type TxId } from '@chiron/protocol'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NativeSignatures } from './signatures.ts'
import type { SignatureCheck } from './verify-batch.ts'
import { VerifyPool } from './verify-pool.ts'

const readVectors = <V>(name: string): { readonly vectors: readonly V[] } => JSON.parse(readFileSync(join(import.meta.dirname, '../../../../spec/vectors', name), 'utf8'))
const keys = readVectors<{ name: string; publicKey: string; acceptable: boolean }>('ed25519-keys.json')
const signatures = readVectors<{ name: string; publicKey: string; message: string; signature: string; valid: boolean }>('ed25519-signatures.json')

const native = new NativeSignatures()

describe('SPEC-SIG-1: public keys', () => {
  it.each(keys.vectors)('$name', ({ publicKey, acceptable }) => {
    expect(isAcceptablePublicKey(fromHex(publicKey))).toBe(acceptable)
  })
})

describe('SPEC-SIG-2: signatures', () => {
  it.each(signatures.vectors)('$name', ({ publicKey, message, signature, valid }) => {
    expect(verifyEd25519(fromHex(publicKey), fromHex(message), fromHex(signature))).toBe(valid)
    expect(native.verify(fromHex(publicKey), fromHex(message), fromHex(signature))).toBe(valid)
  })

  it('has cases that OpenSSL alone would accept', () => {
    const accepted = (check: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean): number =>
      signatures.vectors.filter((vector) => {
        try {
          return !vector.valid && check(fromHex(vector.publicKey), fromHex(vector.message), fromHex(vector.signature))
        } catch {
          return false
        }
      }).length
    expect(accepted(openssl)).toBeGreaterThan(5)
  })

  it('is answered alike by both verifiers for changed signatures, keys and messages', () => {
    const torsion = keys.vectors.filter(({ publicKey }) => publicKey.length === 64).map(({ publicKey }) => fromHex(publicKey))
    const flip = (bytes: Uint8Array, at: number, bit: number): Uint8Array => {
      const changed = bytes.slice()
      changed[at % bytes.length] = (changed[at % bytes.length] as number) ^ (1 << bit)
      return changed
    }
    const change = fc.oneof(
      fc.record({ kind: fc.constant('none' as const) }),
      fc.record({ kind: fc.constantFrom('key', 'message', 'signature'), at: fc.nat(), bit: fc.nat(7) }),
      fc.record({ kind: fc.constantFrom('A', 'R'), point: fc.constantFrom(...torsion) }),
      fc.record({ kind: fc.constant('S' as const), s: fc.uint8Array({ minLength: 32, maxLength: 32 }) }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array({ minLength: 1, maxLength: 40 }), change, (seed, text, changed) => {
        let publicKey: Uint8Array = publicKeyOf(seed)
        let message: Uint8Array = text
        let signature: Uint8Array = signWith(text, seed)
        if (changed.kind === 'key') publicKey = flip(publicKey, changed.at, changed.bit)
        else if (changed.kind === 'message') message = flip(message, changed.at, changed.bit)
        else if (changed.kind === 'signature') signature = flip(signature, changed.at, changed.bit)
        else if (changed.kind === 'A') publicKey = changed.point
        else if (changed.kind === 'R') signature = Uint8Array.of(...changed.point, ...signature.subarray(32))
        else if (changed.kind === 'S') signature = Uint8Array.of(...signature.subarray(0, 32), ...changed.s)
        const expected = verifyEd25519(publicKey, message, signature)
        expect(native.verify(publicKey, message, signature)).toBe(expected)
        expect(expected).toBe(changed.kind === 'none')
      }),
      { numRuns: 200 },
    )
  })
})

describe('NativeSignatures.ofTx', () => {
  const seed = new Uint8Array(32).fill(3)
  const publicKey = publicKeyOf(seed)
  const message = utf8('a transaction')
  const signature = signWith(message, seed)
  const id = sha256(message) as TxId

  it('remembers a valid signature, and only that one', () => {
    const verifier = new NativeSignatures()
    const forged = signature.slice()
    forged[40] = (forged[40] as number) ^ 1
    expect(verifier.ofTx(publicKey, message, forged, id)).toBe(false)
    expect(verifier.ofTx(publicKey, message, signature, id)).toBe(true)
    expect(verifier.ofTx(publicKey, message, signature, id)).toBe(true)
    expect(verifier.ofTx(publicKey, message, forged, id)).toBe(false)
    expect(verifier.ofTx(publicKeyOf(new Uint8Array(32)), message, signature, id)).toBe(false)
    verifier.forget(id)
    expect(verifier.ofTx(publicKey, message, signature, id)).toBe(true)
  })

  it('stays right when its caches are full', () => {
    const verifier = new NativeSignatures({ keys: 1, signatures: 1, ahead: 1 })
    for (let n = 10; n < 14; n++) {
      const own = new Uint8Array(32).fill(n)
      const text = utf8(`tx ${n}`)
      const valid = signWith(text, own)
      expect(verifier.ofTx(publicKeyOf(own), text, valid, sha256(text) as TxId)).toBe(true)
      expect(verifier.ofTx(publicKey, text, valid, sha256(text) as TxId)).toBe(false)
    }
  })
})

describe('NativeSignatures.checkAhead', () => {
  const seed = new Uint8Array(32).fill(5)
  const publicKey = publicKeyOf(seed)
  const receipt = { publicKey, message: utf8('a receipt of a group'), signature: signWith(utf8('a receipt of a group'), seed) }

  /** A transaction of its own, and a signature that it shares with others. */
  const asking = (verifier: NativeSignatures, name: string, shared: typeof receipt): Promise<boolean> => {
    const message = utf8(name)
    return new Promise((done) => verifier.checkAhead(sha256(message) as TxId, [{ publicKey, message, signature: signWith(message, seed) }, shared], done))
  }

  /** Answers what it is asked in the order opposite to that of asking, once all of it was asked. */
  class Backwards extends VerifyPool {
    readonly asked: [checks: readonly SignatureCheck[], done: (valid: readonly boolean[]) => void][] = []

    override verify(checks: readonly SignatureCheck[], done: (valid: readonly boolean[]) => void): void {
      this.asked.push([checks, done])
    }

    answer(): void {
      for (const [checks, done] of this.asked.splice(0).reverse()) done(checks.map((check) => verifyEd25519(check.publicKey, check.message, check.signature)))
    }
  }

  it('checks what several share once, and all of them wait for it', async () => {
    const pool = new Backwards()
    const verifier = new NativeSignatures(undefined, pool)
    const answers = ['one', 'two', 'three', 'four', 'five'].map((name) => asking(verifier, name, receipt))
    expect(pool.asked.map(([checks]) => checks.length)).toEqual([2, 1, 1])
    const settled: number[] = []
    for (const [i, answer] of answers.entries()) void answer.then(() => settled.push(i))
    pool.answer()
    expect(await Promise.all(answers)).toEqual([true, true, true, true, true])
    // The first two are checked at once; those after them were answered before what they share was.
    expect(settled.slice(2)).toEqual([4, 3, 2].toSorted((a, b) => settled.indexOf(a) - settled.indexOf(b)))
    const later = asking(verifier, 'six', receipt)
    void [asking(verifier, 'seven', receipt), asking(verifier, 'eight', receipt)]
    expect(pool.asked.every(([checks]) => checks.length === 1)).toBe(true)
    pool.answer()
    expect(await later).toBe(true)
  })

  it('takes no word for another key, message or signature than it checked', async () => {
    const pool = new Backwards()
    const verifier = new NativeSignatures(undefined, pool)
    const forged = receipt.signature.slice()
    forged[40] = (forged[40] as number) ^ 1
    const others = [{ ...receipt, signature: forged }, { ...receipt, message: utf8('another receipt') }, { ...receipt, publicKey: publicKeyOf(new Uint8Array(32)) }]
    const answers = ['a', 'b', 'c'].map((name) => asking(verifier, name, receipt))
    for (const [i, other] of others.entries()) answers.push(asking(verifier, `other ${i}`, other))
    pool.answer()
    expect(await Promise.all(answers)).toEqual([true, true, true, true, true, true])
    expect(verifier.verify(receipt.publicKey, receipt.message, receipt.signature)).toBe(true)
    for (const other of others) expect(verifier.verify(other.publicKey, other.message, other.signature)).toBe(false)
  })
})

function privateKeyOf(seed: Uint8Array): ReturnType<typeof createPrivateKey> {
  return createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' })
}

function publicKeyOf(seed: Uint8Array): Uint8Array {
  return new Uint8Array(createPublicKey(privateKeyOf(seed)).export({ format: 'der', type: 'spki' }).subarray(-32))
}

function signWith(message: Uint8Array, seed: Uint8Array): Uint8Array {
  return new Uint8Array(sign(null, message, privateKeyOf(seed)))
}

function openssl(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]), format: 'der', type: 'spki' })
  return verify(null, message, key, signature)
}
