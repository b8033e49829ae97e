import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPublicKey } from 'node:crypto'
import { decodeCanonical, genesis as genesisSchema, type Did, type Genesis } from '@chiron/protocol'
import { identity, network, type StateReader } from '@chiron/ledger'
import { trustToJson } from '@chiron/ledger/proofs'
import { webRandom } from '@chiron/vault'
import { applicationRuntime } from '../engine/application-runtime.ts'
import { openEmbeddedEngine } from '../engine/embedded/open.ts'
import type { EmbeddedEngine } from '../engine/embedded/engine.ts'
import { EngineError } from '../engine/errors.ts'
import { genesisHash } from '../engine/embedded/chain.ts'
import { NativeSignatures } from '../engine/signatures.ts'
import { systemClock } from '../engine/system-clock.ts'
import { DetailStore } from '../gateway/access/detail-store.ts'
import { Gateway } from '../gateway/gateway.ts'
import { systemLater } from '../gateway/later.ts'
import { openIndexStore } from '../gateway/index/libsql/open.ts'
import { Names } from '../gateway/names.ts'
import { Tokens } from '../gateway/tokens.ts'
import { Vocabulary } from '../gateway/vocabulary.ts'
import { LedgerFacts } from '../ledger/ledger-facts.ts'
import { StateMemo } from '../ledger/state-memo.ts'
import { masterKeyWrap } from '../keyholder/key-wrap.ts'
import { ledgerQueries } from '../keyholder/ledger-queries.ts'
import { EngineLedgerView } from '../keyholder/ledger-view.ts'
import { openKeyholder, type LocalKeyholder } from '../keyholder/open-keyholder.ts'
import { KeyFiles, privateKeyOf, type MasterKey } from '../keys/index.ts'
import { useNativeVault } from '../keys/native-vault.ts'
import { ClaimDesk } from '../patients/claim-desk.ts'
import { CustodyEnd } from '../patients/custody-end.ts'
import { KeyFileWallets } from '../patients/key-file-wallets.ts'
import { PatientDesk } from '../patients/patient-desk.ts'
import { FileBlobStore } from '../storage/blob-store-fs.ts'
import { FileWalletCopies } from '../storage/wallet-copies-fs.ts'
import type { DataDirectory } from '../storage/data-directory.ts'
import type { StorageError } from '../storage/errors.ts'
import { writeFileDurably } from '../storage/files.ts'
import { CachedStore } from '../storage/cached-store.ts'
import { LmdbStore } from '../storage/lmdb-store.ts'
import { WatchedStore } from '../storage/watched-store.ts'
import { CheckpointFile } from '../transparency/checkpoint-file.ts'
import { Checkpoints } from '../transparency/checkpoints.ts'
import { NO_WITNESSES, type WitnessConfig } from '../transparency/config.ts'
import { assertRoom } from '../storage/room.ts'
import { encodeGenesis, kemKeysOf, loadIdentities, registerUsers, sampleGenesis, type NodeIdentities } from './sample-network.ts'

/** What an index may lose in a crash, to be fetched again from the vault: it is a projection, and everything in it lies durably elsewhere. */
const INDEX_LAG = { rows: 2000, ms: 2000 } as const

export interface NodeOptions {
  readonly directory: DataDirectory
  readonly masterKey: MasterKey
  /** Where clients reach the node, without a trailing slash. */
  readonly publicUrl: string
  /** Keyholders that a new network gets; an existing one keeps its own. */
  readonly keyholders: number
  /** Who cosigns the log's checkpoints; nobody unless given. */
  readonly witnesses?: WitnessConfig
}

export interface NodePorts {
  readonly now: () => number
  /** Hears of failures in the background. */
  readonly onFailure: (part: string, error: unknown) => void
  /** The ledger, or a store whose writes must not fail, stopped: the process should end. */
  readonly onHalt: (error: EngineError | StorageError) => void
  readonly onProgress: (step: string, done: number, total: number) => void
}

/** Identities whose current key is remembered: it is looked at with every request. */
const REMEMBERED_KEYS = 10_000

