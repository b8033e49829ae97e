import { encode } from '@ipld/dag-cbor'
import { type Plain, type VectorFile, toPlain } from './plain.ts'
import {
  base32, didOf, hex, hmac, objectIdOf, publicKeyOf, sampleBytes, sha256, signWith, treeConsistency, treePath, treeRoot, u32, u64,
} from './protocol-reference.ts'

type Case = { readonly [key: string]: Plain }

const PATIENT = '3f0c5a9e-6f0e-4c7a-9d3b-5f2f5f0f9a11'
const vocabularyKey = sampleBytes('vocabulary key', 32)
const ascii = (text: string): Buffer => Buffer.from(text, 'ascii')

export function idVectors(): VectorFile {
  const dids = ['organisation', 'practitioner', 'patient', 'device'].map((kind): Case => {
    const signingKey = publicKeyOf(sampleBytes(`did ${kind}`, 32))
    const salt = sampleBytes(`inception ${kind}`, 16)
    return { name: `DID of a ${kind}`, requirement: 'SPEC-ID-2', kind, signingKey: hex(signingKey), inception: hex(salt), did: didOf(kind, signingKey, salt) }
  })
  const formats = [new Uint8Array(20), new Uint8Array(20).fill(255), sampleBytes('did bytes', 20)].map(
    (bytes, i): Case => ({ name: `20 bytes as a DID, ${i + 1}`, requirement: 'SPEC-ID-1', bytes: hex(bytes), did: `did:chiron:${base32(bytes)}` }),
  )
  const valid = `did:chiron:${base32(sampleBytes('did bytes', 20))}`
  const refused = [
    ['upper case', valid.toUpperCase()], ['one character short', valid.slice(0, -1)], ['one character more', `${valid}a`], ['a digit outside base32', `${valid.slice(0, -1)}1`],
    ['another method', valid.replace('chiron', 'example')], ['a line feed after it', `${valid}\n`], ['a fragment', `${valid}#k1`], ['nothing', ''],
  ].map(([name, text]): Case => ({ name: `no DID: ${name}`, requirement: 'SPEC-ID-1', text: text as string, code: 'ERR_PROTOCOL_ID' }))
  const txId = sampleBytes('tx id', 32)
  const objects = [[0, 0], [1, 0], [0, 1], [63, 499], [0xffff_ffff, 0xffff_ffff]].map(([index, item]): Case => ({
    name: `object ${index}, item ${item}`, requirement: 'SPEC-ID-3', txId: hex(txId), index: index as number, item: item as number,
    objectId: hex(objectIdOf(txId, index as number, item as number)),
  }))
  const handles: Case[] = [{
    name: 'handle of a patient', requirement: 'SPEC-ID-4', vocabularyKey: hex(vocabularyKey), patientId: PATIENT,
    handle: hex(hmac(vocabularyKey, ascii(`chiron/handle/v1/${PATIENT}`))),
  }]
  const records = [['Patient', PATIENT], ['Observation', 'b7d7b8a0-9b93-4c7f-8c43-3a5a5d3a2d10']].map(([type, id]): Case => ({
    name: `record id of ${type}`, requirement: 'SPEC-ID-5', vocabularyKey: hex(vocabularyKey), type: type as string, id: id as string,
    recordId: hex(hmac(vocabularyKey, ascii(`chiron/record/v1/${type}/${id}`)).subarray(0, 16)),
  }))
  return {
    requirements: ['SPEC-ID-1', 'SPEC-ID-2', 'SPEC-ID-3', 'SPEC-ID-4', 'SPEC-ID-5'],
    about: 'How identifiers are formed from their inputs (bytes in hex). A case with `text` is refused with `code`.',
    cases: [...formats, ...dids, ...refused, ...objects, ...handles, ...records],
  }
}

export function tagVectors(): VectorFile {
  const names = [['category', 'laboratory'], ['category', 'other'], ['label', 'mental-health'], ['label', 'hiv']] as const
  const cases = ['one', 'two'].flatMap((person) => {
    const handle = sampleBytes(`handle ${person}`, 32)
    const tagKey = hmac(vocabularyKey, ascii('chiron/tags/v1'), handle)
    return names.map(([kind, name]): Case => ({
      name: `${kind} ${name} of patient ${person}`, vocabularyKey: hex(vocabularyKey), handle: hex(handle), tagKey: hex(tagKey), kind, word: name,
      tag: hex(hmac(tagKey, ascii(`${kind}/${name}`)).subarray(0, 8)),
    }))
  })
  return {
    requirements: ['SPEC-TAG-1', 'SPEC-TAG-2'],
    about: "A patient's tag key, and the tags of words under it (bytes in hex). The same word differs from patient to patient.",
    cases,
  }
}

