import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadDefinitions } from '@chiron/fhir'
import { isPlainToOthers, loadConfig, type Config } from './config/config.ts'
import { ConfigError } from './config/errors.ts'
import { loadSecrets } from './config/secrets.ts'
import { CliError } from './cli/errors.ts'
import type { RunningNode, StartOptions } from './cli/context.ts'
import { createControlApp } from './control/server.ts'
import { EngineError } from './engine/errors.ts'
import { GatewayError } from './gateway/errors.ts'
import { createApp } from './gateway/http/app.ts'
import { IndexError } from './gateway/index/errors.ts'
import { RELEASE } from './gateway/fhir/router.ts'
import { listenOnPort, listenOnSocket, type Listening } from './http-server.ts'
import { KeyError } from './keys/index.ts'
import { createLog, type Log } from './log.ts'
import { openNode, type OpenNode } from './network/open-node.ts'
import { importSample } from './sample/import-sample.ts'
import { sampleTour } from './sample/tour.ts'
import { Maintenance } from './maintenance.ts'
import { openDataDirectory, type DataDirectory } from './storage/data-directory.ts'
import { DirectoryLock } from './storage/directory-lock.ts'
import { StorageError } from './storage/errors.ts'
import { writeFileDurably } from './storage/files.ts'
import { loadWitnesses } from './transparency/config.ts'
import { TransparencyError } from './transparency/errors.ts'
import { VaultError } from '@chiron/vault'

export interface NodeStartOptions extends StartOptions {
  /** Keyholders of a new network, all in this process; one unless given. */
  readonly keyholders?: number
  /** Whether a new network gets the sample patients; it does unless told otherwise. */
  readonly sample?: boolean
}

/** Starts a node over a data directory, which it makes when there is none. @throws CliError `ERR_CLI_START` saying what to do */
export async function startNode(options: NodeStartOptions): Promise<RunningNode> {
  try {
    return await start(options)
  } catch (error) {
    const known = [StorageError, KeyError, ConfigError, EngineError, IndexError, VaultError, GatewayError, TransparencyError].some((kind) => error instanceof kind)
    if (known) throw new CliError('ERR_CLI_START', (error as Error).message, { cause: error, nodeCode: String((error as { code?: unknown }).code ?? '') })
    throw error
  }
}

async function start(options: NodeStartOptions): Promise<RunningNode> {
  const config = loadConfig()
  const directory = openDataDirectory(options.dataDirectory)
  const lock = new DirectoryLock(directory.root)
  const closing: (() => Promise<void> | void)[] = [() => lock.release()]
  const closeAll = async (): Promise<void> => {
    while (closing.length > 0) await closing.pop()?.()
  }
  try {
    const log = createLog(config.logLevel)
    if (isPlainToOthers(config)) log.warning('other machines reach this node by plain HTTP: put TLS in front of it, and give its address as CHIRON_PUBLIC_URL (https://...)')
    const { masterKey } = loadSecrets({ ...config, masterKeyFile: masterKeyFileOf(config, directory) }, directory.keys)
    loadDefinitions(readDefinitions())
    const port = options.port ?? config.port
    const server = await listenOnPort(config.host, port, { https: config.publicUrl.startsWith('https:') })
    closing.push(() => server.close())
    const publicUrl = addressOf(config, port, server)
    const firstStart = !isSampleLoaded(directory)
    const node = await openNode(
      { directory, masterKey, publicUrl, keyholders: options.keyholders ?? 1, witnesses: loadWitnesses(witnessesFileOf(config, directory)) },
      {
        now: () => Date.now(),
        onFailure: (part, error) => log.failure(part, error),
        onHalt: (error) => log.halt(error),
        onProgress: (step, done, total) => options.onProgress({ step, done, total }),
      },
    )
    closing.push(() => node.close())
    const maintenance = new Maintenance(node, (part, error) => log.failure(part, error))
    closing.push(() => maintenance.close())
    server.serve(createApp({ gateways: node.gateways, tokens: node.tokens, ledgerLog: { reader: node.engine.reader, checkpoints: node.checkpoints, exposure: config.logExposure }, now: () => Date.now(), log: (line) => log.request(line) }))
    const control = await listenOnSocket(directory.socket)
    closing.push(() => control.close())
    const dependencies = controlDependencies(node, publicUrl, directory, log)
    control.serve(createControlApp(dependencies))
    if (firstStart && options.sample !== false) await importSample(dependencies, options.onProgress)
    if (firstStart) markLoaded(directory)
    const tour = firstStart ? await sampleTour(node, { url: publicUrl, dataDirectory: directory.root, masterKeyBesideData: config.masterKeyBesideData, isDefaultDirectory: directory.root === resolve('data') }) : ''
    return { url: publicUrl, firstStart, tour, close: closeAll }
  } catch (error) {
    await closeAll()
    throw error
  }
}

/** FHIR R4 as `tools/prepare-definitions.ts` prepared it. */
function readDefinitions(): string {
  const path = fileURLToPath(import.meta.resolve('@chiron/fhir/definitions.json'))
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new CliError('ERR_CLI_START', 'the FHIR definitions are not prepared; in the folder of Chiron run: npm run prepare', { cause })
  }
}

function masterKeyFileOf(config: Config, directory: DataDirectory): string {
  return config.masterKeyBesideData ? directory.masterKey : config.masterKeyFile
}

function witnessesFileOf(config: Config, directory: DataDirectory): string {
  return config.witnessesFile === join(config.dataDirectory, 'witnesses.json') ? directory.witnesses : config.witnessesFile
}

function addressOf(config: Config, port: number, server: Listening): string {
  return port === 0 || port !== config.port ? `http://${config.host}:${server.port}` : config.publicUrl
}

function controlDependencies(node: OpenNode, url: string, directory: DataDirectory, log: Log) {
  const { engine, checkpoints, gateways, desk, claimDesk, tokens, names, wallets, identities } = node
  return {
    engine,
    checkpoints,
    gateways,
    desk,
    claimDesk,
    tokens,
    names,
    wallets,
    users: {
      signerFor: (organisation: string, user: string) =>
        identities.users.find((candidate) => candidate.organisation === organisation && candidate.user === user)?.identity,
    },
    organisations: (name: string) => identities.organisations.get(name),
    url,
    dataDirectory: directory.root,
    version: RELEASE.version,
    now: () => Date.now(),
    onFailure: (error: unknown) => log.failure('control', error),
  }
}

/** Whether the first start was finished: a node killed while it loaded the sample goes on with it. */
function isSampleLoaded(directory: DataDirectory): boolean {
  return existsSync(directory.nodeFile) && (JSON.parse(readFileSync(directory.nodeFile, 'utf8')) as { ready?: unknown }).ready === true
}

function markLoaded(directory: DataDirectory): void {
  writeFileDurably(directory.nodeFile, new TextEncoder().encode(`${JSON.stringify({ format: 'chiron/node/v1', ready: true })}\n`))
}
