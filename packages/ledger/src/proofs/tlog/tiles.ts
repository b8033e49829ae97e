import { concatBytes, leafHash } from '@chiron/protocol'
import { logKey } from '../../state/keys.ts'
import type { KeyValueReader } from '../../state/store.ts'
import { ProofError } from '../errors.ts'

/** Hashes in a full tile. */
export const TILE_WIDTH = 256
/** Levels of the tree in a tile. */
const TILE_HEIGHT = 8
const MAX_LEVEL = 63
const MAX_ENTRY_BYTES = 65_535

/** A tile or bundle of entries: `width` of 256 is a full one. C2SP tlog-tiles. */
export interface TilePlace {
  /** Level of the tile, or the entries themselves. */
  readonly level: number | 'entries'
  readonly index: number
  /** 1 to 256. */
  readonly width: number
}

/** `<L>/<N>[.p/<W>]`, such as `0/x001/x234/067.p/5`. SPEC-CKPT-8. */
export function formatTilePath({ level, index, width }: TilePlace): string {
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, '0')
  const groups = digits.match(/\d{3}/g) as string[]
  const name = groups.map((group, i) => (i === groups.length - 1 ? group : `x${group}`)).join('/')
  return `${level}/${name}${width === TILE_WIDTH ? '' : `.p/${width}`}`
}

/** Reads what {@link formatTilePath} writes and nothing else, so that a tile has one address. */
export function parseTilePath(path: string): TilePlace | undefined {
  const [, levelText = '', name = '', widthText] = /^(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,4}[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/.exec(path) ?? []
  const place: TilePlace = { level: levelText === 'entries' ? 'entries' : Number(levelText), index: Number(name.replace(/[x/]/g, '')), width: widthText === undefined ? TILE_WIDTH : Number(widthText) }
  const isPlace = place.width >= 1 && (place.level === 'entries' || place.level <= MAX_LEVEL)
  return isPlace && formatTilePath(place) === path ? place : undefined
}

/** Whether a log of `size` leaves has all of this tile. */
export function hasTile(size: number, { level, index, width }: TilePlace): boolean {
  const span = level === 'entries' ? 1 : TILE_WIDTH ** level
  return (index * TILE_WIDTH + width) * span <= size
}

/**
 * A tile's bytes, or undefined if the log of `size` leaves does not have all of it: 32 for each hash, or entries each
 * after its length (u16). One ordered read of at most 256 keys, whatever the size of the log. SPEC-CKPT-8.
 */
export function readTile(reader: KeyValueReader, size: number, place: TilePlace): Uint8Array | undefined {
  if (!hasTile(size, place)) return undefined
  const { level, index, width } = place
  const depth = level === 'entries' ? 0 : level * TILE_HEIGHT
  const start = index * TILE_WIDTH
  const stored = [...reader.range('log', logKey(depth, start), logKey(depth, start + width))].map(([, value]) => value)
  if (stored.length !== width) return undefined
  if (level === 'entries') return concatBytes(...stored.map(withLength))
  return concatBytes(...(depth === 0 ? stored.map(leafHash) : stored))
}

/** The entries of a bundle. @throws ProofError `ERR_PROOF_FORMAT` unless it holds `width` entries and nothing else */
export function parseEntryBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  const entries: Uint8Array[] = []
  let at = 0
  while (at < bytes.length) {
    const length = ((bytes[at] as number) << 8) | (bytes[at + 1] ?? 0)
    const entry = bytes.slice(at + 2, at + 2 + length)
    if (at + 2 + length > bytes.length) break
    entries.push(entry)
    at += 2 + length
  }
  if (at !== bytes.length || entries.length !== width) throw new ProofError('ERR_PROOF_FORMAT', 'not a bundle of that many entries')
  return entries
}

function withLength(entry: Uint8Array): Uint8Array {
  if (entry.length > MAX_ENTRY_BYTES) throw new ProofError('ERR_PROOF_FORMAT', 'the entry is too long for a bundle')
  return concatBytes(Uint8Array.of(entry.length >> 8, entry.length & 255), entry)
}
