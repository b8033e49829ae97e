import { generateKeyPairSync } from 'node:crypto'
import type { Did } from '@chiron/protocol'
import { testIdentity } from '@chiron/vault/testing'
import { describe, expect, it } from 'vitest'
import { TOKEN_LIFETIME_S, Tokens } from './tokens.ts'

const did: Did = testIdentity('physician').did

function start() {
  let nowMs = 1_800_000_000_000
  let keyId: string | undefined = 'k1'
  const keys = generateKeyPairSync('ed25519')
  const tokens = new Tokens({ chainId: 'chiron-test' }, { keys, now: () => nowMs, keyIdOf: () => keyId })
  const issue = async () => `Bearer ${await tokens.issue({ did, organisation: 'riverside', purpose: 'TREAT', scopes: ['user/*.rs'] })}`
  return { tokens, issue, pass: (ms: number) => void (nowMs += ms), replaceKey: (id: string | undefined) => void (keyId = id) }
}

describe('tokens', () => {
  it('are good again and again, until they end', async () => {
    const { tokens, issue, pass } = start()
    const token = await issue()
    const reader = { did, purpose: 'TREAT', scopes: ['user/*.rs'] }
    expect(await tokens.verify(token, 'riverside')).toEqual(reader)
    pass(TOKEN_LIFETIME_S * 1000 - 1000)
    expect(await tokens.verify(token, 'riverside')).toEqual(reader)
    pass(1000)
    await expect(tokens.verify(token, 'riverside')).rejects.toMatchObject({ code: 'ERR_GATEWAY_TOKEN' })
    await expect(tokens.verify(token, 'riverside')).rejects.toMatchObject({ code: 'ERR_GATEWAY_TOKEN' })
  })

  it('are for their organisation, also once they were found good', async () => {
    const { tokens, issue } = start()
    const token = await issue()
    await tokens.verify(token, 'riverside')
    await expect(tokens.verify(token, 'lakeside')).rejects.toMatchObject({ code: 'ERR_GATEWAY_TOKEN' })
  })

  it('with another signature are another token', async () => {
    const { tokens, issue } = start()
    const token = await issue()
    await tokens.verify(token, 'riverside')
    const forged = token.replace(/\.[^.]+$/, (await issue()).slice((await issue()).lastIndexOf('.')))
    await expect(tokens.verify(forged, 'riverside')).rejects.toMatchObject({ code: 'ERR_GATEWAY_TOKEN' })
  })

  it.each([{ patientId: 'p1' }, { organisation: 'riverside', isWallet: true as const }])('of patients end with the key: %j', async (subject) => {
    const { tokens, issue, replaceKey } = start()
    const user = await issue()
    const token = `Bearer ${await tokens.issue({ did, ...subject, purpose: 'PATRQT', scopes: [] })}`
    expect(await tokens.verify(token, 'riverside')).toMatchObject({ did, purpose: 'PATRQT' })
    for (const id of ['k2', undefined]) {
      replaceKey(id)
      await expect(tokens.verify(token, 'riverside')).rejects.toMatchObject({ code: 'ERR_GATEWAY_TOKEN' })
    }
    await expect(tokens.verify(user, 'riverside')).rejects.toMatchObject({ code: 'ERR_GATEWAY_TOKEN' })
    replaceKey('k9')
    await expect(tokens.verify(user, 'riverside')).resolves.toMatchObject({ did })
  })
})
