import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { loadDefinitions } from '@chiron/fhir'
import { parseTrust, type Trust } from '@chiron/ledger/proofs'
import type { Message } from '@chiron/protocol'
import { definitionsPath, ensureDefinitions } from '../../../../tools/prepare-definitions.ts'
import { createApp, type RequestLine } from '../../src/gateway/http/app.ts'
import type { Gateway } from '../../src/gateway/gateway.ts'
import { listenOnPort } from '../../src/http-server.ts'
import { MasterKey } from '../../src/keys/index.ts'
import { submitMessages, validUntilFrom, type Signer } from '../../src/ledger/submitter.ts'
import { openNode, type OpenNode } from '../../src/network/open-node.ts'
import { openDataDirectory } from '../../src/storage/data-directory.ts'
import { Client } from './client.ts'

const EXAMPLES = join(import.meta.dirname, '../../../../examples/patients')
const ALL_SCOPES = ['user/*.cruds']
const DELEGATED_MS = 12 * 3_600_000

export type Organisation = 'riverside' | 'lakeside'
export type UserName = 'physician' | 'nurse' | 'admin'

export interface UserOptions {
  readonly purpose?: string
  readonly scopes?: readonly string[]
}

/** A sample node in this process, reached over HTTP on a port of its own. */
export interface TestNode {
  readonly node: OpenNode
  readonly url: string
  readonly trust: Trust
  /** Failures that the node met in the background; a test that expects one empties the list. */
  readonly failures: unknown[]
  /** Milliseconds by which the gateways' clock is ahead of the ledger's. */
  setClockAhead(ms: number): void
  gateway(organisation: Organisation): Gateway
  as(organisation: Organisation, user: UserName, options?: UserOptions): Promise<Client>
  /** A client with the patient's own token, at the base of an organisation. */
  asPatient(patientId: string, organisation?: Organisation): Promise<Client>
  anonymous(organisation: Organisation, token?: string): Client
  /** Signs messages as an organisation. */
  submit(organisation: Organisation, messages: readonly Message[]): Promise<void>
  /** Brings what is waiting (refusals, reports) onto the ledger. */
  flush(): Promise<void>
  close(): Promise<void>
}

