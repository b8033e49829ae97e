import { expect, test } from 'vitest'
import { KeyedLock } from './keyed-lock.ts'

test('work with a common key runs in order, other work at the same time', async () => {
  const lock = new KeyedLock()
  const seen: string[] = []
  let openFirst = (): void => undefined
  const gate = new Promise<void>((resolve) => {
    openFirst = resolve
  })
  const first = lock.run(['a', 'b'], async () => {
    await gate
    seen.push('first')
  })
  const second = lock.run(['b', 'c'], async () => void seen.push('second'))
  const other = lock.run(['d'], async () => void seen.push('other'))
  await other
  openFirst()
  await Promise.all([first, second])
  expect(seen).toEqual(['other', 'first', 'second'])
})

test('a failure releases the keys', async () => {
  const lock = new KeyedLock()
  await expect(lock.run(['a'], () => Promise.reject(new TypeError('broken')))).rejects.toThrow('broken')
  expect(await lock.run(['a'], () => Promise.resolve(1))).toBe(1)
})
