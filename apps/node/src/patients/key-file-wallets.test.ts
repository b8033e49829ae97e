import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { KeyFiles, MasterKey } from '../keys/index.ts'
import { KeyFileWallets } from './key-file-wallets.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chiron-wallets-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function files(): KeyFiles {
  return new KeyFiles(join(folder, 'keys'), MasterKey.open(join(folder, 'master.key'), join(folder, 'keys')))
}

test('who asks for a wallet while it is made gets the same, and it is in its file when it is given', async () => {
  const wallets = new KeyFileWallets(files())
  const [first, second, signer] = await Promise.all([wallets.walletFor('p1'), wallets.walletFor('p1'), wallets.signerFor('p1')])
  expect(second.did).toBe(first.did)
  expect(signer?.did).toBe(first.did)
  expect((await new KeyFileWallets(files()).walletFor('p1')).did).toBe(first.did)
})

test('a wallet that could not be kept is not given, and the next attempt makes one', async () => {
  const wallets = new KeyFileWallets(files())
  mkdirSync(join(folder, 'keys', 'p1.sealed.tmp'))
  await expect(wallets.walletFor('p1')).rejects.toThrow()
  expect(await wallets.signerFor('p1')).toBeUndefined()
  rmSync(join(folder, 'keys', 'p1.sealed.tmp'), { recursive: true })
  expect((await wallets.walletFor('p1')).did).toBe((await wallets.signerFor('p1'))?.did)
})

test('one that is destroyed while it is made leaves no file', async () => {
  const wallets = new KeyFileWallets(files())
  const making = wallets.walletFor('p1')
  await wallets.destroy('p1')
  await making
  expect(existsSync(join(folder, 'keys', 'p1.sealed'))).toBe(false)
})
