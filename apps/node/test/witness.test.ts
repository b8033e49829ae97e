import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadDefinitions } from '@chiron/fhir'
import { formatVerifierKey, noteKey, parseTrust, SignatureType, toBase64, verifyCheckpoint, verifyTlogProof } from '@chiron/ledger/proofs'
import { ed25519PublicKey, toHex } from '@chiron/protocol'
import { buildWitness } from '../../../tools/go/witness.ts'
import { definitionsPath, ensureDefinitions } from '../../../tools/prepare-definitions.ts'
import { MasterKey } from '../src/keys/index.ts'
import { submitMessages, validUntilFrom } from '../src/ledger/submitter.ts'
import { openNode, type OpenNode } from '../src/network/open-node.ts'
import { openDataDirectory } from '../src/storage/data-directory.ts'
import { parseWitnesses, type WitnessConfig } from '../src/transparency/config.ts'
import { proveState, proveTx } from '../src/transparency/prove.ts'

const built = await buildWitness()
const BUILD_MS = 300_000

interface Running {
  readonly node: OpenNode
  /** Resolves with the code of the first alarm. */
  readonly alarm: Promise<unknown>
}

const work = mkdtempSync(join(tmpdir(), 'chiron-witness-'))
const open: OpenNode[] = []

async function start(root: string, witnesses?: WitnessConfig): Promise<Running> {
  const directory = openDataDirectory(root)
  let ring: (code: unknown) => void = () => undefined
  const alarm = new Promise<unknown>((resolve) => (ring = resolve))
  const node = await openNode(
    { directory, masterKey: MasterKey.open(directory.masterKey, directory.keys), publicUrl: 'http://localhost:1', keyholders: 1, ...(witnesses === undefined ? {} : { witnesses }) },
    { now: () => Date.now(), onFailure: (_part, error) => ring((error as { code?: unknown }).code ?? error), onHalt: ring, onProgress: () => undefined },
  )
  open.push(node)
  return { node, alarm }
}

async function stop({ node }: Running): Promise<void> {
  open.splice(open.indexOf(node), 1)
  await node.close()
}

/** Puts transactions on the ledger, each in a block of its own; the last one's id. */
async function write({ node }: Running, count: number) {
  const [user] = node.identities.users
  const [organisation] = node.identities.organisations.values()
  if (user === undefined || organisation === undefined) throw new TypeError('the sample network has users')
  let last
  for (let n = 0; n < count; n++) {
    last = await submitMessages(node.engine, user.identity, [{ type: 'identity.delegate', salt: randomBytes(16), to: organisation.did, purposes: [], until: Date.now() + 3_600_000 }], validUntilFrom(node.engine, Date.now()))
  }
  return last?.txId as NonNullable<typeof last>['txId']
}

const sizeOf = ({ node }: Running): number => node.engine.head().app.logSize

afterAll(async () => {
  for (const node of open) await node.close()
  rmSync(work, { recursive: true, force: true })
})

describe.skipIf('missing' in built)(`OmniWitness${'missing' in built ? ` (not run: ${built.missing})` : ''}`, () => {
  let witness: ChildProcess
  let config: WitnessConfig
  const home = join(work, 'home')
  const copy = join(work, 'copy')

  beforeAll(async () => {
    ensureDefinitions()
    loadDefinitions(readFileSync(definitionsPath, 'utf8'))
    const first = await start(home)
    const { vkey, origin } = first.node.checkpoints.status()
    await stop(first)
    const seed = new Uint8Array(randomBytes(32))
    const key = noteKey('witness.example/omni', SignatureType.cosignature, ed25519PublicKey(seed))
    writeFileSync(join(work, 'key'), `PRIVATE+KEY+${key.name}+${toHex(key.id)}+${toBase64(Uint8Array.of(SignatureType.cosignature, ...seed))}`, { mode: 0o600 })
    writeFileSync(join(work, 'logs.yaml'), `Logs:\n  - Origin: ${origin}\n    PublicKey: ${vkey}\n    URL: http://localhost:1\n`)
    witness = spawn((built as { path: string }).path, ['-key', join(work, 'key'), '-logs', join(work, 'logs.yaml')], { stdio: ['ignore', 'pipe', 'ignore'] })
    const [address] = (await once(createInterface({ input: witness.stdout as NodeJS.ReadableStream }), 'line')) as [string]
    config = parseWitnesses(JSON.stringify({ quorum: 1, everySeconds: 0.1, witnesses: [{ vkey: formatVerifierKey(key), url: `http://${address}` }] }))
  }, BUILD_MS)

  afterAll(async () => {
    if (witness?.exitCode !== null) return
    witness.kill()
    await once(witness, 'exit')
  })

  test('cosigns the growing log of a node, and refuses a second history under the same key', async () => {
    const honest = await start(home, config)
    const trust = parseTrust(JSON.parse(readFileSync(join(home, 'trust.json'), 'utf8')))
    expect(trust.witnesses).toMatchObject({ quorum: 1 })

    for (const count of [1, 1, 6, 13]) {
      const txId = await write(honest, count)
      const checkpoint = verifyCheckpoint(await honest.node.checkpoints.covering(sizeOf(honest)), trust)
      expect(checkpoint).toMatchObject({ size: sizeOf(honest), root: honest.node.engine.head().app.logRoot, witnesses: [{ name: 'witness.example/omni' }] })
      expect(verifyTlogProof(await proveTx(honest.node, txId), trust)).toMatchObject({ leaf: { kind: 'tx', txId, code: 0 } })
    }
    const { stateRoot } = honest.node.engine.head().app
    expect(verifyTlogProof(await proveState(honest.node), trust)).toMatchObject({ isNewest: true, leaf: { kind: 'state', stateRoot } })
    expect(honest.node.checkpoints.status()).toMatchObject({ alarm: null, witnesses: [{ state: 'cosigned', size: sizeOf(honest) }] })

    // The fork: a copy of the ledger as it is now, with its signer's key, that forgets what it signed.
    const forkedAt = sizeOf(honest)
    await stop(honest)
    cpSync(home, copy, { recursive: true, filter: (path) => !path.endsWith('checkpoints.json') && !path.endsWith('.sock') })
    const again = await start(home, config)
    await write(again, 3)
    await again.node.checkpoints.covering(sizeOf(again))
    expect(await Promise.race([again.alarm, 'no alarm'])).toBe('no alarm')
    const honestSize = sizeOf(again)
    await stop(again)

    const fork = await start(copy, config)
    expect(sizeOf(fork)).toBe(forkedAt)
    expect(await fork.alarm).toBe('ERR_LOG_REFUSED')
    expect(fork.node.checkpoints.status().witnesses).toMatchObject([{ state: 'refused', reason: `HTTP 409 to a log of ${forkedAt}` }])
    await stop(fork)

    const longer = await start(copy)
    await write(longer, 4)
    await stop(longer)
    rmSync(join(copy, 'ledger', 'checkpoints.json'))
    const second = await start(copy, config)
    expect(sizeOf(second)).toBeGreaterThan(honestSize)
    expect(await second.alarm).toBe('ERR_LOG_REFUSED')
    const { witnesses, alarm, published } = second.node.checkpoints.status()
    expect(witnesses).toMatchObject([{ state: 'refused', reason: `HTTP 422 to a log of ${sizeOf(second)}` }])
    expect(alarm).toMatch(/witness\.example\/omni refused: this log is not the one that was cosigned before/)
    expect(published).toBe(0)
    expect(await write(second, 1)).toBeInstanceOf(Uint8Array)
    await stop(second)
  }, BUILD_MS)
})
