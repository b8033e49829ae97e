import { randomBytes } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadDefinitions } from '@chiron/fhir'
import type { Did, Handle, Message, ObjectId } from '@chiron/protocol'
import { derivedId } from '@chiron/protocol'
import { definitionsPath, ensureDefinitions } from '../../../../tools/prepare-definitions.ts'
import { createApp } from '../../src/gateway/http/app.ts'
import type { Vocabulary } from '../../src/gateway/vocabulary.ts'
import { listenOnPort } from '../../src/http-server.ts'
import { MasterKey } from '../../src/keys/index.ts'
import { ensureDelegations } from '../../src/ledger/delegations.ts'
import { submitMessages, validUntilFrom, type Signer } from '../../src/ledger/submitter.ts'
import { openNode, type OpenNode } from '../../src/network/open-node.ts'
import { openDataDirectory } from '../../src/storage/data-directory.ts'
import { nowMs } from './stopped-time.ts'

const DAY_MS = 86_400_000
/** Where both worlds say that they are. */
export const PUBLIC_URL = 'http://chiron.test'

/** Who asks: a user of an organisation, or a patient (by the Patient's id) at one. */
export type Asker = { readonly organisation: string; readonly purpose: string; readonly scopes: readonly string[] } & ({ readonly user: string } | { readonly patientId: string })

export interface HttpRequest {
  readonly method: string
  /** Below the organisation: `fhir/Observation?patient=…` */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface HttpAnswer {
  readonly status: number
  /** As they came, in order, names in lower case. */
  readonly headers: readonly (readonly [string, string])[]
  readonly text: string
}

/** One node of two organisations in this process, over HTTP. */
export interface World {
  readonly node: OpenNode
  readonly vocabulary: Vocabulary
  readonly failures: unknown[]
  send(asker: Asker, request: HttpRequest): Promise<HttpAnswer>
  organisation(name: string): Did
  userDid(organisation: string, user: string): Did
  patientDid(patientId: string): Did
  handle(patientId: string): Handle
  /** Has a patient's wallet, or an organisation, sign a message; gives the id of what it makes. */
  say(signer: { readonly patientId: string } | { readonly organisation: string }, message: Message): Promise<ObjectId>
  /** Waits until nothing happens any more: reports are on the ledger, indexes have caught up. */
  settle(): Promise<void>
  close(): Promise<void>
}

/**
 * A data directory with a network in which nobody wrote anything yet, for worlds to begin from: the organisations in
 * different countries, one of them an authority as well.
 */
export async function makeTemplate(keyholders: number): Promise<{ readonly directory: string; remove(): void }> {
  ensureDefinitions()
  loadDefinitions(readFileSync(definitionsPath, 'utf8'))
  const directory = mkdtempSync(join(tmpdir(), 'chiron-leaks-template-'))
  const world = await openWorld(directory, keyholders)
  for (const { identity } of world.node.identities.users) {
    await ensureDelegations(world.node.engine, identity, [...world.node.identities.organisations.values()].map(({ did }) => did), nowMs())
  }
  const [riverside, lakeside] = [world.organisation('riverside'), world.organisation('lakeside')]
  for (const message of [
    { type: 'identity.attest', salt: salt(), subject: lakeside, role: 'public-health', until: nowMs() + DAY_MS },
    { type: 'network.setJurisdiction', salt: salt(), did: riverside, jurisdiction: 'DE' },
    { type: 'network.setJurisdiction', salt: salt(), did: lakeside, jurisdiction: 'FR' },
  ] as const) await world.say({ organisation: 'riverside' }, message)
  await world.close()
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) }
}

