import { entryPath, factPath, factRoot, headFact, leavesOf, listHead, logLeaf, stateLeaf, type Fact, type Leaf } from './ledger-reference.ts'
import type { Plain, VectorFile } from './plain.ts'
import { hex, sampleBytes, sha256, treeConsistency, treePath, treeRoot } from './protocol-reference.ts'

type Case = { readonly [key: string]: Plain }

const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'ascii'))
const fact = (n: number, version = 1): Fact => [ascii(`fact/${n}`), ascii(`value ${n}.${version}`)]
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
const hexFacts = (facts: readonly Fact[]): Plain => facts.map(([key, value]) => [hex(key), hex(value)])
const hexAll = (parts: readonly Uint8Array[]): Plain => parts.map(hex)

export function treeVectors(): VectorFile {
  const sizes = [0, 1, 2, 3, 10, 100].map((count): Case => {
    const facts = range(count).map((n) => fact(n))
    return { name: `${count} facts`, facts: hexFacts(facts), root: hex(factRoot(leavesOf(facts))) }
  })
  const close = (bits: number): Leaf[] => {
    const other = new Uint8Array(32)
    other[bits >> 3] = 0x80 >> (bits % 8)
    return [new Uint8Array(32), other].map((keyHash, i) => ({ keyHash, valueHash: sampleBytes(`close ${i}`, 32) }))
  }
  const paths = [0, 3, 4, 7, 8, 100, 255].map((bits): Case => ({
    name: `two key hashes that share ${bits} bits`,
    leaves: close(bits).map(({ keyHash, valueHash }) => [hex(keyHash), hex(valueHash)]),
    root: hex(factRoot(close(bits))),
  }))
  return {
    requirements: ['SPEC-TREE-1', 'SPEC-TREE-2', 'SPEC-TREE-3', 'SPEC-TREE-4'],
    about: 'Root of the authenticated tree over facts (key, value), or over leaves (key hash, value hash). A case with `batches` applies them in order; a value null deletes; `roots` has the root after each (bytes in hex).',
    cases: [...sizes, ...paths, historyCase()],
  }
}

function historyCase(): Case {
  const batches: (readonly (readonly [Uint8Array, Uint8Array | null])[])[] = [
    range(20).map((n) => fact(n)),
    [...range(10).map((n) => fact(n, 2)), ...range(5).map((n) => [fact(n + 15)[0], null] as const)],
    [[fact(500)[0], null], fact(30)],
    range(15).concat(30).map((n) => [fact(n)[0], null] as const),
  ]
  const facts = new Map<string, Fact>()
  const roots = batches.map((batch) => {
    for (const [key, value] of batch) {
      if (value === null) facts.delete(hex(key))
      else facts.set(hex(key), [key, value])
    }
    return hex(factRoot(leavesOf([...facts.values()])))
  })
  return { name: 'insert, update, delete', batches: batches.map((batch) => batch.map(([key, value]) => [hex(key), value && hex(value)])), roots }
}

export function logVectors(): VectorFile {
  const results = range(11).map((n) => ({ txId: sampleBytes(`tx ${n}`, 32), codespace: n % 3 === 1 ? 'records' : '', code: n % 3 === 1 ? n : 0 }))
  const leaves = results.map(({ txId, codespace, code }) => logLeaf(txId, codespace, code))
  const root = (size: number): string => hex(treeRoot(leaves.slice(0, size)))
  return {
    requirements: ['SPEC-TXLOG-1', 'SPEC-TXLOG-2', 'SPEC-TXLOG-3'],
    about: 'Leaves of the transaction log, its root at a size, inclusion paths and consistency paths (bytes in hex). Cases are about the log of the leaves in order.',
    cases: [
      ...results.map(({ txId, codespace, code }, i): Case => ({ name: `leaf ${i}`, txId: hex(txId), codespace, code, leaf: hex(leaves[i] as Uint8Array) })),
      ...[0, 23, 1_000_000].map((height): Case => {
        const [timeMs, stateRoot] = [1_796_000_000_000 + height, sampleBytes(`state ${height}`, 32)]
        return { name: `state after block ${height}`, height, timeMs, stateRoot: hex(stateRoot), stateLeaf: hex(stateLeaf(height, timeMs, stateRoot)) }
      }),
      ...range(12).map((size): Case => ({ name: `root at ${size}`, size, root: root(size) })),
      ...[[0, 1], [0, 11], [5, 11], [8, 11], [10, 11], [6, 7]].map(([index, size]): Case => ({
        name: `inclusion of ${index} in ${size}`, index: index as number, size: size as number, path: hexAll(treePath(leaves.slice(0, size), index as number)),
      })),
      ...[[1, 11], [3, 7], [4, 11], [8, 11], [10, 11], [11, 11]].map(([first, second]): Case => ({
        name: `consistency of ${first} and ${second}`, first: first as number, second: second as number, path: hexAll(treeConsistency(leaves.slice(0, second), first as number)),
      })),
    ],
  }
}

