import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { ConfigError } from './errors.ts'
import { readEnvironment, type Environment } from './env.ts'

/**
 * How much of the ledger's log anybody may read: all of it; checkpoint and hashes, from which proofs can be made and
 * nothing else is learnt; or nothing.
 */
export const LOG_EXPOSURES = ['public', 'hashes', 'off'] as const
export type LogExposure = (typeof LOG_EXPOSURES)[number]

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** What a node is started with. Holds no secrets. */
export interface Config {
  /** `HOST`: the address to listen on, `localhost` unless given. */
  readonly host: string
  /** `PORT`: 1 to 65535, or 0 for any that is free; 8080 unless given. */
  readonly port: number
  /** `CHIRON_PUBLIC_URL`: where clients reach the node, without a trailing slash; `http://HOST:PORT` unless given. */
  readonly publicUrl: string
  /** `CHIRON_DATA`: `./data` unless given. */
  readonly dataDirectory: string
  /** `CHIRON_MASTER_KEY_FILE`: `master.key` in the data directory unless given. */
  readonly masterKeyFile: string
  /** Whether the master key lies beside what it protects. */
  readonly masterKeyBesideData: boolean
  /** `CHIRON_WITNESSES`: the file that says who cosigns checkpoints; `witnesses.json` in the data directory unless given. */
  readonly witnessesFile: string
  /** `CHIRON_LOG`: how much of the ledger's log anybody may read at `/log`; `public` unless given. */
  readonly logExposure: LogExposure
  /** `LOG_LEVEL`: `info` unless given. */
  readonly logLevel: LogLevel
}

/** Whether other machines reach the node, and not by HTTPS: tokens and records would cross the network in the clear. */
export function isPlainToOthers({ host, publicUrl }: Pick<Config, 'host' | 'publicUrl'>): boolean {
  const isHere = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
  return !isHere && !publicUrl.startsWith('https:')
}

/** Checks the environment. @throws ConfigError `ERR_CONFIG_INVALID` */
export function loadConfig(env: Environment = readEnvironment()): Config {
  const host = parseHost(env['HOST'])
  const port = parsePort(env['PORT'])
  const dataDirectory = resolve(env['CHIRON_DATA'] ?? 'data')
  const beside = join(dataDirectory, 'master.key')
  const masterKeyFile = resolve(env['CHIRON_MASTER_KEY_FILE'] ?? beside)
  return {
    host,
    port,
    publicUrl: parsePublicUrl(env['CHIRON_PUBLIC_URL']) ?? `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`,
    dataDirectory,
    masterKeyFile,
    masterKeyBesideData: masterKeyFile === beside,
    witnessesFile: resolve(env['CHIRON_WITNESSES'] ?? join(dataDirectory, 'witnesses.json')),
    logExposure: parseExposure(env['CHIRON_LOG']),
    logLevel: parseLogLevel(env['LOG_LEVEL']),
  }
}

function parseHost(text = 'localhost'): string {
  const labels = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})$/
  if (isIP(text) === 0 && !labels.test(text)) throw new ConfigError('HOST', 'is no address or host name: try localhost, or 0.0.0.0 for all interfaces')
  return text
}

function parsePort(text = '8080'): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new ConfigError('PORT', 'must be a number from 0 to 65535')
  return port
}

function parsePublicUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  const plain = url && (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.search === '' && url.hash === ''
  if (!plain) throw new ConfigError('CHIRON_PUBLIC_URL', 'must be an http or https address without user, query or fragment')
  return url.href.replace(/\/+$/, '')
}

function parseExposure(text = 'public'): LogExposure {
  const exposure = LOG_EXPOSURES.find((known) => known === text)
  if (!exposure) throw new ConfigError('CHIRON_LOG', `must be one of ${LOG_EXPOSURES.join(', ')}`)
  return exposure
}

function parseLogLevel(text = 'info'): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text)
  if (!level) throw new ConfigError('LOG_LEVEL', `must be one of ${LOG_LEVELS.join(', ')}`)
  return level
}