/** A world of its own that begins as the template. */
export async function copyWorld(template: string): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), 'chiron-leaks-'))
  cpSync(template, directory, { recursive: true, filter: (path) => !path.endsWith('.sock') && !path.endsWith('/lock') })
  const world = await openWorld(directory, 1)
  return {
    ...world,
    close: async () => {
      await world.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function openWorld(root: string, keyholders: number): Promise<World> {
  const directory = openDataDirectory(root)
  const failures: unknown[] = []
  const now = nowMs
  const node = await openNode(
    { directory, masterKey: MasterKey.open(directory.masterKey, directory.keys), publicUrl: PUBLIC_URL, keyholders },
    { now, onFailure: (part, error) => failures.push({ part, error }), onHalt: (error) => failures.push(error), onProgress: () => undefined },
  )
  const server = await listenOnPort('127.0.0.1', 0)
  server.serve(createApp({ gateways: node.gateways, tokens: node.tokens, now, log: () => undefined }))
  const agent = new Agent({ keepAlive: true })
  const tokens = new Map<string, string>()
  const vocabulary = vocabularyOf(node)
  const organisation = (name: string): Did => signerOf(node, name).did
  const userDid = (name: string, user: string): Did => {
    const found = node.identities.users.find((candidate) => candidate.organisation === name && candidate.user === user)
    if (found === undefined) throw new TypeError(`${name} has no ${user}`)
    return found.did
  }
  const wallets = new Map<string, Signer>()
  const walletOf = async (patientId: string): Promise<Signer> => {
    const wallet = wallets.get(patientId) ?? (await node.wallets.signerFor(patientId))
    if (wallet === undefined) throw new TypeError('no such patient')
    wallets.set(patientId, wallet)
    return wallet
  }
  const tokenFor = async (asker: Asker): Promise<string> => {
    const key = JSON.stringify(asker)
    let token = tokens.get(key)
    if (token === undefined) {
      const { organisation: name, purpose, scopes } = asker
      if ('patientId' in asker) {
        const wallet = await walletOf(asker.patientId)
        await ensureDelegations(node.engine, wallet, [organisation(name)], nowMs())
        token = await node.tokens.issue({ did: wallet.did, patientId: asker.patientId, purpose, scopes })
      } else token = await node.tokens.issue({ did: userDid(name, asker.user), organisation: name, user: asker.user, purpose, scopes })
      tokens.set(key, token)
    }
    return token
  }
  return {
    node,
    vocabulary,
    failures,
    organisation,
    userDid,
    patientDid: (patientId) => {
      const wallet = wallets.get(patientId)
      if (wallet === undefined) throw new TypeError('this patient never signed')
      return wallet.did
    },
    handle: (patientId) => vocabulary.patientHandle(patientId),
    say: async (signer, message) => {
      const signing = 'patientId' in signer ? await walletOf(signer.patientId) : signerOf(node, signer.organisation)
      const { txId } = await submitMessages(node.engine, signing, [message], validUntilFrom(node.engine, nowMs()))
      return derivedId(txId, 0)
    },
    send: async (asker, { method, path, headers = {}, body }) => {
      const authorization = `Bearer ${await tokenFor(asker)}`
      return await exchange(agent, server.port, method, `/${asker.organisation}/${path}`, { authorization, ...headers }, body)
    },
    settle: async () => {
      for (const gateway of node.gateways.values()) await gateway.flush()
      for (const { services } of node.gateways.values()) await services.upkeep.alone(() => services.upkeep.catchUp())
    },
    close: async () => {
      agent.destroy()
      await server.close()
      await node.close()
    },
  }
}

export const salt = (): Uint8Array => randomBytes(16)

function vocabularyOf({ gateways }: OpenNode): Vocabulary {
  for (const { services } of gateways.values()) return services.vocabulary
  throw new TypeError('no gateway')
}

function signerOf(node: OpenNode, name: string): Signer {
  const found = node.identities.organisations.get(name)
  if (found === undefined) throw new TypeError(`no organisation ${name}`)
  return found
}

function exchange(agent: Agent, port: number, method: string, path: string, headers: Readonly<Record<string, string>>, body: string | undefined): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request({ agent, host: '127.0.0.1', port, method, path, headers: { host: 'chiron.test', ...headers, ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }) } }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const raw = response.rawHeaders
        const pairs = Array.from({ length: raw.length / 2 }, (_, index) => [(raw[index * 2] as string).toLowerCase(), raw[index * 2 + 1] as string] as const)
        resolve({ status: response.statusCode ?? 0, headers: pairs, text: Buffer.concat(chunks).toString('utf8') })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
