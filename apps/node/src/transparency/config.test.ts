import { expect, it } from 'vitest'
import { formatVerifierKey, noteKey, SignatureType } from '@chiron/ledger/proofs'
import { loadWitnesses, NO_WITNESSES, parseWitnesses } from './config.ts'
import { signerOf } from './testing/growing-log.ts'

const { publicKey } = signerOf(5)
const vkeyOf = (name: string, key = publicKey, type: SignatureType = SignatureType.cosignature): string => formatVerifierKey(noteKey(name, type, key))
const witness = { vkey: vkeyOf('witness.example/w'), url: 'https://witness.example/w/' }
const other = { vkey: vkeyOf('witness.example/v', signerOf(6).publicKey), url: 'http://127.0.0.1:1' }

it('is nobody when there is no file', () => {
  expect(loadWitnesses('/nowhere/witnesses.json')).toBe(NO_WITNESSES)
})

it('reads keys, addresses, quorum and pace', () => {
  const config = parseWitnesses(JSON.stringify({ quorum: 1, witnesses: [witness, other] }))
  expect(config).toMatchObject({ quorum: 1, everyMs: 10_000, witnesses: [{ url: 'https://witness.example/w', key: { name: 'witness.example/w' } }, { url: 'http://127.0.0.1:1' }] })
  expect(config.policy).toEqual({ quorum: 1, keys: [witness.vkey, other.vkey] })
  expect(parseWitnesses(JSON.stringify({ quorum: 1, everySeconds: 0.5, witnesses: [witness] })).everyMs).toBe(500)
})

it.each([
  ['nothing', ''],
  ['no witness', { quorum: 1, witnesses: [] }],
  ['a quorum of none', { quorum: 0, witnesses: [witness] }],
  ['a quorum of more than there are', { quorum: 2, witnesses: [witness] }],
  ['one name twice', { quorum: 1, witnesses: [witness, { ...other, vkey: vkeyOf('witness.example/w', signerOf(6).publicKey) }] }],
  ['one key twice', { quorum: 1, witnesses: [witness, { ...other, vkey: vkeyOf('witness.example/v') }] }],
  ["a log's key", { quorum: 1, witnesses: [{ ...witness, vkey: vkeyOf('witness.example/w', publicKey, SignatureType.ed25519) }] }],
  ['another scheme', { quorum: 1, witnesses: [{ ...witness, url: 'file:///etc/passwd' }] }],
  ['a password in the address', { quorum: 1, witnesses: [{ ...witness, url: 'https://u:p@witness.example' }] }],
  ['an unknown field', { quorum: 1, witnesses: [witness], optional: true }],
])('is refused with %s', (_what, content) => {
  expect(() => parseWitnesses(typeof content === 'string' ? content : JSON.stringify(content))).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }))
})
