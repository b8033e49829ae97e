import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex } from '@chiron/protocol'
import { expect, it } from 'vitest'
import { hpkeVectors } from '../../../tools/vectors/hpke.ts'
import { formatVectors, vectorFolder } from '../../../tools/vectors/protocol.ts'
import { deriveKemKeyPair, hpkeOpen, type KemSuite } from '../src/hpke/suites.ts'

interface Seal {
  readonly name: string
  readonly suite: KemSuite
  readonly secret: string
  readonly publicKey: string
  readonly info: string
  readonly enc: string
  readonly ciphertext: string
  readonly plaintext: string
  readonly valid?: false
}

it.each([...(await hpkeVectors())])('%s is what its generator writes', (file, vectors) => {
  expect(readFileSync(join(vectorFolder, file), 'utf8')).toBe(formatVectors(vectors))
})

const { cases } = JSON.parse(readFileSync(join(vectorFolder, 'hpke-seals.json'), 'utf8')) as { readonly cases: readonly Seal[] }
it.each(cases)('$name', async ({ suite, secret, publicKey, info, enc, ciphertext, plaintext, valid }) => {
  const keys = await deriveKemKeyPair(suite, fromHex(secret))
  expect(keys.publicKey).toEqual(fromHex(publicKey))
  const opened = hpkeOpen(keys, fromHex(info), { enc: fromHex(enc), ciphertext: fromHex(ciphertext) })
  if (valid === false) await expect(opened).rejects.toMatchObject({ code: 'ERR_VAULT_MESSAGE_INVALID' })
  else expect(await opened).toEqual(fromHex(plaintext))
})
