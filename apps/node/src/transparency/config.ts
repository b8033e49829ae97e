import { existsSync, readFileSync } from 'node:fs'
import * as v from 'valibot'
import { parseVerifierKey, SignatureType, type NoteKey, type WitnessPolicy } from '@chiron/ledger/proofs'
import { ConfigError } from '../config/errors.ts'

const DEFAULT_EVERY_SECONDS = 10

export interface Witness {
  readonly key: NoteKey
  /** Submission prefix, without a trailing slash. */
  readonly url: string
}

/** Who cosigns this node's checkpoints. */
export interface WitnessConfig {
  readonly witnesses: readonly Witness[]
  /** How many cosignatures a checkpoint needs before it is published; 0 without witnesses. */
  readonly quorum: number
  /** Checkpoints are made at most this often. */
  readonly everyMs: number
  /** As a trust file has it; undefined without witnesses. */
  readonly policy: WitnessPolicy | undefined
}

export const NO_WITNESSES: WitnessConfig = { witnesses: [], quorum: 0, everyMs: DEFAULT_EVERY_SECONDS * 1000, policy: undefined }

const shape = v.strictObject({
  quorum: v.pipe(v.number(), v.integer(), v.minValue(1)),
  everySeconds: v.exactOptional(v.pipe(v.number(), v.minValue(0.1), v.maxValue(3600)), DEFAULT_EVERY_SECONDS),
  witnesses: v.pipe(v.array(v.strictObject({ vkey: v.string(), url: v.string() })), v.minLength(1), v.maxLength(32)),
})

/**
 * Reads the witnesses' file: `{quorum, everySeconds?, witnesses: [{vkey, url}]}`. None if there is no file.
 * @throws ConfigError: a file that is there and cannot be used would leave the log without witnesses unnoticed
 */
export function loadWitnesses(path: string): WitnessConfig {
  return existsSync(path) ? parseWitnesses(readFileSync(path, 'utf8')) : NO_WITNESSES
}

/** @throws ConfigError */
export function parseWitnesses(text: string): WitnessConfig {
  const parsed = v.safeParse(shape, parseJson(text))
  if (!parsed.success) throw invalid('must hold {"quorum", "everySeconds"?, "witnesses": [{"vkey", "url"}]}')
  const { quorum, everySeconds } = parsed.output
  const witnesses = parsed.output.witnesses.map(({ vkey, url }) => ({ key: keyOf(vkey), url: urlOf(url) }))
  if (quorum > witnesses.length) throw invalid('asks for more witnesses than it names')
  const hasTwice = (values: readonly string[]): boolean => new Set(values).size < values.length
  if (hasTwice(witnesses.map(({ key }) => key.name)) || hasTwice(witnesses.map(({ key }) => Buffer.from(key.publicKey).toString('hex')))) throw invalid('names a witness twice')
  return { witnesses, quorum, everyMs: Math.round(everySeconds * 1000), policy: { quorum, keys: parsed.output.witnesses.map(({ vkey }) => vkey) } }
}

function keyOf(vkey: string): NoteKey {
  let key: NoteKey | undefined
  try {
    key = parseVerifierKey(vkey)
  } catch {
    key = undefined
  }
  if (key?.type !== SignatureType.cosignature) throw invalid('has a vkey that is not an Ed25519 cosignature key (type 04)')
  return key
}

function urlOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isPlain = url && (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.search === '' && url.hash === ''
  if (!isPlain) throw invalid('has a url that is no http or https address without user, query or fragment')
  return url.href.replace(/\/+$/, '')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function invalid(message: string): ConfigError {
  return new ConfigError('CHIRON_WITNESSES', `names a file that ${message}`)
}
