import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeCanonical, encodeTx, signingBytes, type Genesis, type Handle, type Message } from '@chiron/protocol'
import { accounts } from '@chiron/ledger'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { EmbeddedUnderTest, START_MS } from '../../test/embedded-under-test.ts'
import { Identity } from '../keys/index.ts'
import { applicationRuntime } from './application-runtime.ts'
import { NativeSignatures } from './signatures.ts'

let directory: string
let under: EmbeddedUnderTest | undefined
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chiron-application-'))
})
afterEach(async () => {
  await under?.close()
  rmSync(directory, { recursive: true, force: true })
})

const genesisOf = ({ did, publicKey, agreementKey, inception }: Identity) => ({ did, signingKey: publicKey, agreementKey, inception })

it('carries the contracts: registers an identity, which signs, over a restart and a replay', async () => {
  const [riverside, keyholder, signer, nurse] = [Identity.create('organisation'), Identity.create('device'), Identity.create('device'), Identity.create('practitioner')]
  const genesis: Genesis = {
    chainId: 'chiron-application',
    timeMs: START_MS - 1_000,
    sample: true,
    members: [{ ...genesisOf(riverside), name: 'riverside', handle: new Uint8Array(32).fill(1) as Handle }],
    governance: [riverside.did],
    blockSigner: genesisOf(signer),
    custody: { keyholders: [{ ...genesisOf(keyholder), suite: 'x25519', kemKey: keyholder.agreementKey }], threshold: 1 },
    parameters: [],
  }
  const unexpected: unknown[] = []
  const node = await EmbeddedUnderTest.open(directory, {
    options: { genesis },
    signer,
    runtime: applicationRuntime(new NativeSignatures(), (error) => unexpected.push(error)),
  })
  under = node
  const submit = (by: Identity, message: Message) => {
    const body = encodeCanonical({ chainId: genesis.chainId, signer: by.did, keyId: by.keyId, messages: [message], validUntil: START_MS + 60_000 })
    return node.engine.submit(encodeTx(body, by.sign(signingBytes(body))))
  }
  const salt = new Uint8Array(16)
  const registered = await submit(riverside, { type: 'identity.register', salt, kind: 'practitioner', ...genesisOf(nurse), handle: null })
  expect(registered.result).toMatchObject({ codespace: '', code: 0 })
  expect(accounts.signingKey(node.engine.state, nurse.did, 'k1')).toEqual(nurse.publicKey)
  const again = await submit(riverside, { type: 'identity.register', salt: salt.slice().fill(1), kind: 'practitioner', ...genesisOf(nurse), handle: null })
  expect(again.result.codespace).toBe('identity')
  const before = node.engine.head()
  await node.reopen()
  expect(node.engine.head()).toEqual(before)
  expect((await node.engine.replay()).app).toEqual(before.app)
  expect(unexpected).toEqual([])
})
