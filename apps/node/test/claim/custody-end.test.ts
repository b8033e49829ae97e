import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { loadDefinitions } from '@chiron/fhir'
import { identity } from '@chiron/ledger'
import type { Message } from '@chiron/protocol'
import { claimIdentity } from '@chiron/sdk/patient'
import { parseTrust } from '@chiron/ledger/proofs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { definitionsPath, ensureDefinitions } from '../../../../tools/prepare-definitions.ts'
import type { Gateway } from '../../src/gateway/gateway.ts'
import { createApp } from '../../src/gateway/http/app.ts'
import { listenOnPort } from '../../src/http-server.ts'
import { KeyFiles, MasterKey } from '../../src/keys/index.ts'
import { submitMessages, validUntilFrom } from '../../src/ledger/submitter.ts'
import { openNode, type OpenNode } from '../../src/network/open-node.ts'
import { CustodyEnd } from '../../src/patients/custody-end.ts'
import { openDataDirectory } from '../../src/storage/data-directory.ts'

/** Length of the pieces of a secret that are looked for. */
const PIECE_BYTES = 16

let root: string
let failures: unknown[]
beforeEach(() => {
  ensureDefinitions()
  loadDefinitions(readFileSync(definitionsPath, 'utf8'))
  root = mkdtempSync(join(tmpdir(), 'chiron-custody-'))
  failures = []
})
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
  expect(failures).toEqual([])
})

async function open(directory = join(root, 'data')) {
  const layout = openDataDirectory(directory)
  const server = await listenOnPort('127.0.0.1', 0)
  const url = `http://127.0.0.1:${server.port}`
  const node = await openNode(
    { directory: layout, masterKey: MasterKey.open(layout.masterKey, layout.keys), publicUrl: url, keyholders: 1 },
    { now: () => Date.now(), onFailure: (part, error) => failures.push({ part, error }), onHalt: (error) => failures.push(error), onProgress: () => undefined },
  )
  server.serve(createApp({ gateways: node.gateways, tokens: node.tokens, now: () => Date.now(), log: () => undefined }))
  const close = async (): Promise<void> => {
    await server.close()
    await node.close()
  }
  return { node, url, layout, close, trust: parseTrust(JSON.parse(readFileSync(layout.trust, 'utf8'))) }
}

/** A patient in custody, with a key file; no FHIR, no records. */
async function register(node: OpenNode, patientId: string): Promise<void> {
  const { did, signingKey, agreementKey, inception } = await node.wallets.walletFor(patientId)
  const message: Message = { type: 'identity.register', salt: randomBytes(16), kind: 'patient', did, signingKey, agreementKey, inception, handle: node.desk.handle(patientId) }
  const riverside = node.identities.organisations.get('riverside')
  if (riverside === undefined) throw new TypeError('no riverside')
  await submitMessages(node.engine, riverside, [message], validUntilFrom(node.engine, Date.now()))
}

async function claim({ node, url, trust }: Awaited<ReturnType<typeof open>>, patientId: string): Promise<void> {
  const { code } = await node.claimDesk.offer(node.desk.handle(patientId), 3_600_000)
  await claimIdentity({ base: `${url}/lakeside`, trust, code }, async () => undefined)
}

const keyFile = (directory: string, patientId: string): string => join(directory, 'keys', 'patients', `${patientId}.sealed`)

function files(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** Files that hold any 16 bytes in a row of a secret, as they are, in hexadecimal or in base64url. */
function holders(directory: string, secrets: readonly Uint8Array[]): string[] {
  const needles = secrets.flatMap((secret) => {
    const pieces = Array.from({ length: Math.floor(secret.length / PIECE_BYTES) }, (_, i) => Buffer.from(secret.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES)))
    const whole = Buffer.from(secret)
    return [...pieces, ...pieces.map((piece) => Buffer.from(piece.toString('hex'))), Buffer.from(whole.toString('base64url'))]
  })
  return files(directory).filter((path) => {
    const bytes = readFileSync(path)
    return needles.some((needle) => bytes.includes(needle))
  })
}

/** The wallet's seeds in the clear, and the sealed file that holds them. */
function secretsOf(directory: string, patientId: string): Uint8Array[] {
  const master = MasterKey.open(join(directory, 'master.key'), join(directory, 'keys'))
  const plain = new KeyFiles(join(directory, 'keys', 'patients'), master).read(patientId)?.reveal() as Uint8Array
  const seeds = ['signing', 'agreement'].map((name) => {
    const at = Buffer.from(plain).indexOf(Buffer.from(name)) + name.length + 2
    return plain.slice(at, at + 32)
  })
  return [...seeds, readFileSync(keyFile(directory, patientId)).subarray(8)]
}

