import { appendFileSync, linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { concatBytes, deriveDid, sha256, utf8 } from '@chiron/protocol'
import { walletCopiesCompliance } from '@chiron/vault/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FileWalletCopies } from './wallet-copies-fs.ts'

const key = sha256(utf8('key'))

walletCopiesCompliance('filesystem', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'chiron-copies-'))
  return {
    copies: new FileWalletCopies(directory, key),
    reopen: async () => new FileWalletCopies(directory, key),
    rawBytes: async () => concatBytes(...readdirSync(directory).map((name) => concatBytes(utf8(name), readFileSync(join(directory, name))))),
    close: async () => rmSync(directory, { recursive: true, force: true }),
  }
})

describe('FileWalletCopies', () => {
  const owner = deriveDid('patient', sha256(utf8('ada')), new Uint8Array(16))
  const copyOf = (name: string) => ({ ciphertext: sha256(utf8(name)), bytes: utf8(`copy ${name}`) })
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'chiron-copies-'))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))
  const open = (): FileWalletCopies => new FileWalletCopies(directory, key)
  const file = (): string => join(directory, readdirSync(directory)[0] as string)
  const names = async (store: FileWalletCopies): Promise<string[]> => (await store.list(owner)).map(({ bytes }) => new TextDecoder().decode(bytes)).sort()

  it('loses only what was not acknowledged when a crash cut the end off, and goes on', async () => {
    await open().put(owner, [copyOf('a')])
    const whole = readFileSync(file())
    await open().put(owner, [copyOf('b'), copyOf('d')])
    const both = readFileSync(file())
    for (let length = whole.length; length < both.length; length++) {
      writeFileSync(file(), both.subarray(0, length))
      const store = open()
      const left = await names(store)
      expect(['copy a', 'copy b']).toEqual(expect.arrayContaining(left))
      await store.put(owner, [copyOf('c')])
      expect(await names(open())).toEqual([...left, 'copy c'])
    }
    writeFileSync(file(), concatBytes(whole, new Uint8Array(both.length - whole.length)))
    expect(await names(open())).toEqual(['copy a'])
  })

  it('finishes a replacement that a crash interrupted, before and after the new file was there', async () => {
    await open().put(owner, [copyOf('a')])
    linkSync(file(), `${file()}.old`)
    expect(await names(open())).toEqual(['copy a'])
    expect(readdirSync(directory)).toHaveLength(1)
    writeFileSync(`${file()}.old`, 'another one, replaced')
    expect(await names(open())).toEqual(['copy a'])
    expect(readdirSync(directory)).toHaveLength(1)
    writeFileSync(`${file()}.new.tmp`, 'half')
    open()
    expect(readdirSync(directory)).toHaveLength(1)
  })

  it('never takes a changed copy for a good one', async () => {
    await open().put(owner, [copyOf('a'), copyOf('b')])
    const whole = readFileSync(file())
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole)
      changed[at] = (changed[at] as number) ^ 1
      writeFileSync(file(), changed)
      const read = await names(open()).catch((error: { code?: string }) => error.code)
      expect([['copy a'], [], 'ERR_STORAGE_CORRUPT']).toContainEqual(read)
    }
    writeFileSync(file(), whole)
    appendFileSync(file(), whole)
    expect(await names(open())).toEqual(['copy a', 'copy b'])
    await expect(new FileWalletCopies(directory, sha256(utf8('other'))).list(owner)).resolves.toEqual([])
  })
})
