/** Writes `spec/vectors/checkpoint-*.json`. Deterministic: a test compares. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkpointText, logLine, noteOf, proofOf, signatureLine, verifierKey, witnessLine, type Signer } from './checkpoint-reference.ts'
import { logLeaf, stateLeaf } from './ledger-reference.ts'
import type { Plain, VectorFile } from './plain.ts'
import { formatVectors, vectorFolder } from './protocol.ts'
import { didOf, hex, publicKeyOf, sampleBytes, sha256, signWith, treePath, treeRoot } from './protocol-reference.ts'

type Case = { readonly [key: string]: Plain }

const chainId = 'vectors-1'
const origin = `log.chiron.invalid/${chainId}`
const signerOf = (name: string, type: number, label: string): Signer => {
  const seed = sampleBytes(label, 32)
  return { name, type, seed, publicKey: publicKeyOf(seed) }
}
const log = signerOf(origin, 1, 'checkpoint signer')
const impostor = signerOf(origin, 1, 'checkpoint impostor')
const [one, two, three] = ['one', 'two', 'three'].map((name) => signerOf(`witness.example/${name}`, 4, `witness ${name}`)) as [Signer, Signer, Signer]
const did = didOf('organisation', log.publicKey, new Uint8Array(16))
const signers = [{ did, publicKey: Buffer.from(log.publicKey).toString('base64url') }]
const trustIn = (quorum: number, ...witnesses: readonly Signer[]): Plain => (quorum === 0 ? { chainId, signers } : { chainId, signers, witnesses: { quorum, keys: witnesses.map(verifierKey) } })

const txIds = Array.from({ length: 6 }, (_, n) => sampleBytes(`checkpoint tx ${n}`, 32))
const stateRoots = [0, 1, 2].map((n) => sampleBytes(`checkpoint state ${n}`, 32))
const leaves = [
  stateLeaf(0, 1_796_000_000_000, stateRoots[0] as Uint8Array),
  ...txIds.slice(0, 4).map((txId, n) => logLeaf(txId, n === 2 ? 'consent' : '', n === 2 ? 12 : 0)),
  stateLeaf(1, 1_796_000_001_000, stateRoots[1] as Uint8Array),
  ...txIds.slice(4).map((txId) => logLeaf(txId, '', 0)),
  stateLeaf(3, 1_796_000_003_000, stateRoots[2] as Uint8Array),
]
const root = treeRoot(leaves)
const text = checkpointText(origin, leaves.length, root)
const timeS = 1_796_000_004
const signed = noteOf(text, logLine(log, text))
const cosigned = noteOf(text, logLine(log, text), witnessLine(one, text, timeS), witnessLine(two, text, timeS + 1))
const both = trustIn(2, one, two, three)

const holds = (name: string, trust: Plain, checkpoint: string, witnesses: Plain = []): Case => ({ name, trust, checkpoint, size: leaves.length, root: hex(root), witnesses })
const refused = (name: string, code: string, trust: Plain, checkpoint: string): Case => ({ name, trust, checkpoint, code })
const seenBy = (...seen: readonly (readonly [Signer, number])[]): Plain => seen.map(([signer, at]) => ({ name: signer.name, timeMs: at * 1000 }))

/** The example of C2SP signed-note, whose key and signature are not ours. */
const EXAMPLE = {
  name: 'the example of C2SP signed-note',
  vkey: 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
  note: 'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n',
}

function keyCases(): Case[] {
  const made = [log, one, two].map((signer): Case => ({ name: `key of ${signer.name}`, keyName: signer.name, type: signer.type, publicKey: hex(signer.publicKey), vkey: verifierKey(signer) }))
  const vkey = verifierKey(one)
  const wrong: readonly (readonly [string, string])[] = [
    ['an id that is not the key\'s', vkey.replace(/\+[0-9a-f]{8}\+/, '+00000000+')],
    ['a type of signature that is not ours', verifierKey({ ...one, type: 2 })],
    ['a key a byte short', `${vkey.slice(0, -4)}`],
    ['a name with a space', verifierKey({ ...one, name: 'witness one' })],
    ['no name', verifierKey({ ...one, name: '' })],
  ]
  return [...made, ...wrong.map(([name, vkeyText]): Case => ({ name, vkey: vkeyText, code: 'ERR_PROOF_FORMAT' }))]
}

