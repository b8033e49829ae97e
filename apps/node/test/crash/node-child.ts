/**
 * Run as a child process with an IPC channel: `node node-child.ts DIRECTORY LOG_LEVEL FLUSHING`. Opens a node without sample patients, serves
 * HTTP on a free port, sends a {@link ChildReady}, and then answers {@link ChildQuestion}s until it is killed.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Category, Did, ObjectId } from '@chiron/protocol'
import { loadDefinitions } from '@chiron/fhir'
import { access, records } from '@chiron/ledger'
import { fromHex, toHex } from '@chiron/protocol'
import { definitionsPath, ensureDefinitions } from '../../../../tools/prepare-definitions.ts'
import { readBlock } from '../../src/engine/embedded/chain.ts'
import { createApp } from '../../src/gateway/http/app.ts'
import { listenOnPort } from '../../src/http-server.ts'
import { MasterKey } from '../../src/keys/index.ts'
import { submitMessages, validUntilFrom } from '../../src/ledger/submitter.ts'
import { createLog } from '../../src/log.ts'
import { openNode } from '../../src/network/open-node.ts'
import { DirectoryBlockFiles, type BlockFile } from '../../src/storage/block-files.ts'
import { openDataDirectory } from '../../src/storage/data-directory.ts'
import { DirectoryLock } from '../../src/storage/directory-lock.ts'
import { DURABLE } from '../../src/storage/lmdb-spaces.ts'

/** What the child says first. */
export interface ChildReady {
  readonly url: string
  /** Bearer tokens of the organisations' physicians, purpose TREAT. */
  readonly tokens: Readonly<Record<string, string>>
  readonly height: number
}

/** What the parent may ask; each question has one answer. */
export interface ChildQuestions {
  patientToken: { readonly question: { readonly patient: string }; readonly answer: { readonly token: string } }
  grant: { readonly question: { readonly patient: string; readonly to: string; readonly categories: readonly Category[] }; readonly answer: { readonly rule: string } }
  /** Revokes a rule of the patient's, and closes all open accesses to the patient's records. */
  close: { readonly question: { readonly patient: string; readonly rule: string }; readonly answer: { readonly closed: number } }
  /** Heights of the ledger and of every index, once nothing moves. */
  heights: { readonly question: Record<never, never>; readonly answer: { readonly ledger: number; readonly indexes: Readonly<Record<string, number>> } }
  /** Executes every block again from the first. */
  replay: { readonly question: Record<never, never>; readonly answer: { readonly height: number; readonly replayed: string; readonly stateRoot: string } }
  /** Headers of the chain's blocks, in hexadecimal; '' where there is none. */
  headers: { readonly question: { readonly heights: readonly number[] }; readonly answer: { readonly headers: readonly string[] } }
  rebuild: { readonly question: { readonly organisation: string }; readonly answer: { readonly rows: number } }
  /** Record ids of what is about a patient, in hexadecimal, and the DIDs of the keyholders. */
  internals: { readonly question: { readonly patient: string }; readonly answer: { readonly records: readonly string[]; readonly keyholders: readonly string[] } }
  stop: { readonly question: Record<never, never>; readonly answer: { readonly stopped: true } }
}
export type QuestionName = keyof ChildQuestions
export type Question<N extends QuestionName = QuestionName> = { readonly number: number; readonly name: N; readonly ask: ChildQuestions[N]['question'] }
export type Answer = { readonly number: number; readonly answer?: unknown; readonly failure?: string }

/** Whether what is acknowledged was flushed: as it should be, or, for a control, so that a loss of power takes it. */
export type Flushing = keyof typeof LMDB_OPTIONS

const LMDB_OPTIONS = {
  durable: {},
  /** LMDB with the library's default on Linux, opened after the loss as after a reboot. */
  overlapping: { overlappingSync: true, safeRestore: true },
  /** LMDB without flushes, the block log with them. */
  'log-only': { noSync: true },
  /** Neither is flushed. */
  never: { noSync: true },
} as const

function useFlushing(flushing: Flushing): void {
  Object.assign(DURABLE, LMDB_OPTIONS[flushing])
  if (flushing !== 'never') return
  const { open, create } = DirectoryBlockFiles.prototype
  const unflushed = (file: BlockFile): BlockFile => Object.assign(file, { flush: async () => undefined })
  DirectoryBlockFiles.prototype.open = function (name) {
    return unflushed(open.call(this, name))
  }
  DirectoryBlockFiles.prototype.create = function (name, contents) {
    return unflushed(create.call(this, name, contents))
  }
}

const SCOPES = ['user/*.cruds'] as const