/** Everything that runs in one node, opened in the order in which parts need each other. */
export interface OpenNode {
  readonly engine: EmbeddedEngine
  readonly checkpoints: Checkpoints
  readonly genesis: Genesis
  readonly identities: NodeIdentities
  readonly gateways: ReadonlyMap<string, Gateway>
  readonly keyholders: readonly LocalKeyholder[]
  readonly blobs: FileBlobStore
  readonly copies: FileWalletCopies
  readonly tokens: Tokens
  readonly desk: PatientDesk
  readonly claimDesk: ClaimDesk
  readonly custodyEnd: CustodyEnd
  readonly names: Names
  readonly wallets: KeyFileWallets
  close(): Promise<void>
}

/** @throws StorageError, KeyError, EngineError, VaultError, IndexError: each says what to do */
export async function openNode({ directory, masterKey, publicUrl, keyholders: keyholderCount, witnesses = NO_WITNESSES }: NodeOptions, ports: NodePorts): Promise<OpenNode> {
  const closing: (() => Promise<void> | void)[] = []
  const closeAll = async (): Promise<void> => {
    for (const close of closing.reverse()) await close()
  }
  try {
    await useNativeVault()
    const files = new KeyFiles(directory.keys, masterKey)
    const known = readGenesis(directory.genesis)
    const identities = await loadIdentities(files, known?.custody.keyholders.length ?? keyholderCount)
    const genesis = known ?? makeGenesis(directory, identities, ports.now())
    const signatures = new NativeSignatures()
    const store = new WatchedStore(new CachedStore(new LmdbStore(directory.state)))
    const memo = new StateMemo(store)
    store.onCommit((writes) => memo.forget(writes))
    const facts = new LedgerFacts(memo)
    closing.push(() => store.close())
    const runtime = applicationRuntime(signatures, (error) => ports.onFailure('ledger', error))
    const engine = await openEmbeddedEngine(
      { genesis, blocks: directory.blocks },
      { store, runtime, signer: identities.blockSigner, signatures, clock: systemClock, assertRoom: () => assertRoom(directory.ledger), onHalt: ports.onHalt, onListenerError: (error) => ports.onFailure('block listener', error) },
    )
    closing.push(() => engine.close())
    writeTrust(directory, genesis, witnesses)
    const checkpoints = new Checkpoints(genesis.chainId, witnesses, {
      engine, signer: identities.blockSigner, file: new CheckpointFile(directory.checkpoints), fetch: (url, init) => fetch(url, init), now: ports.now, later: systemLater, random: webRandom, onAlarm: (error) => ports.onFailure('log', error),
    })
    closing.push(() => checkpoints.close())
    await registerUsers(engine, identities, ports.now())

    const blobs = await FileBlobStore.open(directory.blobs, ports.now, () => assertRoom(directory.blobs))
    const view = new EngineLedgerView(engine, ledgerQueries(facts), ports.now)
    const keyholders: LocalKeyholder[] = []
    for (const { name, identity: owner, keys } of identities.keyholders) {
      const keyholder = await openKeyholder(
        { chainId: genesis.chainId, did: owner.did, keys, directory: directory.keyholder(name) },
        {
          view,
          sign: (message) => owner.sign(message),
          verify: (key, message, signature) => signatures.verify(key, message, signature),
          wrap: masterKeyWrap(masterKey.subkey(`epoch/${name}`).reveal(), name, webRandom),
          random: webRandom,
          onFailed: ports.onHalt,
        },
      )
      closing.push(() => keyholder.close())
      keyholders.push(keyholder)
    }

    const copies = new FileWalletCopies(directory.copies, masterKey.subkey('wallet-copies').reveal(), () => assertRoom(directory.copies))
    const vocabulary = new Vocabulary(identities.vocabularyKey)
    const names = new Names({ state: engine.state, users: identities.users })
    const wallets = new KeyFileWallets(new KeyFiles(join(directory.keys, 'patients'), masterKey))
    const desk = new PatientDesk({ engine, vocabulary, names, wallets, now: ports.now })
    const organisationOf = (did: Did) => [...identities.organisations.values()].find((candidate) => candidate.did === did)
    const claimDesk = new ClaimDesk({ engine, organisations: organisationOf, random: webRandom, now: ports.now })
    const custodyEnd = new CustodyEnd({ engine, vocabulary, wallets, onFailure: (error) => ports.onFailure('destruction of custodial keys', error) })
    closing.push(() => custodyEnd.close())
    await custodyEnd.sweep()
    const gateways = new Map<string, Gateway>()
    for (const [name, owner] of identities.organisations) {
      const member = network.member(engine.state, owner.did)
      if (member === undefined) continue
      const baseUrl = `${publicUrl}/${name}/fhir`
      const opened = openIndexStore({ directory: join(directory.organisation(name), 'index'), key: masterKey.subkey(`index/${name}`).reveal(), base: baseUrl, holdBack: INDEX_LAG })
      closing.push(() => opened.store.close())
      if (opened.damage !== undefined) ports.onFailure(`index of ${name}, which is made anew (${opened.damage.message})`, opened.damage)
      const details = new DetailStore(join(directory.organisation(name), 'details'), masterKey.subkey(`details/${name}`).reveal(), ports.onHalt)
      closing.push(() => details.close())
      const gateway = new Gateway(
        {
          organisation: { did: owner.did, name, handle: member.handle },
          baseUrl,
          idKey: masterKey.subkey(`client-ids/${name}`).reveal(),
          cursorKey: masterKey.subkey(`cursors/${name}`).reveal(),
        },
        {
          engine,
          facts,
          verify: (key, message, signature) => signatures.verify(key, message, signature),
          signer: owner,
          blobs,
          copies,
          keyholders: keyholders.map(({ keyholder }) => keyholder),
          recipient: await kemKeysOf(owner),
          index: opened.store,
          wallets,
          desk,
          names,
          vocabulary,
          now: ports.now,
          keepDetails: async (batch) => await details.put(batch),
          detailsOf: (patient) => details.of(patient),
          onFailure: (error) => ports.onFailure(`gateway of ${name}`, error),
        },
      )
      closing.push(() => gateway.close())
      await gateway.start(({ done, total }) => ports.onProgress(`making the index of ${name}`, done, total))
      gateways.set(name, gateway)
    }
    const tokens = new Tokens({ chainId: genesis.chainId }, { keys: tokenKeys(masterKey, genesis.chainId), now: ports.now, keyIdOf: memo.table(REMEMBERED_KEYS, (did: Did) => did, currentKeyId) })
    return { engine, checkpoints, genesis, identities, gateways, keyholders, blobs, copies, tokens, desk, claimDesk, custodyEnd, names, wallets, close: closeAll }
  } catch (error) {
    await closeAll()
    throw error
  }
}