export function noteVectors(): VectorFile {
  const longer = checkpointText(origin, leaves.length + 1, root)
  const other = checkpointText('log.chiron.invalid/vectors-2', leaves.length, root)
  const extended = `${text}more to say\n`
  const smallOrder = Buffer.concat([Buffer.from('01', 'hex'), Buffer.alloc(63)])
  return {
    requirements: ['SPEC-CKPT-1', 'SPEC-CKPT-2', 'SPEC-CKPT-3', 'SPEC-CKPT-4', 'SPEC-CKPT-5'],
    about: 'Verifier keys of notes (vkey); notes; checkpoints, and what a verifier trusts. A case with `code` is refused with it.',
    cases: [
      { ...EXAMPLE, valid: true },
      { ...EXAMPLE, name: 'the example with another text', note: EXAMPLE.note.replace('an example', 'no example'), valid: false },
      { name: 'a text with an empty line', vkey: verifierKey(log), note: noteOf('one\n\ntwo\n', logLine(log, 'one\n\ntwo\n')), valid: true },
      ...keyCases(),
      { name: 'the text of a checkpoint', origin, size: leaves.length, root: hex(root), text },
      holds('signed by the log, no witness asked for', trustIn(0), signed),
      holds('no witness asked for, cosigned all the same', trustIn(0), cosigned),
      holds('two of three witnesses', both, cosigned, seenBy([one, timeS], [two, timeS + 1])),
      holds('a witness that nobody knows is ignored', trustIn(1, one), cosigned, seenBy([one, timeS])),
      holds('an extension line says nothing', trustIn(0), noteOf(extended, logLine(log, extended))),
      holds('a key of the same name that nobody trusts is ignored', trustIn(0), noteOf(text, logLine(impostor, text), logLine(log, text))),
      holds('one witness twice: the later time', trustIn(1, one), noteOf(text, logLine(log, text), witnessLine(one, text, timeS), witnessLine(one, text, timeS + 9)), seenBy([one, timeS + 9])),
      refused('one witness twice is one witness', 'ERR_PROOF_WITNESS', both, noteOf(text, logLine(log, text), witnessLine(one, text, timeS), witnessLine(one, text, timeS + 9))),
      refused('one of two witnesses', 'ERR_PROOF_WITNESS', both, noteOf(text, logLine(log, text), witnessLine(one, text, timeS))),
      refused('no witness', 'ERR_PROOF_WITNESS', both, signed),
      refused('witnesses and no log', 'ERR_PROOF_SIGNER', both, noteOf(text, witnessLine(one, text, timeS), witnessLine(two, text, timeS))),
      refused('signed by an impostor', 'ERR_PROOF_SIGNER', trustIn(0), noteOf(text, logLine(impostor, text))),
      refused('a signature that is not the log\'s under its key id', 'ERR_PROOF_SIGNATURE', trustIn(0), noteOf(text, signatureLine(log, signWith(impostor.seed, Buffer.from(text))))),
      refused('a right signature and a forged one under the same key', 'ERR_PROOF_SIGNATURE', trustIn(0), noteOf(text, logLine(log, text), signatureLine(log, smallOrder))),
      refused('the signature of another size', 'ERR_PROOF_SIGNATURE', trustIn(0), noteOf(longer, logLine(log, text))),
      refused('a cosignature of another checkpoint', 'ERR_PROOF_SIGNATURE', both, noteOf(text, logLine(log, text), witnessLine(one, longer, timeS), witnessLine(two, text, timeS))),
      refused('a cosignature with another time', 'ERR_PROOF_SIGNATURE', both, noteOf(text, logLine(log, text), witnessLine(one, text, timeS, timeS + 1), witnessLine(two, text, timeS))),
      refused('a cosignature of the beginning of time', 'ERR_PROOF_SIGNATURE', both, noteOf(text, logLine(log, text), witnessLine(one, text, 0), witnessLine(two, text, timeS))),
      refused('a witness that signs as a log does', 'ERR_PROOF_SIGNATURE', both, noteOf(text, logLine(log, text), logLine(one, text), witnessLine(two, text, timeS))),
      refused('the log of another chain', 'ERR_PROOF_CHAIN', trustIn(0), noteOf(other, logLine({ ...log, name: 'log.chiron.invalid/vectors-2' }, other), logLine(log, other))),
      ...malformed().map(([name, note]) => refused(name, 'ERR_PROOF_FORMAT', trustIn(0), note)),
      ...badTexts().map(([name, bad]) => refused(name, 'ERR_PROOF_FORMAT', trustIn(0), noteOf(bad, logLine(log, bad)))),
      ...[
        ['more witnesses asked for than there are', { quorum: 3, keys: [one, two].map(verifierKey) }],
        ['a quorum of none', { quorum: 0, keys: [verifierKey(one)] }],
        ['one witness counted twice', { quorum: 2, keys: [verifierKey(one), verifierKey(one)] }],
        ['one key under two names', { quorum: 1, keys: [verifierKey(one), verifierKey({ ...one, name: 'witness.example/uno' })] }],
        ['a log\'s key among the witnesses', { quorum: 1, keys: [verifierKey(log)] }],
      ].map(([name, witnesses]): Case => ({ name: `trust: ${name as string}`, trust: { chainId, signers, witnesses: witnesses as Plain }, checkpoint: cosigned, code: 'ERR_PROOF_TRUST' })),
    ],
  }
}