export function dayVectors(): VectorFile {
  const midnight = (date: string): number => Math.round(Date.parse(`${date}T00:00:00Z`) / 86_400_000)
  const dates = ['1970-01-01', '1969-12-31', '2026-11-21', '2024-02-29', '2000-02-29', '1900-02-28', '1900-03-01', '2100-12-31', '0001-01-01', '0004-02-29', '9999-12-31']
  const cases = ['one', 'two'].flatMap((person) => {
    const tagKey = hmac(vocabularyKey, ascii('chiron/tags/v1'), sampleBytes(`handle ${person}`, 32))
    const offset = 2 ** 20 + Math.floor(Buffer.from(hmac(tagKey, ascii('chiron/day/v1'))).readUInt32BE(0) / 2)
    return dates.map((date): Case => ({ name: `${date} of patient ${person}`, tagKey: hex(tagKey), date, day: midnight(date) + offset }))
  })
  const tagKey = cases[0]?.tagKey as string
  const refused = [
    '2023-02-29', '1900-02-29', '2026-13-01', '2026-00-10', '2026-04-31', '2026-04-00', '2026-4-1', '2026-11', '2026', '0000-01-01', '10000-01-01', '-0001-01-01',
    '2026-11-21T10:00:00Z', ' 2026-11-21', '2026-11-21\n', '',
  ].map((date): Case => ({ name: `no date: ${JSON.stringify(date)}`, tagKey, date, code: 'ERR_PROTOCOL_ENCODING' }))
  return { requirements: ['SPEC-TAG-3'], about: "Shifted days of dates under a patient's tag key (hex). A case with `code` is refused.", cases: [...cases, ...refused] }
}

export function commitmentVectors(): VectorFile {
  const record = sampleBytes('record', 16)
  const salt = sampleBytes('envelope salt', 16)
  const key = sampleBytes('content key', 32)
  const shares = [0, 1, 2, 3].map((i) => sampleBytes(`share ${i}`, 33))
  const commitments = shares.map((share, i) => sha256(ascii('chiron/share/v1'), salt, record, Buffer.of(i), share))
  const roots = [1, 4].map((n): Case => ({
    name: `root over ${n} share commitments`, requirement: 'SPEC-CUS-3', commitments: commitments.slice(0, n).map(hex),
    shareRoot: hex(sha256(ascii('chiron/share-root/v1'), ...commitments.slice(0, n))),
  }))
  const leaf = (i: number): { readonly plain: Plain; readonly bytes: Uint8Array } => {
    const parts = { record: sampleBytes(`record ${i}`, 16), version: i === 2 ? 0xffff_ffff : i + 1, ciphertext: sampleBytes(`ciphertext ${i}`, 32), keyCommitment: sampleBytes(`commitment ${i}`, 32), shareRoot: sampleBytes(`shares ${i}`, 32) }
    const bytes = Buffer.concat([parts.record, u32(parts.version), parts.ciphertext, parts.keyCommitment, parts.shareRoot])
    return { plain: toPlain(parts), bytes }
  }
  const batches = [1, 2, 3, 5].map((n): Case => {
    const leaves = Array.from({ length: n }, (_, i) => leaf(i))
    return { name: `batch of ${n}`, requirement: 'SPEC-CUS-4', leaves: leaves.map((item) => item.plain), root: hex(treeRoot(leaves.map((item) => item.bytes))) }
  })
  const root = sampleBytes('batch root', 32)
  const seed = sampleBytes('keyholder seed', 32)
  const message = Buffer.concat([ascii('chiron/custody-receipt/v1\0chiron-vectors\0'), u32(7), root])
  const groups = [[2, 0], [3, 2], [5, 1], [16, 11], [64, 63]].map(([size = 0, index = 0]): Case => {
    const together = Array.from({ length: size }, (_, i) => sampleBytes(`batch root ${i}`, 32))
    const signed = Buffer.concat([ascii('chiron/custody-group-receipt/v1\0chiron-vectors\0'), u32(7), u32(size), treeRoot(together)])
    return { name: `receipt for batch ${index} of ${size}`, requirement: 'SPEC-CUS-15', chainId: 'chiron-vectors', set: 7, root: hex(together[index] as Uint8Array), size, index, path: treePath(together, index).map(hex), message: hex(signed), publicKey: hex(publicKeyOf(seed)), signature: hex(signWith(seed, signed)) }
  })
  const [first] = groups as [Case]
  const wrong = (name: string, fields: Readonly<Record<string, Plain>>): Case => ({ ...first, ...fields, name, message: null })
  const strangers = [
    wrong('a path too long', { path: [...(first['path'] as string[]), hex(root)] }),
    wrong('a path too short', { path: [] }),
    wrong('a place outside the group', { index: 2 }),
  ]
  return {
    requirements: ['SPEC-CUS-1', 'SPEC-CUS-2', 'SPEC-CUS-3', 'SPEC-CUS-4', 'SPEC-CUS-5', 'SPEC-CUS-15'],
    about: 'Commitments to content keys and shares, the root that keyholders sign, and what they sign (bytes in hex).',
    cases: [
      { name: 'content key', requirement: 'SPEC-CUS-1', record: hex(record), salt: hex(salt), key: hex(key), commitment: hex(sha256(ascii('chiron/key/v1'), salt, record, key)) },
      ...shares.map((share, index): Case => ({ name: `share ${index}`, requirement: 'SPEC-CUS-2', record: hex(record), salt: hex(salt), index, share: hex(share), commitment: hex(commitments[index] as Uint8Array) })),
      ...roots,
      ...batches,
      { name: 'receipt', requirement: 'SPEC-CUS-5', chainId: 'chiron-vectors', set: 7, root: hex(root), message: hex(message), publicKey: hex(publicKeyOf(seed)), signature: hex(signWith(seed, message)) },
      ...groups,
      ...strangers,
    ],
  }
}

