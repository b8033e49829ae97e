/** Writes `spec/vectors/hpke-seals.json`: seals of the vault, for other implementations of RFC 9180 to open. Deterministic. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deriveKemKeyPair, hpkeSeal, type KemSuite } from '../../packages/vault/src/hpke/suites.ts'
import type { Plain, VectorFile } from './plain.ts'
import { formatVectors, vectorFolder } from './protocol.ts'
import { hex, sampleBytes } from './protocol-reference.ts'

type Case = { readonly [key: string]: Plain }

async function sealCases(suite: KemSuite): Promise<Case[]> {
  const cases: Case[] = []
  for (const length of [0, 32, 1000]) {
    const secret = sampleBytes(`hpke secret ${suite} ${length}`, 32)
    const keys = await deriveKemKeyPair(suite, secret)
    const info = sampleBytes(`hpke info ${length}`, length === 0 ? 0 : 40)
    const plaintext = sampleBytes(`hpke plaintext ${length}`, length)
    const { enc, ciphertext } = await hpkeSeal({ suite, key: keys.publicKey }, info, plaintext, (bytes) => sampleBytes(`hpke ekm ${suite} ${length}`, bytes))
    cases.push({ name: `${suite}, ${length} bytes`, suite, secret: hex(secret), publicKey: hex(keys.publicKey), info: hex(info), enc: hex(enc), ciphertext: hex(ciphertext), plaintext: hex(plaintext) })
  }
  const last = cases[2] as Case
  const flipped = (text: Plain, at: number): string => hex(Uint8Array.from(Buffer.from(text as string, 'hex'), (byte, i) => (i === at ? byte ^ 1 : byte)))
  return [
    ...cases,
    { ...last, name: `${suite}, changed ciphertext`, ciphertext: flipped(last['ciphertext'] as Plain, 7), valid: false },
    { ...last, name: `${suite}, changed encapsulation`, enc: flipped(last['enc'] as Plain, 7), valid: false },
    { ...last, name: `${suite}, for another info`, info: flipped(last['info'] as Plain, 7), valid: false },
  ]
}

/** File name → contents. */
export async function hpkeVectors(): Promise<ReadonlyMap<string, VectorFile>> {
  return new Map([
    ['hpke-seals.json', {
      requirements: ['SPEC-HPKE-1'],
      about: 'Base mode seals of HPKE (HKDF-SHA256, AES-256-GCM, no associated data) and the key pair that DeriveKeyPair makes of `secret`; a case with `valid` false does not open (bytes in hex).',
      cases: [...(await sealCases('x25519')), ...(await sealCases('x-wing'))],
    }],
  ])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, file] of await hpkeVectors()) writeFileSync(join(vectorFolder, name), formatVectors(file))
}
