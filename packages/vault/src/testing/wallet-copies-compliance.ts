import { deriveDid, sha256, toHex, utf8 } from '@chiron/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import type { KeptCopy, WalletCopies } from '../copies/port.ts'

/** What a driver's tests give to the suite for every test anew. */
export interface WalletCopiesUnderTest {
  readonly copies: WalletCopies
  /** Over the same bytes, as after a restart; absent where nothing survives one. */
  reopen?(): Promise<WalletCopies>
  /** All bytes that the driver keeps, anywhere. */
  rawBytes?(): Promise<Uint8Array>
  close(): Promise<void>
}

const ownerOf = (name: string) => deriveDid('patient', sha256(utf8(name)), new Uint8Array(16))
const [ada, ben] = [ownerOf('ada'), ownerOf('ben')]
const copyOf = (name: string, text = name): KeptCopy => ({ ciphertext: sha256(utf8(name)), bytes: utf8(`copy ${text}`) })
const sorted = (copies: readonly KeptCopy[]) => copies.map(({ ciphertext, bytes }) => `${toHex(ciphertext)} ${toHex(bytes)}`).sort()

/** The compliance suite of {@link WalletCopies}: run it on every driver. SPEC-COPY-2. */
export function walletCopiesCompliance(name: string, make: () => Promise<WalletCopiesUnderTest>): void {
  describe(`wallet copies: ${name}`, () => {
    const opened: WalletCopiesUnderTest[] = []
    const open = async (): Promise<WalletCopiesUnderTest> => {
      const made = await make()
      opened.push(made)
      return made
    }
    const again = async (made: WalletCopiesUnderTest): Promise<WalletCopies> => (await made.reopen?.()) ?? made.copies
    afterEach(async () => {
      for (const made of opened.splice(0)) await made.close()
    })

    it('gives each owner what was put, also after a restart', async () => {
      const made = await open()
      await made.copies.put(ada, [copyOf('a'), copyOf('b')])
      await made.copies.put(ada, [copyOf('c')])
      await made.copies.put(ben, [copyOf('a', 'for ben')])
      await made.copies.put(ben, [])
      const after = await again(made)
      expect(sorted(await after.list(ada))).toEqual(sorted([copyOf('a'), copyOf('b'), copyOf('c')]))
      expect(sorted(await after.list(ben))).toEqual(sorted([copyOf('a', 'for ben')]))
      expect(await after.list(ownerOf('nobody'))).toEqual([])
    })

    it('replaces a copy, and leaves nothing of the one before', async () => {
      const made = await open()
      await made.copies.put(ada, [copyOf('a', 'under the old key'), copyOf('b')])
      await made.copies.put(ada, [copyOf('a', 'under the new key'), copyOf('c'), copyOf('c', 'last')])
      const after = await again(made)
      expect(sorted(await after.list(ada))).toEqual(sorted([copyOf('a', 'under the new key'), copyOf('b'), copyOf('c', 'last')]))
    })

    it("deletes everybody's copies of an envelope, and no other", async () => {
      const made = await open()
      await made.copies.put(ada, [copyOf('a'), copyOf('b')])
      await made.copies.put(ben, [copyOf('a')])
      await made.copies.delete([copyOf('a').ciphertext, copyOf('unknown').ciphertext])
      await made.copies.delete([])
      const after = await again(made)
      expect(sorted(await after.list(ada))).toEqual(sorted([copyOf('b')]))
      expect(await after.list(ben)).toEqual([])
      await after.put(ben, [copyOf('d')])
      expect(await after.list(ben)).toHaveLength(1)
    })

    it('takes many at once, from many at once', async () => {
      const { copies } = await open()
      const names = Array.from({ length: 50 }, (_, i) => `r${i}`)
      await Promise.all(names.map(async (each) => await copies.put(ada, [copyOf(each), copyOf(`${each}/2`)])))
      expect(await copies.list(ada)).toHaveLength(100)
      await Promise.all(names.slice(10).map(async (each) => await copies.delete([copyOf(each).ciphertext])))
      expect(await copies.list(ada)).toHaveLength(60)
    })

    it('gives bytes that the caller may change', async () => {
      const { copies } = await open()
      const mine = { ciphertext: copyOf('a').ciphertext, bytes: utf8('copy a') }
      await copies.put(ada, [mine])
      mine.bytes.fill(0)
      for (const { bytes } of await copies.list(ada)) bytes.fill(0)
      expect(sorted(await copies.list(ada))).toEqual(sorted([copyOf('a')]))
    })

    it('keeps neither copies nor names in the clear, and nothing at all of what was replaced or deleted', async () => {
      const made = await open()
      if (made.rawBytes === undefined) return
      const raw = async (): Promise<string> => toHex((await made.rawBytes?.()) as Uint8Array)
      await made.copies.put(ada, [copyOf('a'), copyOf('b')])
      const before = await raw()
      expect(before.length).toBeGreaterThan(0)
      for (const secret of [copyOf('a').bytes, copyOf('a').ciphertext, utf8(ada)]) expect(before).not.toContain(toHex(secret))
      const sealed = before.match(/.{64}/g) as string[]
      await made.copies.delete([copyOf('a').ciphertext, copyOf('b').ciphertext])
      const after = await raw()
      expect(sealed.filter((piece) => !/^0+$/.test(piece) && after.includes(piece))).toEqual([])
    })
  })
}