export function blockVectors(): VectorFile {
  const leaves = Array.from({ length: 8 }, (_, i) => sampleBytes(`leaf ${i}`, i * 5))
  const roots = leaves.map((_, i): Case => ({ name: `tree of ${i}`, requirement: 'SPEC-LOG-1', leaves: leaves.slice(0, i).map(hex), root: hex(treeRoot(leaves.slice(0, i))) }))
  const paths = [[1, 0], [2, 1], [5, 4], [7, 2], [7, 6], [8, 5]].map(([size, index]): Case => {
    const tree = leaves.slice(0, size)
    return { name: `leaf ${index} of ${size}`, requirement: 'SPEC-LOG-2', size: size as number, index: index as number, leaf: hex(leaves[index as number] as Uint8Array), path: treePath(tree, index as number).map(hex), root: hex(treeRoot(tree)) }
  })
  const consistency = [[1, 8], [3, 7], [4, 8], [6, 8], [8, 8]].map(([first, second]): Case => ({
    name: `${first} is a prefix of ${second}`, requirement: 'SPEC-LOG-3', first: first as number, second: second as number,
    firstRoot: hex(treeRoot(leaves.slice(0, first))), secondRoot: hex(treeRoot(leaves.slice(0, second))), path: treeConsistency(leaves.slice(0, second), first as number).map(hex),
  }))
  const app = { stateRoot: sampleBytes('state root', 32), logRoot: sampleBytes('log root', 32), logSize: 5_000_000_000 }
  const appHash = sha256(ascii('chiron/app/v1'), app.stateRoot, app.logRoot, u64(app.logSize))
  const txIds = [sampleBytes('tx one', 32), sampleBytes('tx two', 32)]
  const header = { chainId: 'chiron-vectors', height: 1, timeMs: 1_796_000_000_000, previous: new Uint8Array(32), txRoot: treeRoot(txIds), appHash }
  const headerBytes = encode(header)
  const seed = sampleBytes('block signer', 32)
  const message = Buffer.concat([ascii('chiron/block/v1\0'), headerBytes])
  return {
    requirements: ['SPEC-BLK-1', 'SPEC-BLK-2', 'SPEC-BLK-3', 'SPEC-LOG-1', 'SPEC-LOG-2', 'SPEC-LOG-3'],
    about: 'Trees of RFC 9162, the app hash, and a signed header (bytes in hex).',
    cases: [
      ...roots, ...paths, ...consistency,
      { name: 'app hash', requirement: 'SPEC-BLK-3', app: toPlain(app), appHash: hex(appHash) },
      {
        name: 'header', requirement: 'SPEC-BLK-1', txIds: txIds.map(hex), header: toPlain(header), bytes: hex(headerBytes), hash: hex(sha256(headerBytes)),
        message: hex(message), publicKey: hex(publicKeyOf(seed)), signature: hex(signWith(seed, message)),
      },
    ],
  }
}
