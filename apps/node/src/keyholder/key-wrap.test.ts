import { webRandom } from '@chiron/vault'
import { flippedBytes } from '@chiron/vault/testing'
import { describe, expect, it } from 'vitest'
import { masterKeyWrap } from './key-wrap.ts'

describe('key wrap', () => {
  const master = new Uint8Array(32).fill(7)
  const key = new Uint8Array(32).fill(8)
  const wrap = masterKeyWrap(master, 'one', webRandom)

  it('unwraps what was wrapped for the same keyholder and context', () => {
    const wrapped = wrap.wrap(key, 'epoch 1')
    expect(masterKeyWrap(master, 'one', webRandom).unwrap(wrapped, 'epoch 1')).toEqual(key)
    expect(wrap.wrap(key, 'epoch 1')).not.toEqual(wrapped)
  })

  it('refuses another master key, keyholder, context, length or byte', () => {
    const wrapped = wrap.wrap(key, 'epoch 1')
    const refused = [
      () => masterKeyWrap(new Uint8Array(32), 'one', webRandom).unwrap(wrapped, 'epoch 1'),
      () => masterKeyWrap(master, 'two', webRandom).unwrap(wrapped, 'epoch 1'),
      () => wrap.unwrap(wrapped, 'epoch 2'),
      () => wrap.unwrap(wrapped.subarray(1), 'epoch 1'),
      () => wrap.unwrap(new Uint8Array(), 'epoch 1'),
      ...Array.from(flippedBytes(wrapped), ({ bytes }) => () => wrap.unwrap(bytes, 'epoch 1')),
    ]
    for (const attempt of refused) expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_VAULT_EPOCH_KEY' }))
  })
})
