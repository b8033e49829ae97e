import { mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { deriveDid, ed25519PublicKey, isAcceptablePublicKey, utf8, verifyEd25519, x25519PublicKey } from '@chiron/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Identity, KeyFiles, MasterKey, Secret } from './index.ts'

let directory: string
let keys: string
let path: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chiron-keys-'))
  keys = join(directory, 'keys')
  path = join(directory, 'elsewhere', 'master.key')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const master = (): MasterKey => MasterKey.open(path, keys)
const code = (expected: string): object => expect.objectContaining({ code: expected })

describe('Secret', () => {
  it('does not print itself', () => {
    const secret = new Secret(utf8('very secret'))
    const printed = [String(secret), `${secret}`, JSON.stringify({ secret }), inspect({ secret }, { depth: 9, showHidden: true }), inspect(secret, { customInspect: true })]
    for (const text of printed) {
      expect(text).not.toContain('very')
      expect(text).not.toContain('118')
    }
    expect(secret.reveal()).toEqual(utf8('very secret'))
    secret.reveal().fill(0)
    expect(secret.reveal()).toEqual(utf8('very secret'))
  })
})

describe('MasterKey', () => {
  it('is made on a first start, for this user only, and is the same afterwards', () => {
    const first = master().subkey('key-files').reveal()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(master().subkey('key-files').reveal()).toEqual(first)
    expect(master().subkey('index/riverside').reveal()).not.toEqual(first)
    expect(inspect(master(), { showHidden: true })).not.toContain(readFileSync(path, 'utf8').trim())
  })

  it('is never made anew beside data', () => {
    master()
    rmSync(path)
    expect(master).toThrow(code('ERR_KEY_MASTER_MISSING'))
    rmSync(join(keys, 'master.check'))
    writeFileSync(join(keys, 'other.sealed'), '')
    expect(master).toThrow(code('ERR_KEY_MASTER_MISSING'))
  })

  it('that is wrong is told at once', () => {
    master()
    writeFileSync(path, `${'ab'.repeat(32)}\n`)
    expect(master).toThrow(expect.objectContaining({ code: 'ERR_KEY_MASTER_WRONG', message: expect.stringContaining('CHIRON_MASTER_KEY_FILE') }))
  })

  it('is not believed when the check is gone', () => {
    new KeyFiles(keys, master()).write('one', new Secret(new Uint8Array(1)))
    rmSync(join(keys, 'master.check'))
    expect(master).toThrow(code('ERR_KEY_FILE_CORRUPT'))
  })

  it.each(['', 'ab', 'zz'.repeat(32), `${'ab'.repeat(32)} more`, 'AB'.repeat(32)])('is not read from a file with anything else (%#)', (text) => {
    master()
    writeFileSync(path, text)
    expect(master).toThrow(code('ERR_KEY_MASTER_INVALID'))
  })

  it('does not lie in the check file', () => {
    master()
    const check = readFileSync(join(keys, 'master.check'), 'utf8').trim()
    expect(check).toMatch(/^[0-9a-f]{32}$/)
    expect(readFileSync(path, 'utf8')).not.toContain(check)
  })
})

describe('KeyFiles', () => {
  it('gives back what was written, sealed, for this user only', () => {
    const files = new KeyFiles(keys, master())
    const content = new Secret(utf8('a seed that must not be found'))
    expect(files.read('one')).toBeUndefined()
    files.write('one', content)
    files.write('two.k1', new Secret(new Uint8Array()))
    expect(files.read('one')?.reveal()).toEqual(content.reveal())
    expect(files.read('two.k1')?.reveal()).toEqual(new Uint8Array())
    expect(files.names()).toEqual(['one', 'two.k1'])
    expect(readFileSync(join(keys, 'one.sealed')).includes('a seed')).toBe(false)
    expect(statSync(join(keys, 'one.sealed')).mode & 0o777).toBe(0o600)
    files.remove('one')
    files.remove('one')
    expect(files.names()).toEqual(['two.k1'])
  })

  it('notices every changed or missing byte, and files that changed places', () => {
    const files = new KeyFiles(keys, master())
    files.write('one', new Secret(utf8('first')))
    files.write('two', new Secret(utf8('second')))
    const file = join(keys, 'one.sealed')
    const whole = readFileSync(file)
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole)
      changed[at] = (changed[at] as number) ^ 1
      writeFileSync(file, changed)
      expect(() => files.read('one')).toThrow(code('ERR_KEY_FILE_CORRUPT'))
      writeFileSync(file, whole.subarray(0, at))
      expect(() => files.read('one')).toThrow(code('ERR_KEY_FILE_CORRUPT'))
    }
    renameSync(join(keys, 'two.sealed'), file)
    expect(() => files.read('one')).toThrow(code('ERR_KEY_FILE_CORRUPT'))
  })

  it.each(['', '../x', 'a/b', 'A', '.hidden'])('refuses the name %j', (name) => {
    const files = new KeyFiles(keys, master())
    expect(() => files.write(name, new Secret(new Uint8Array(1)))).toThrow(code('ERR_KEY_NAME'))
  })
})

describe('Identity', () => {
  it('is made once, and signs as its DID says', () => {
    const files = new KeyFiles(keys, master())
    const made = Identity.loadOrCreate(files, 'riverside', 'organisation')
    const again = Identity.loadOrCreate(files, 'riverside', 'organisation')
    expect(again).toMatchObject({ did: made.did, keyId: 'k1', kind: 'organisation', publicKey: made.publicKey, agreementKey: made.agreementKey, inception: made.inception })
    expect(made.did).toBe(deriveDid('organisation', made.publicKey, made.inception))
    expect(isAcceptablePublicKey(made.publicKey)).toBe(true)
    expect(verifyEd25519(made.publicKey, utf8('text'), again.sign(utf8('text')))).toBe(true)
    expect(made.agreementKey).toEqual(x25519PublicKey(made.agreementSeed.reveal()))
  })

  it('has the keys that its seeds give', () => {
    const identity = new Identity({ kind: 'patient', inception: new Uint8Array(16), signingSeed: new Secret(new Uint8Array(32).fill(1)), agreementSeed: new Secret(new Uint8Array(32).fill(2)) })
    expect(identity.publicKey).toEqual(ed25519PublicKey(new Uint8Array(32).fill(1)))
    expect(identity.agreementKey).toEqual(x25519PublicKey(new Uint8Array(32).fill(2)))
  })

  it('keeps its DID when its keys rotate', () => {
    const files = new KeyFiles(keys, master())
    const made = Identity.loadOrCreate(files, 'one', 'practitioner')
    const rotated = made.rotated()
    rotated.save(files, 'one')
    expect(Identity.load(files, 'one')).toMatchObject({ did: made.did, keyId: 'k2', publicKey: rotated.publicKey })
    expect(rotated.publicKey).not.toEqual(made.publicKey)
  })

  it('leaves no seed readable on disk or in print', () => {
    const files = new KeyFiles(keys, master())
    const made = Identity.loadOrCreate(files, 'one', 'device')
    const seed = Buffer.from(made.agreementSeed.reveal())
    for (const file of readdirSync(keys)) expect(readFileSync(join(keys, file)).includes(seed)).toBe(false)
    expect(inspect(made, { depth: 9 })).not.toContain(seed.toString('hex'))
    expect(JSON.stringify(made)).not.toContain(seed.toString('hex'))
  })

  it('is not read from a file that holds something else', () => {
    const files = new KeyFiles(keys, master())
    files.write('one', new Secret(utf8('no identity')))
    expect(() => Identity.load(files, 'one')).toThrow(code('ERR_KEY_FILE_CORRUPT'))
  })
})