function malformed(): (readonly [string, string])[] {
  const line = logLine(log, text)
  return [
    ['no signature', text],
    ['no empty line before the signatures', `${text}${line}`],
    ['no newline at the end', signed.slice(0, -1)],
    ['carriage returns', signed.replaceAll('\n', '\r\n')],
    ['a hyphen for the dash', signed.replace('\u2014', '-')],
    ['two spaces after the dash', signed.replace('\u2014 ', '\u2014  ')],
    ['a signature without padding', signed.replace(/=+\n$/, '\n')],
    ['a signature in base64url', `${text}\n\u2014 ${origin} -_-_-_-_\n`],
    ['a signature that is a key id and nothing more', `${text}\n\u2014 ${origin} AAAAAA==\n`],
    ['a NUL in the text', noteOf(`${text}\0\n`, line)],
    ['65 signatures', noteOf(text, ...Array.from({ length: 65 }, () => line))],
  ]
}

function badTexts(): (readonly [string, string])[] {
  const [base64, size] = [Buffer.from(root).toString('base64'), String(leaves.length)]
  return [
    ['a size with a leading zero', `${origin}\n0${size}\n${base64}\n`],
    ['a size with a sign', `${origin}\n+${size}\n${base64}\n`],
    ['a size beyond 2^53 - 1', `${origin}\n9007199254740993\n${base64}\n`],
    ['a root of 31 bytes', `${origin}\n${size}\n${Buffer.from(root.subarray(1)).toString('base64')}\n`],
    ['a root with stray bits', `${origin}\n${size}\n${base64.replace(/.=$/, (end) => `${end[0] === 'g' ? 'h' : 'B'}=`)}\n`],
    ['two lines', `${origin}\n${size}\n`],
    ['an empty extension line', `${origin}\n${size}\n${base64}\n\nmore\n`],
    ['an empty line within', `${origin}\n\n${size}\n${base64}\n`],
  ]
}

export function tlogProofVectors(): VectorFile {
  const proofAt = (index: number, note = cosigned): string => proofOf(leaves[index] as Uint8Array, index, treePath(leaves, index), note)
  const proven = (name: string, index: number, leaf: Plain): Case => ({ name, trust: both, proof: proofAt(index), index, isNewest: index === leaves.length - 1, leaf })
  const fails = (name: string, code: string, proof: string, trust: Plain = both): Case => ({ name, trust, proof, code })
  const path = treePath(leaves, 3)
  const leaf = leaves[3] as Uint8Array
  const tampered = logLeaf(txIds[2] as Uint8Array, '', 0)
  return {
    requirements: ['SPEC-CKPT-6', 'SPEC-CKPT-7'],
    about: 'tlog-proofs whose `extra` is the leaf, and what they prove. A case with `code` is refused with it.',
    cases: [
      proven('the genesis state', 0, { kind: 'state', height: 0, timeMs: 1_796_000_000_000, stateRoot: hex(stateRoots[0] as Uint8Array) }),
      proven('a transaction', 1, { kind: 'tx', txId: hex(txIds[0] as Uint8Array), codespace: '', code: 0 }),
      proven('a refused transaction', 3, { kind: 'tx', txId: hex(txIds[2] as Uint8Array), codespace: 'consent', code: 12 }),
      proven('the newest transaction, which is not the newest leaf', leaves.length - 2, { kind: 'tx', txId: hex(txIds[5] as Uint8Array), codespace: '', code: 0 }),
      proven('the newest state', leaves.length - 1, { kind: 'state', height: 3, timeMs: 1_796_000_003_000, stateRoot: hex(stateRoots[2] as Uint8Array) }),
      fails('a refused transaction passed off as done', 'ERR_PROOF_LOG', proofOf(tampered, 3, path, cosigned)),
      fails('at another place', 'ERR_PROOF_LOG', proofOf(leaf, 2, path, cosigned)),
      fails('beyond the log', 'ERR_PROOF_LOG', proofOf(leaf, leaves.length, path, cosigned)),
      fails('a hash short', 'ERR_PROOF_LOG', proofOf(leaf, 3, path.slice(1), cosigned)),
      fails('a hash too many', 'ERR_PROOF_LOG', proofOf(leaf, 3, [...path, root], cosigned)),
      fails('a node passed off as a leaf', 'ERR_PROOF_LOG', proofOf(Buffer.concat([sha256(Buffer.of(0), leaf), path[0] as Uint8Array]), 1, path.slice(1), cosigned)),
      fails('cosigned by too few', 'ERR_PROOF_WITNESS', proofAt(3, signed)),
      fails('of another chain', 'ERR_PROOF_CHAIN', proofAt(3), { chainId: 'vectors-2', signers }),
      fails('another first line', 'ERR_PROOF_FORMAT', proofAt(3).replace('@v1', '@v2')),
      fails('no leaf', 'ERR_PROOF_FORMAT', proofAt(3).replace(/extra .*\n/, '')),
      fails('an index with a leading zero', 'ERR_PROOF_FORMAT', proofAt(3).replace('index 3', 'index 03')),
      fails('64 hashes', 'ERR_PROOF_FORMAT', proofOf(leaf, 3, Array.from({ length: 64 }, () => root), cosigned)),
      fails('a hash of 31 bytes', 'ERR_PROOF_FORMAT', proofOf(leaf, 3, [root.subarray(1)], cosigned)),
      fails('no empty line before the checkpoint', 'ERR_PROOF_FORMAT', proofAt(3).replace('\n\n', '\n')),
    ],
  }
}