export function listVectors(): VectorFile {
  const handle = sampleBytes('list handle', 32)
  const cases = [0, 1, 2, 3, 7, 8, 13].map((count): Case => {
    const list = count % 2 === 0 ? 'accesses' : 'records'
    const entries = range(count).map((n) => sampleBytes(`entry ${n}`, 40 + n))
    const [head] = headFact(list, handle, entries)
    return {
      name: `${count} entries`, list, handle: hex(handle), entries: hexAll(entries), root: hex(treeRoot(entries)),
      peaks: hexAll(listHead(entries).peaks), head: head ? head.map(hex) : null, paths: range(count).map((i) => hexAll(entryPath(entries, i))),
    }
  })
  return {
    requirements: ['SPEC-STATE-2', 'SPEC-LIST-1', 'SPEC-PROOF-6'],
    about: 'A list\'s head as a fact (key, value), its peaks and RFC 9162 root, and the path of every entry to the peak over it (bytes in hex). An empty list has no fact.',
    cases,
  }
}

export function factProofVectors(): VectorFile {
  const facts = range(12).map((n) => fact(n))
  const leaves = leavesOf(facts)
  const root = hex(factRoot(leaves))
  const present = facts.map(([key, value]): Case => ({
    name: `${Buffer.from(key).toString()} is there`, requirement: 'SPEC-PROOF-3', root, key: hex(key), value: hex(value), siblings: hexAll(factPath(leaves, key).siblings), valid: true,
  }))
  const absent = range(12).map((n): Case => {
    const [key] = fact(n + 100)
    const { siblings, leaf } = factPath(leaves, key)
    return {
      name: `${Buffer.from(key).toString()} is not there`, requirement: 'SPEC-PROOF-4', root, key: hex(key), siblings: hexAll(siblings),
      leaf: leaf ? { keyHash: hex(leaf.keyHash), valueHash: hex(leaf.valueHash) } : null, valid: true,
    }
  })
  const [first, second] = [present[0] as Case, present[1] as Case]
  const ownLeaf = { keyHash: hex(sha256(ascii('fact/0'))), valueHash: hex(sha256(ascii('value 0.1'))) }
  const refused: Case[] = [
    { ...first, name: 'another value', value: second.value as Plain, valid: false },
    { ...first, name: 'the siblings of another fact', siblings: second.siblings as Plain, valid: false },
    { ...first, name: 'a sibling short', siblings: (first.siblings as readonly Plain[]).slice(1), valid: false },
    { ...first, name: 'siblings turned round', siblings: (first.siblings as readonly Plain[]).toReversed(), valid: false },
    { ...(absent[0] as Case), name: 'present, said to be absent beside its own leaf', key: first.key as Plain, siblings: first.siblings as Plain, leaf: ownLeaf, valid: false },
    { ...(absent[0] as Case), name: 'present, said to be absent in an empty place', key: first.key as Plain, siblings: first.siblings as Plain, leaf: null, valid: false },
    { ...(absent[0] as Case), name: 'present, said to be absent elsewhere', key: first.key as Plain, valid: false },
  ]
  return {
    requirements: ['SPEC-PROOF-3', 'SPEC-PROOF-4'],
    about: 'Proofs that a fact is there (`value`) or not (`leaf`: where the way ends, null for an empty subtree), siblings topmost first (bytes in hex).',
    cases: [...present, ...absent, ...refused],
  }
}