/** Name of the key that the identity signs with now; none while it is suspended. */
function currentKeyId(state: StateReader, did: Did): string | undefined {
  const found = identity.document(state, did)
  return found === undefined || found.suspended ? undefined : found.currentKey.id
}

function readGenesis(path: string): Genesis | undefined {
  if (!existsSync(path)) return undefined
  try {
    return decodeCanonical(genesisSchema, readFileSync(path))
  } catch (cause) {
    throw new EngineError('ERR_ENGINE_GENESIS', `${path} was changed: restore it from a backup`, { cause })
  }
}

function makeGenesis(directory: DataDirectory, identities: NodeIdentities, nowMs: number): Genesis {
  const genesis = sampleGenesis(identities, nowMs)
  writeFileDurably(directory.genesis, encodeGenesis(genesis))
  return genesis
}

function writeTrust(directory: DataDirectory, genesis: Genesis, { policy }: WitnessConfig): void {
  const trust = trustToJson({
    chainId: genesis.chainId,
    genesisHash: genesisHash(genesis),
    signers: [{ did: genesis.blockSigner.did, publicKey: genesis.blockSigner.signingKey }],
    ...(policy === undefined ? {} : { witnesses: policy }),
  })
  const bytes = new TextEncoder().encode(`${JSON.stringify(trust, undefined, 2)}\n`)
  if (existsSync(directory.trust) && readFileSync(directory.trust).equals(bytes)) return
  writeFileDurably(directory.trust, bytes)
}

function tokenKeys(masterKey: MasterKey, chainId: string) {
  const privateKey = privateKeyOf('ed25519', masterKey.subkey(`token/${chainId}`))
  return { privateKey, publicKey: createPublicKey(privateKey) }
}
