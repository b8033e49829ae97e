import { EMPTY_ROOT, nodeHash } from '@chiron/protocol'

/**
 * What an append-only RFC 9162 tree needs to grow: its size, and the roots of its complete subtrees, largest first
 * (one per set bit of the size).
 */
export interface CompactRange {
  readonly size: number
  readonly peaks: readonly Uint8Array[]
}

export const EMPTY_RANGE: CompactRange = { size: 0, peaks: [] }

/** Called for each subtree that becomes complete: over leaves [index · 2^level, (index + 1) · 2^level), level ≥ 1. */
export type OnNode = (level: number, index: number, hash: Uint8Array) => void

/** Appends leaf hashes. */
export function appendHashes(range: CompactRange, leaves: Iterable<Uint8Array>, onNode?: OnNode): CompactRange {
  const peaks = [...range.peaks]
  let size = range.size
  for (const leaf of leaves) {
    let hash = leaf
    let index = size
    for (let level = 1; index % 2 === 1; level++) {
      hash = nodeHash(peaks.pop() as Uint8Array, hash)
      index = (index - 1) / 2
      onNode?.(level, index, hash)
    }
    peaks.push(hash)
    size++
  }
  return { size, peaks }
}

/** The RFC 9162 §2.1.1 root. */
export function rangeRoot(range: CompactRange): Uint8Array {
  let root: Uint8Array | undefined
  for (let i = range.peaks.length - 1; i >= 0; i--) {
    const peak = range.peaks[i] as Uint8Array
    root = root === undefined ? peak : nodeHash(peak, root)
  }
  return root ?? EMPTY_ROOT
}

/** A complete subtree of a tree: its place among the peaks, the leaves before it, and its height. */
export interface Peak {
  readonly position: number
  readonly start: number
  readonly level: number
}

/** The complete subtrees of a tree of `size` leaves, largest first. */
export function peaksOf(size: number): Peak[] {
  const levels: number[] = []
  for (let rest = size, level = 0; rest > 0; level++) {
    if (rest % 2 === 1) levels.unshift(level)
    rest = Math.floor(rest / 2)
  }
  let start = 0
  return levels.map((level, position) => {
    const peak = { position, start, level }
    start += 2 ** level
    return peak
  })
}

/** The peak over leaf `index`, or undefined if the tree has no such leaf. */
export function peakOver(size: number, index: number): Peak | undefined {
  return peaksOf(size).find((peak) => index >= peak.start && index < peak.start + 2 ** peak.level)
}