export function tileVectors(): VectorFile {
  const entries = Array.from({ length: 300 }, (_, n) => (n % 7 === 0 ? stateLeaf(n, 1_796_000_000_000 + n, sampleBytes(`tile ${n}`, 32)) : logLeaf(sampleBytes(`tile ${n}`, 32), '', 0)))
  const hashes = entries.map((entry) => sha256(Buffer.of(0), entry))
  const bundle = (part: readonly Uint8Array[]): string => hex(Buffer.concat(part.flatMap((entry) => [Buffer.of(entry.length >> 8, entry.length & 255), entry])))
  const tile = (path: string, bytes: string | null): Case => ({ name: `tile ${path} of 300`, path, bytes })
  const places = [
    ['0/000', 0, 0, 256], ['0/001.p/44', 0, 1, 44], ['1/000.p/1', 1, 0, 1], ['0/999', 0, 999, 256], ['0/x001/000', 0, 1000, 256], ['0/x001/x234/067', 0, 1_234_067, 256],
    ['63/x999/x999/x999/999.p/255', 63, 999_999_999_999, 255], ['entries/x001/234.p/7', 'entries', 1234, 7],
  ] as const
  const bad = ['0/0', '0/00', '0/1000', '00/000', '64/000', '0/x000/001', '0/x01/001', '0/001/002', '0/x001', '0/000.p/0', '0/000.p/256', '0/000.p/01', '0/000.p/', '0/000/', '/0/000', '-1/000', 'entry/000', '0/0x1', '0/000.p/1/2', '0/٠٠٠']
  return {
    requirements: ['SPEC-CKPT-8'],
    about: 'Addresses of tiles (without a place: not an address), and the tiles and bundles of a log of 300 leaves (bytes in hex; null: it has no such tile).',
    cases: [
      ...places.map(([path, level, index, width]): Case => ({ name: `address ${path}`, path, level, index, width })),
      ...bad.map((path): Case => ({ name: `no address: ${path}`, path, level: null })),
      { name: 'the log of 300', leaves: entries.map(hex), root: hex(treeRoot(entries)) },
      tile('0/000', hex(Buffer.concat(hashes.slice(0, 256)))),
      tile('0/001.p/44', hex(Buffer.concat(hashes.slice(256)))),
      tile('0/001.p/3', hex(Buffer.concat(hashes.slice(256, 259)))),
      tile('1/000.p/1', hex(treeRoot(entries.slice(0, 256)))),
      tile('entries/000', bundle(entries.slice(0, 256))),
      tile('entries/001.p/44', bundle(entries.slice(256))),
      ...['0/001', '0/001.p/45', '0/002.p/1', '1/000', '1/000.p/2', '2/000.p/1', 'entries/001', 'entries/001.p/45', '63/000.p/1'].map((path) => tile(path, null)),
    ],
  }
}

/** File name → contents. */
export function checkpointVectors(): ReadonlyMap<string, VectorFile> {
  return new Map([
    ['checkpoint-notes.json', noteVectors()],
    ['checkpoint-proofs.json', tlogProofVectors()],
    ['checkpoint-tiles.json', tileVectors()],
  ])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, file] of checkpointVectors()) writeFileSync(join(vectorFolder, name), formatVectors(file))
}
