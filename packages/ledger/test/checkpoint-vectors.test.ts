import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fromHex, leafHash, rootOfHashes, toHex, utf8, verifyEd25519 } from '@chiron/protocol'
import { checkpointVectors } from '../../../tools/vectors/checkpoint.ts'
import { formatVectors, vectorFolder } from '../../../tools/vectors/protocol.ts'
import {
  formatCheckpoint, formatNote, formatTilePath, formatTlogProof, formatVerifierKey, noteKey, parseCheckpoint, parseEntryBundle, parseNote, parseTilePath, parseTlogProof, parseTrust,
  parseVerifierKey, ProofError, readTile, signaturesOf, verifyCheckpoint, verifyTlogProof, type SignatureType, type TilePlace,
} from '../src/proofs/index.ts'
import { EMPTY_RANGE } from '../src/state/compact-range.ts'
import { appendToLog } from '../src/state/log.ts'
import { MemoryStore } from '../src/state/memory-store.ts'

type Named<T> = T & { readonly name: string }

const files = checkpointVectors()
test.each([...files])('%s is what its generator writes', (file, vectors) => {
  expect(readFileSync(join(vectorFolder, file), 'utf8')).toBe(formatVectors(vectors))
})

function having<T>(file: string, ...fields: readonly string[]): Named<T>[] {
  const cases = (JSON.parse(readFileSync(join(vectorFolder, file), 'utf8')) as { readonly cases: Named<object>[] }).cases
  const found = cases.filter((each) => fields.every((field) => field in each))
  if (found.length === 0) throw new RangeError(`no case of ${file} has ${fields.join(', ')}`)
  return found as Named<T>[]
}

const refusal = (code: string) => expect.objectContaining({ name: ProofError.name, code })

describe('notes', () => {
  test.each(having<{ vkey: string; note: string; valid: boolean }>('checkpoint-notes.json', 'vkey', 'note'))('$name', ({ vkey, note, valid }) => {
    const key = parseVerifierKey(vkey)
    const { text, signatures } = parseNote(note)
    const own = signaturesOf(key, signatures)
    expect(own).toHaveLength(1)
    expect(own.every(({ signature }) => verifyEd25519(key.publicKey, utf8(text), signature))).toBe(valid)
    expect(formatNote({ text, signatures })).toBe(note)
  })

  test.each(having<{ keyName: string; type: SignatureType; publicKey: string; vkey: string }>('checkpoint-notes.json', 'keyName'))('$name', ({ keyName, type, publicKey, vkey }) => {
    expect(formatVerifierKey(noteKey(keyName, type, fromHex(publicKey)))).toBe(vkey)
    expect(parseVerifierKey(vkey)).toEqual(noteKey(keyName, type, fromHex(publicKey)))
  })

  test.each(having<{ vkey: string; code: string }>('checkpoint-notes.json', 'vkey', 'code'))('key: $name', ({ vkey, code }) => {
    expect(() => parseVerifierKey(vkey)).toThrow(refusal(code))
  })

  test.each(having<{ origin: string; size: number; root: string; text: string }>('checkpoint-notes.json', 'text'))('$name', ({ origin, size, root, text }) => {
    const checkpoint = { origin, size, root: fromHex(root) }
    expect(formatCheckpoint(checkpoint)).toBe(text)
    expect(parseCheckpoint(text)).toEqual(checkpoint)
  })
})

interface CheckpointCase {
  readonly trust: unknown
  readonly checkpoint: string
  readonly size: number
  readonly root: string
  readonly witnesses: unknown
  readonly code?: string
}
test.each(having<CheckpointCase>('checkpoint-notes.json', 'checkpoint'))('checkpoint: $name', ({ trust, checkpoint, size, root, witnesses, code }) => {
  const verify = () => verifyCheckpoint(checkpoint, parseTrust(trust))
  if (code !== undefined) expect(verify).toThrow(refusal(code))
  else expect(verify()).toMatchObject({ size, root: fromHex(root), witnesses })
})

interface ProofCase {
  readonly trust: unknown
  readonly proof: string
  readonly index: number
  readonly isNewest: boolean
  readonly leaf: Readonly<Record<string, string | number>>
  readonly code?: string
}
test.each(having<ProofCase>('checkpoint-proofs.json', 'proof'))('tlog-proof: $name', ({ trust, proof, index, isNewest, leaf, code }) => {
  const verify = () => verifyTlogProof(proof, parseTrust(trust))
  if (code !== undefined) {
    expect(verify).toThrow(refusal(code))
    return
  }
  const bytes = Object.fromEntries(Object.entries(leaf).map(([key, value]) => [key, key === 'txId' || key === 'stateRoot' ? fromHex(value as string) : value]))
  expect(verify()).toMatchObject({ index, isNewest, leaf: bytes })
  expect(formatTlogProof(parseTlogProof(proof))).toBe(proof)
})

describe('tiles', () => {
  test.each(having<TilePlace & { path: string }>('checkpoint-tiles.json', 'path', 'level'))('$name', ({ path, level, index, width }) => {
    if (level === null) expect(parseTilePath(path)).toBeUndefined()
    else {
      expect(parseTilePath(path)).toEqual({ level, index, width })
      expect(formatTilePath({ level, index, width })).toBe(path)
    }
  })

  const { leaves, root } = having<{ leaves: string[]; root: string }>('checkpoint-tiles.json', 'leaves')[0] as { leaves: string[]; root: string }
  const store = new MemoryStore()
  store.apply(appendToLog(EMPTY_RANGE, leaves.map(fromHex)).writes)
  const tileAt = (path: string): Uint8Array | undefined => readTile(store, leaves.length, parseTilePath(path) as TilePlace)

  test.each(having<{ path: string; bytes: string | null }>('checkpoint-tiles.json', 'path', 'bytes'))('$name', ({ path, bytes }) => {
    const tile = tileAt(path)
    expect(tile === undefined ? null : toHex(tile)).toBe(bytes)
  })

  test('bundles give back the entries, and the tiles the root', () => {
    const entries = [...parseEntryBundle(tileAt('entries/000') as Uint8Array, 256), ...parseEntryBundle(tileAt('entries/001.p/44') as Uint8Array, 44)]
    expect(entries.map(toHex)).toEqual(leaves)
    expect(() => parseEntryBundle((tileAt('entries/001.p/44') as Uint8Array).slice(0, -1), 44)).toThrow(refusal('ERR_PROOF_FORMAT'))
    expect(() => parseEntryBundle(Uint8Array.of(...(tileAt('entries/001.p/44') as Uint8Array), 0), 44)).toThrow(refusal('ERR_PROOF_FORMAT'))
    expect(() => parseEntryBundle(tileAt('entries/001.p/44') as Uint8Array, 43)).toThrow(refusal('ERR_PROOF_FORMAT'))
    expect(toHex(rootOfHashes(entries.map(leafHash)))).toBe(root)
    const full = Array.from({ length: 256 }, (_, i) => (tileAt('0/000') as Uint8Array).slice(32 * i, 32 * i + 32))
    expect(rootOfHashes(full)).toEqual(tileAt('1/000.p/1'))
  })
})