useFlushing(process.argv[4] as Flushing)
ensureDefinitions()
loadDefinitions(readFileSync(definitionsPath, 'utf8'))
const log = createLog(process.argv[3] === 'debug' ? 'debug' : 'error')
const directory = openDataDirectory(process.argv[2] ?? '')
const lock = new DirectoryLock(directory.root)
const server = await listenOnPort('127.0.0.1', 0)
const url = `http://127.0.0.1:${server.port}`
const node = await openNode(
  { directory, masterKey: MasterKey.open(directory.masterKey, directory.keys), publicUrl: url, keyholders: 1 },
  { now: () => Date.now(), onFailure: (part, error) => log.failure(part, error), onHalt: (error) => log.halt(error), onProgress: () => undefined },
)
server.serve(createApp({ gateways: node.gateways, tokens: node.tokens, now: () => Date.now(), log: (line) => log.request(line) }))

async function physicianToken(organisation: string): Promise<string> {
  const user = node.identities.users.find((candidate) => candidate.organisation === organisation && candidate.user === 'physician')
  const owner = node.identities.organisations.get(organisation)
  if (user === undefined || owner === undefined) throw new TypeError(organisation)
  const delegation = { type: 'identity.delegate', salt: randomBytes(16), to: owner.did, purposes: [], until: Date.now() + 3_600_000 } as const
  await submitMessages(node.engine, user.identity, [{ ...delegation, purposes: [] }], validUntilFrom(node.engine, Date.now()))
  return await node.tokens.issue({ did: user.did, organisation, user: 'physician', purpose: 'TREAT', scopes: SCOPES })
}

const answers: { readonly [N in QuestionName]: (ask: ChildQuestions[N]['question']) => Promise<ChildQuestions[N]['answer']> } = {
  patientToken: async ({ patient }) => {
    const { did } = await node.desk.patient(patient)
    return { token: await node.tokens.issue({ did: did as Did, patientId: patient, purpose: 'PATRQT', scopes: ['patient/*.rs'] }) }
  },
  grant: async ({ patient, to, categories }) => {
    const grantee = node.identities.organisations.get(to)
    if (grantee === undefined) throw new TypeError(to)
    const granted = await node.desk.grant(patient, {
      effect: 'permit', grantee: { kind: 'organisation', did: grantee.did }, purposes: ['TREAT'], categories, labels: [], records: [], actions: ['read'], forMs: 86_400_000, overrides: null,
    })
    return { rule: toHex(granted.rule) }
  },
  close: async ({ patient, rule }) => {
    const open = access.openAccessesOf(node.engine.state, node.desk.handle(patient))
    for (const { id } of open) await node.desk.closeAccess(patient, id)
    await node.desk.revoke(patient, fromHex(rule) as ObjectId)
    return { closed: open.length }
  },
  heights: async () => {
    for (;;) {
      const before = node.engine.status().height
      for (const gateway of node.gateways.values()) {
        await gateway.flush()
        await gateway.services.upkeep.alone(() => gateway.services.upkeep.catchUp())
      }
      const indexes: Record<string, number> = {}
      for (const [name, gateway] of node.gateways) indexes[name] = (await gateway.services.index.status()).height
      if (node.engine.status().height === before) return { ledger: before, indexes }
    }
  },
  replay: async () => {
    const stateRoots = new Map<number, Uint8Array>([[node.engine.status().height, node.engine.status().stateRoot]])
    const stop = node.engine.onBlock(({ header, app }) => stateRoots.set(header.height, app.stateRoot))
    const { height, app } = await node.engine.replay()
    stop()
    return { height, replayed: toHex(app.stateRoot), stateRoot: toHex(stateRoots.get(height) ?? new Uint8Array()) }
  },
  headers: async ({ heights }) => ({
    headers: heights.map((height) => {
      const block = node.engine.block(height)
      return block === undefined ? '' : toHex(readBlock(block, height).block.header)
    }),
  }),
  rebuild: async ({ organisation }) => {
    const gateway = node.gateways.get(organisation)
    if (gateway === undefined) throw new TypeError(organisation)
    await gateway.rebuild()
    return { rows: (await gateway.services.index.status()).rows }
  },
  internals: async ({ patient }) => ({
    records: [...new Set(Array.from(records.recordsOf(node.engine.state, node.desk.handle(patient)), ([, { record }]) => toHex(record)))],
    keyholders: node.keyholders.map(({ keyholder }) => keyholder.did),
  }),
  stop: async () => {
    await server.close()
    await node.close()
    lock.release()
    return { stopped: true }
  },
}

process.on('message', (asked: Question) => {
  const run = answers[asked.name] as (ask: unknown) => Promise<unknown>
  const say = (answer: Answer): void => void process.send?.(answer, () => (asked.name === 'stop' ? process.disconnect() : undefined))
  run(asked.ask).then(
    (answer) => say({ number: asked.number, answer }),
    (error: unknown) => say({ number: asked.number, failure: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }),
  )
})
const ready: ChildReady = {
  url,
  tokens: { riverside: await physicianToken('riverside'), lakeside: await physicianToken('lakeside') },
  height: node.engine.status().height,
}
process.send?.(ready)