describe('a custodial key', () => {
  it('is nowhere in the data directory after the claim, though the master key is; the search finds what is planted', async () => {
    const opened = await open()
    const [id, other] = ['11111111-aaaa-4bbb-8ccc-000000000001', '11111111-aaaa-4bbb-8ccc-000000000002']
    await register(opened.node, id)
    await register(opened.node, other)
    const directory = join(root, 'data')
    const [secrets, others] = [secretsOf(directory, id), secretsOf(directory, other)]
    expect(holders(directory, secrets)).toEqual([keyFile(directory, id)])
    await claim(opened, id)
    await opened.node.custodyEnd.sweep()
    expect(existsSync(keyFile(directory, id))).toBe(false)
    expect(holders(directory, secrets)).toEqual([])
    expect(await opened.node.wallets.signerFor(id)).toBeUndefined()
    expect(await opened.node.wallets.patientIds()).toEqual([other])
    expect(holders(directory, others)).toEqual([keyFile(directory, other)])
    for (const [number, secret] of secrets.entries()) {
      const planted = join(directory, `planted-${number}`)
      writeFileSync(planted, Buffer.from(Buffer.from(secret).toString(number % 2 === 0 ? 'hex' : 'base64url')))
      expect(holders(directory, secrets)).toEqual([planted])
      rmSync(planted)
    }
    await opened.close()
    expect(holders(directory, secrets)).toEqual([])
  })

  it('is destroyed at the next start when the node died at any point between the claim and its end', async () => {
    const before = join(root, 'before')
    const id = '22222222-aaaa-4bbb-8ccc-000000000001'
    const opened = await open()
    await register(opened.node, id)
    const secrets = secretsOf(join(root, 'data'), id)
    const sealed = readFileSync(keyFile(join(root, 'data'), id))
    await claim(opened, id)
    await opened.node.custodyEnd.sweep()
    await opened.close()
    const deaths: Record<string, (path: string) => void> = {
      'before anything was overwritten': (path) => writeFileSync(path, sealed),
      'with half overwritten': (path) => writeFileSync(path, Buffer.concat([Buffer.alloc(sealed.length / 2), sealed.subarray(sealed.length / 2)])),
      'with all overwritten': (path) => writeFileSync(path, Buffer.alloc(sealed.length)),
      'emptied, not unlinked': (path) => writeFileSync(path, ''),
      'with a temporary file of its making': (path) => writeFileSync(`${path}.tmp`, sealed),
      'with both': (path) => {
        writeFileSync(path, sealed)
        writeFileSync(`${path}.tmp`, sealed)
      },
    }
    for (const [name, die] of Object.entries(deaths)) {
      rmSync(before, { recursive: true, force: true })
      cpSync(join(root, 'data'), before, { recursive: true })
      die(keyFile(before, id))
      const again = await open(before)
      expect([name, holders(before, secrets), existsSync(keyFile(before, id))]).toEqual([name, [], false])
      expect(await again.node.wallets.signerFor(id)).toBeUndefined()
      await again.close()
      const third = await open(before)
      await third.close()
    }
  })

  it('is tried again with the next block when the disk refused', async () => {
    const opened = await open()
    const { node } = opened
    const id = '33333333-aaaa-4bbb-8ccc-000000000001'
    await register(node, id)
    const destroyed: string[] = []
    const reported: unknown[] = []
    const wallets = {
      signerFor: async () => undefined,
      patientIds: async () => [id],
      destroy: async (patientId: string) => {
        if (reported.length === 0) throw new TypeError('the disk refused')
        destroyed.push(patientId)
      },
    }
    const { vocabulary } = (node.gateways.get('riverside') as Gateway).services
    const end = new CustodyEnd({ engine: node.engine, vocabulary, wallets, onFailure: (error) => reported.push(error) })
    await end.sweep()
    expect([destroyed, reported]).toEqual([[], []])
    await claim(opened, id)
    await expect.poll(() => reported.length).toBe(1)
    await register(node, '33333333-aaaa-4bbb-8ccc-000000000002')
    await expect.poll(() => destroyed).toEqual([id])
    await end.close()
    const did = identity.handleOwner(node.engine.state, node.desk.handle(id))
    expect(did === undefined ? undefined : identity.controller(node.engine.state, did)).toBeNull()
    expect(statSync(join(root, 'data')).isDirectory()).toBe(true)
    await opened.close()
  })
})
