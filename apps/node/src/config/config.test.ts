import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { isPlainToOthers, loadConfig } from './config.ts'
import { readEnvironment } from './env.ts'
import { loadSecrets } from './secrets.ts'

describe('loadConfig', () => {
  it('has defaults for everything', () => {
    expect(loadConfig({})).toEqual({
      host: 'localhost',
      port: 8080,
      publicUrl: 'http://localhost:8080',
      dataDirectory: resolve('data'),
      masterKeyFile: resolve('data/master.key'),
      masterKeyBesideData: true,
      witnessesFile: resolve('data/witnesses.json'),
      logExposure: 'public',
      logLevel: 'info',
    })
  })

  it('takes what is given', () => {
    const config = loadConfig({ HOST: '::1', PORT: '0', CHIRON_DATA: '/srv/chiron', CHIRON_MASTER_KEY_FILE: '/run/secrets/master', LOG_LEVEL: 'debug' })
    expect(config).toMatchObject({ publicUrl: 'http://[::1]:0', port: 0, dataDirectory: '/srv/chiron', masterKeyFile: '/run/secrets/master', masterKeyBesideData: false, logLevel: 'debug' })
    expect(loadConfig({ CHIRON_PUBLIC_URL: 'https://chiron.example/node/' }).publicUrl).toBe('https://chiron.example/node')
  })

  it.each([
    ['CHIRON_LOG', 'private'], ['PORT', '65536'], ['PORT', '-1'], ['PORT', '80a'], ['PORT', ' '], ['PORT', '1e3'],
    ['HOST', 'a host'], ['HOST', 'http://x'],
    ['LOG_LEVEL', 'loud'],
    ['CHIRON_PUBLIC_URL', 'chiron.example'], ['CHIRON_PUBLIC_URL', 'ftp://x'], ['CHIRON_PUBLIC_URL', 'https://u:p@x'], ['CHIRON_PUBLIC_URL', 'https://x/?q'],
  ])('refuses %s=%j, naming the variable and not the value', (variable, value) => {
    expect(() => loadConfig({ [variable]: value })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID', variable, message: expect.stringMatching(new RegExp(`^${variable} `)) }))
  })
})

describe('isPlainToOthers', () => {
  it.each<[boolean, Record<string, string>]>([
    [false, {}], [false, { HOST: '127.0.0.2' }], [false, { HOST: '::1' }], [false, { HOST: '0.0.0.0', CHIRON_PUBLIC_URL: 'https://chiron.example' }],
    [true, { HOST: '0.0.0.0' }], [true, { HOST: '127.example' }], [true, { HOST: '::' }], [true, { HOST: 'chiron.example' }], [true, { HOST: '10.0.0.1', CHIRON_PUBLIC_URL: 'http://chiron.example' }],
  ])('is %s for %j', (expected, env) => {
    expect(isPlainToOthers(loadConfig(env))).toBe(expected)
  })
})

describe('readEnvironment', () => {
  it('takes an empty variable for an absent one', () => {
    process.env['CHIRON_TEST_EMPTY'] = ''
    process.env['CHIRON_TEST_SET'] = 'x'
    expect(readEnvironment()).not.toHaveProperty('CHIRON_TEST_EMPTY')
    expect(readEnvironment()).toMatchObject({ CHIRON_TEST_SET: 'x' })
    delete process.env['CHIRON_TEST_EMPTY']
    delete process.env['CHIRON_TEST_SET']
  })
})

describe('loadSecrets', () => {
  it('redacts itself', () => {
    const directory = mkdtempSync(join(tmpdir(), 'chiron-secrets-'))
    const secrets = loadSecrets(loadConfig({ CHIRON_DATA: directory }), join(directory, 'keys'))
    const key = Buffer.from(secrets.masterKey.subkey('key-files').reveal()).toString('hex')
    expect(inspect(secrets, { depth: 9, showHidden: true })).not.toContain(key)
    expect(JSON.stringify(secrets)).toBe('{"masterKey":{}}')
    rmSync(directory, { recursive: true })
  })
})