export async function startTestNode({ keyholders = 1 }: { keyholders?: 1 | 4 } = {}): Promise<TestNode> {
  ensureDefinitions()
  loadDefinitions(readFileSync(definitionsPath, 'utf8'))
  const root = mkdtempSync(join(tmpdir(), 'chiron-gateway-'))
  const directory = openDataDirectory(root)
  const server = await listenOnPort('127.0.0.1', 0)
  const url = `http://127.0.0.1:${server.port}`
  const failures: unknown[] = []
  let aheadMs = 0
  const now = (): number => Date.now() + aheadMs
  const node = await openNode(
    { directory, masterKey: MasterKey.open(directory.masterKey, directory.keys), publicUrl: url, keyholders },
    { now, onFailure: (part, error) => failures.push({ part, error }), onHalt: (error) => failures.push(error), onProgress: () => undefined },
  )
  const log = (line: RequestLine): void => {
    // Also where nobody is left to read it, as when the client went away.
    if (line.status >= 500) failures.push(line)
  }
  server.serve(createApp({ gateways: node.gateways, tokens: node.tokens, ledgerLog: { reader: node.engine.reader, checkpoints: node.checkpoints, exposure: 'public' }, now, log }))
  const submitAs = async (signer: Signer, messages: readonly Message[]): Promise<void> => {
    await submitMessages(node.engine, signer, messages, validUntilFrom(node.engine, now()))
  }
  const delegate = async (signer: Signer, organisation: string): Promise<void> => {
    const to = organisationOf(node, organisation).did
    await submitAs(signer, [{ type: 'identity.delegate', salt: randomBytes(16), to, purposes: [], until: Date.now() + DELEGATED_MS }])
  }
  for (const user of node.identities.users) await delegate(user.identity, user.organisation)
  const delegated = new Set<string>()
  const gateway = (organisation: Organisation): Gateway => node.gateways.get(organisation) as Gateway
  return {
    node,
    url,
    failures,
    trust: parseTrust(JSON.parse(readFileSync(directory.trust, 'utf8'))),
    setClockAhead: (ms) => {
      aheadMs = ms
    },
    gateway,
    as: async (organisation, user, options = {}) => {
      const found = node.identities.users.find((candidate) => candidate.organisation === organisation && candidate.user === user)
      if (found === undefined) throw new TypeError(`${organisation} has no ${user}`)
      const token = await node.tokens.issue({ did: found.did, organisation, user, purpose: options.purpose ?? 'TREAT', scopes: options.scopes ?? ALL_SCOPES })
      return new Client(`${url}/${organisation}`, token)
    },
    asPatient: async (patientId, organisation = 'riverside') => {
      const signer = await node.wallets.signerFor(patientId)
      if (signer === undefined) throw new TypeError('no wallet for the patient')
      if (!delegated.has(`${patientId}/${organisation}`)) await delegate(signer, organisation)
      delegated.add(`${patientId}/${organisation}`)
      const token = await node.tokens.issue({ did: signer.did, patientId, purpose: 'PATRQT', scopes: ['patient/*.rs', 'patient/Consent.cu'] })
      return new Client(`${url}/${organisation}`, token)
    },
    anonymous: (organisation, token) => new Client(`${url}/${organisation}`, token),
    submit: async (organisation, messages) => await submitAs(organisationOf(node, organisation), messages),
    flush: async () => {
      for (const each of node.gateways.values()) await each.flush()
    },
    close: async () => {
      await server.close()
      await node.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

function organisationOf(node: OpenNode, name: string): Signer {
  const found = node.identities.organisations.get(name)
  if (found === undefined) throw new TypeError(`no organisation ${name}`)
  return found
}

interface SampleBundle {
  readonly resourceType: 'Bundle'
  readonly type: string
  readonly entry: readonly { readonly resource: { readonly resourceType: string; readonly identifier?: readonly { readonly value?: string }[] } }[]
}

/** A bundle of the sample: `_hospital`, `_practitioner`, or the beginning of a patient's file name. */
export function sampleBundle(name: string): SampleBundle {
  const file = readdirSync(EXAMPLES).find((candidate) => candidate.startsWith(name))
  if (file === undefined) throw new TypeError(`no sample bundle ${name}`)
  return JSON.parse(gunzipSync(readFileSync(join(EXAMPLES, file))).toString()) as SampleBundle
}

/**
 * Posts patients' bundles of the sample as the hospital's administrator, after those entries of its directory bundles
 * that they refer to; gives the patients' ids in the same order.
 */
export async function loadSample(started: TestNode, patients: readonly string[]): Promise<string[]> {
  const admin = await started.as('riverside', 'admin')
  const bundles = patients.map(sampleBundle)
  const texts = bundles.map((bundle) => JSON.stringify(bundle))
  const isNamed = ({ value }: { readonly value?: string }): boolean => value !== undefined && texts.some((text) => text.includes(value))
  for (const name of ['_hospital', '_practitioner']) {
    const directory = sampleBundle(name)
    const entry = directory.entry.filter(({ resource }) => resource.identifier?.some(isNamed))
    const answer = (await admin.post('fhir', { ...directory, entry })).expect(200)
    for (const each of answer.entries()) if (each.response?.status !== '201') throw new TypeError(`the directory was refused: ${JSON.stringify(each)}`)
  }
  const ids: string[] = []
  for (const bundle of bundles) {
    const answer = (await admin.post('fhir', bundle)).expect(200)
    const location = answer.entries().map((entry) => String(entry.response?.location)).find((text) => text.includes('Patient/'))
    ids.push(/Patient\/([^/]+)/.exec(location as string)?.[1] as string)
  }
  return ids
}
